import { Router } from 'express';
import { actorOf } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

/** Asks for a night now. */
export function retrainRoutes(parts: ServerParts): Router {
  const router = Router();
  router.post('/api/retrain', requireRole('operator'), async (request, response) => {
    const doer = actorOf(request, response);
    const { retrain } = started(parts);
    await parts.audit.recordAction({ ...doer, action: 'model.retrain' }, () => retrain(doer.actor));
    response.status(202).end();
  });
  return router;
}
