import { z } from 'zod';
import { Fault } from '../../errors.js';
import type { ChangedModels } from '../page-types.js';
import type { ModelActions, RequestedChange, ServerParts } from '../ports.js';
import { defineRoute, type Exchange, type Route } from '../route.js';
import { changedModelsSchema, modelDetailSchema, modelsPageSchema, retrainingSchema } from '../schemas/models.js';
import { startedPorts } from '../started-ports.js';

const changeBody = z.strictObject({ why: z.string().trim().max(500).optional().describe('reason, for the history') });
const promotionBody = changeBody.extend({
  withoutGate: z.boolean().optional().describe('deploy a version that did not pass the gate; needs a reason'),
});
const limit = '4kb';

/** Model versions: which one is deployed, their figures and history; promote, challenge, roll back, retrain. */
export function modelRoutes(parts: ServerParts): readonly Route[] {
  /** Each action is on record before it is carried out. */
  const onRecord = (
    { actor }: Pick<Exchange<unknown, unknown>, 'actor'>,
    action: string,
    version: string | undefined,
    work: (actions: ModelActions) => Promise<ChangedModels>,
  ): Promise<ChangedModels> => {
    const { modelActions } = startedPorts(parts);
    return parts.audit.recordAction({ ...actor, action, ...(version === undefined ? {} : { subject: { version } }) }, () =>
      work(modelActions),
    );
  };
  return [
    defineRoute({
      method: 'get',
      path: '/api/models',
      access: 'viewer',
      summary: 'Model versions and the history of deployments',
      reply: { json: modelsPageSchema },
      handle: () => startedPorts(parts).page.models(),
    }),
    defineRoute({
      method: 'get',
      path: '/api/models/:version',
      access: 'viewer',
      summary: 'One version: model card, evaluation reports, change records with the decision of the gate',
      reply: { json: modelDetailSchema },
      handle: ({ param }) => startedPorts(parts).page.model(param('version')),
    }),
    defineRoute({
      method: 'post',
      path: '/api/models/:version/promote',
      access: 'operator',
      summary: 'Deploy a version',
      description: 'Only a version that passed the gate beside the present champion; any other with withoutGate and a reason.',
      body: { schema: promotionBody, limit },
      reply: { json: changedModelsSchema },
      handle(exchange) {
        const version = versionFrom(exchange.param('version'));
        const { withoutGate = false, ...given } = exchange.body;
        return onRecord(exchange, 'model.promote', version, (actions) =>
          actions.promote(version, { ...changeOf(given, exchange.actor.actor), withoutGate }),
        );
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/models/:version/challenge',
      access: 'operator',
      summary: 'Let a version predict in shadow; the version none ends that',
      body: { schema: changeBody, limit },
      reply: { json: changedModelsSchema },
      handle(exchange) {
        // As on the command line: the challenger `none` is no challenger.
        const version = exchange.param('version') === 'none' ? null : versionFrom(exchange.param('version'));
        return onRecord(exchange, 'model.challenge', version ?? 'none', (actions) =>
          actions.challenge(version, changeOf(exchange.body, exchange.actor.actor)),
        );
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/models/rollback',
      access: 'operator',
      summary: 'Deploy the former champion again',
      body: { schema: changeBody, limit },
      reply: { json: changedModelsSchema },
      handle: (exchange) =>
        onRecord(exchange, 'model.rollback', undefined, (actions) => actions.rollBack(changeOf(exchange.body, exchange.actor.actor))),
    }),
    defineRoute({
      method: 'get',
      path: '/api/retraining',
      access: 'viewer',
      summary: 'Retraining: whether a run is in progress or waiting, and how the last one ended',
      reply: { json: retrainingSchema },
      handle: () => startedPorts(parts).page.retraining(),
    }),
    defineRoute({
      method: 'post',
      path: '/api/retrain',
      access: 'operator',
      summary: 'Start a retraining run on the labels of the readers; one runs at a time',
      reply: { empty: 202 },
      async handle({ actor }) {
        const { retrain } = startedPorts(parts);
        await parts.audit.recordAction({ ...actor, action: 'model.retrain' }, () => retrain(actor.actor));
      },
    }),
  ];
}

/** @throws Fault `model-unknown`; what was found is not repeated */
function versionFrom(text: string): string {
  if (!/^[0-9a-f]{12}$/.test(text))
    throw new Fault('model-unknown', 'expected a version that the list of models shows: twelve digits 0 to 9 and a to f');
  return text;
}

function changeOf({ why }: z.output<typeof changeBody>, by: string): RequestedChange {
  return { by, ...(why ? { why } : {}) };
}
