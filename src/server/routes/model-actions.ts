import express, { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { Fault } from '../../errors.js';
import { actorOf } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import type { RequestedChange, ChangedModels, ModelActions } from '../ports/model-actions.js';
import { readBody } from '../read-body.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

export const modelChangeBody = z.strictObject({ why: z.string().trim().max(500).optional() });
export const promotionBody = modelChangeBody.extend({ withoutGate: z.boolean().optional() });

/** Promote, challenge, roll back: for operators; each deed is on record before it is done. */
export function modelActionRoutes(parts: ServerParts): Router {
  const router = Router();
  const operator = [requireRole('operator'), express.json({ limit: '4kb' })];
  const onRecord = async (
    request: Request,
    response: Response,
    action: string,
    version: string,
    work: (deeds: ModelActions, by: string) => Promise<ChangedModels>,
  ): Promise<void> => {
    const { modelActions } = started(parts);
    const entry = { ...actorOf(request, response), action, ...(version === '' ? {} : { subject: { version } }) };
    response.json(await parts.audit.recordAction(entry, () => work(modelActions, entry.actor)));
  };

  router.post('/api/models/:version/promote', operator, async (request: Request, response: Response) => {
    const version = versionIn(request);
    const { withoutGate = false, ...given } = readBody(request, promotionBody);
    await onRecord(request, response, 'model.promote', version, (deeds, by) =>
      deeds.promote(version, { ...asked(given, by), withoutGate }),
    );
  });
  router.post('/api/models/:version/challenge', operator, async (request: Request, response: Response) => {
    // As on the command line: the challenger `none` is no challenger.
    const version = request.params['version'] === 'none' ? null : versionIn(request);
    const given = readBody(request, modelChangeBody);
    await onRecord(request, response, 'model.challenge', version ?? 'none', (deeds, by) => deeds.challenge(version, asked(given, by)));
  });
  router.post('/api/models/rollback', operator, async (request: Request, response: Response) => {
    const given = readBody(request, modelChangeBody);
    await onRecord(request, response, 'model.rollback', '', (deeds, by) => deeds.rollBack(asked(given, by)));
  });
  return router;
}

/** @throws Fault `model-unknown`; what was found is not repeated */
function versionIn(request: Request): string {
  const version = String(request.params['version']);
  if (!/^[0-9a-f]{12}$/.test(version))
    throw new Fault('model-unknown', 'expected a version that the list of models shows: twelve digits 0 to 9 and a to f');
  return version;
}

function asked({ why }: z.output<typeof modelChangeBody>, by: string): RequestedChange {
  return { by, ...(why ? { why } : {}) };
}
