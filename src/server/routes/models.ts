import { z } from 'zod';
import { Fault } from '../../errors.js';
import type { ChangedModels } from '../page-types.js';
import type { ModelActions, RequestedChange, ServerParts } from '../ports.js';
import { optionalText } from '../parameters.js';
import { defineRoute, type Exchange, type Route } from '../route.js';
import { changedModelsSchema, modelDetailSchema, modelsPageSchema, retrainingSchema } from '../schemas/models.js';
import { startedPorts } from '../started-ports.js';

const changeBody = z.strictObject({ why: z.string().trim().max(500).optional().describe('reason, for the history') });
const promotionBody = changeBody.extend({
  withoutGate: z.boolean().optional().describe('deploy a version that did not pass the gate; needs a reason'),
});
const limit = '4kb';
/** Every route on models is about one line. */
const lineQuery = z.object({ line: optionalText(40).describe('model line; without it the default one') });

/** Model versions: which one is deployed, their figures and history; promote, challenge, roll back, retrain. */
export function modelRoutes(parts: ServerParts): readonly Route[] {
  /** Each action is on record before it is carried out. */
  const onRecord = (
    { actor }: Pick<Exchange<unknown, unknown>, 'actor'>,
    action: string,
    subject: { readonly version?: string; readonly line?: string | undefined },
    work: (actions: ModelActions) => Promise<ChangedModels>,
  ): Promise<ChangedModels> => {
    const { modelActions } = startedPorts(parts);
    const { version, line } = subject;
    const named = { ...(version === undefined ? {} : { version }), ...(line === undefined ? {} : { line }) };
    return parts.audit.recordAction({ ...actor, action, ...(Object.keys(named).length > 0 ? { subject: named } : {}) }, () =>
      work(modelActions),
    );
  };
  return [
    defineRoute({
      method: 'get',
      path: '/api/models',
      access: 'viewer',
      summary: 'Model versions of a line and the history of its deployments',
      query: lineQuery,
      reply: { json: modelsPageSchema },
      handle: ({ query }) => startedPorts(parts).page.models(query.line),
    }),
    defineRoute({
      method: 'get',
      path: '/api/models/:version',
      access: 'viewer',
      summary: 'One version: model card, evaluation reports, change records with the decision of the gate',
      query: lineQuery,
      reply: { json: modelDetailSchema },
      handle: ({ param, query }) => startedPorts(parts).page.model(param('version'), query.line),
    }),
    defineRoute({
      method: 'post',
      path: '/api/models/:version/promote',
      access: 'operator',
      summary: 'Deploy a version',
      description: 'Only a version that passed the gate beside the present champion; any other with withoutGate and a reason.',
      query: lineQuery,
      body: { schema: promotionBody, limit },
      reply: { json: changedModelsSchema },
      handle(exchange) {
        const version = versionFrom(exchange.param('version'));
        const { withoutGate = false, ...given } = exchange.body;
        const { line } = exchange.query;
        return onRecord(exchange, 'model.promote', { version, line }, (actions) =>
          actions.promote(version, { ...changeOf(given, exchange.actor.actor, line), withoutGate }),
        );
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/models/:version/challenge',
      access: 'operator',
      summary: 'Let a version predict in shadow; the version none ends that',
      query: lineQuery,
      body: { schema: changeBody, limit },
      reply: { json: changedModelsSchema },
      handle(exchange) {
        // As on the command line: the challenger `none` is no challenger.
        const version = exchange.param('version') === 'none' ? null : versionFrom(exchange.param('version'));
        const { line } = exchange.query;
        return onRecord(exchange, 'model.challenge', { version: version ?? 'none', line }, (actions) =>
          actions.challenge(version, changeOf(exchange.body, exchange.actor.actor, line)),
        );
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/models/rollback',
      access: 'operator',
      summary: 'Deploy the former champion again',
      query: lineQuery,
      body: { schema: changeBody, limit },
      reply: { json: changedModelsSchema },
      handle(exchange) {
        const { line } = exchange.query;
        return onRecord(exchange, 'model.rollback', { line }, (actions) =>
          actions.rollBack(changeOf(exchange.body, exchange.actor.actor, line)),
        );
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/retraining',
      access: 'viewer',
      summary: 'Retraining: whether a run is in progress or waiting, and how the last one ended',
      query: lineQuery,
      reply: { json: retrainingSchema },
      handle: ({ query }) => startedPorts(parts).page.retraining(query.line),
    }),
    defineRoute({
      method: 'post',
      path: '/api/retrain',
      access: 'operator',
      summary: 'Start a retraining run on the labels of the readers; one runs at a time',
      query: lineQuery,
      reply: { empty: 202 },
      async handle({ actor, query: { line } }) {
        const { retrain } = startedPorts(parts);
        await parts.audit.recordAction({ ...actor, action: 'model.retrain', ...(line === undefined ? {} : { subject: { line } }) }, () =>
          retrain(actor.actor, line),
        );
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

function changeOf({ why }: z.output<typeof changeBody>, by: string, line: string | undefined): RequestedChange {
  return { by, ...(why ? { why } : {}), ...(line === undefined ? {} : { line }) };
}
