import { Router } from 'express';
import { Fault } from '../../errors.js';
import { actorOf } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

/** Drift: the last look, a look now, and that somebody has seen an alarm. */
export function driftRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/drift', requireRole('viewer'), async (_request, response) => {
    response.json(await started(parts).drift.shown());
  });
  router.post('/api/drift/check', requireRole('operator'), async (request, response) => {
    await parts.audit.record({ ...actorOf(request, response), action: 'drift.check' });
    await started(parts).drift.ask();
    response.status(202).end();
  });
  router.post('/api/drift/alarms/:id/acknowledge', requireRole('operator'), async (request, response) => {
    const id = String(request.params['id']);
    const notFound = new Fault('request-invalid', 'expected the id of an alarm that nobody has acknowledged, found none of that id');
    if (!/^[0-9a-f]{12}$/.test(id)) throw notFound;
    const { drift } = started(parts);
    const entry = { ...actorOf(request, response), action: 'drift.acknowledge', subject: { alarm: id } };
    await parts.audit.recordAction(entry, async () => {
      if (!(await drift.acknowledge(id, entry.actor))) throw notFound;
    });
    response.status(204).end();
  });
  return router;
}
