import { Router } from 'express';
import { Fault } from '../../errors.js';
import { actorOf } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

/** Work that waits for a person. */
export function failedJobRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/parked', requireRole('viewer'), async (_request, response) => {
    response.json(await started(parts).parked());
  });
  router.post('/api/parked/:id/retry', requireRole('operator'), async (request, response) => {
    const id = String(request.params['id']);
    const { retryFailedJob } = started(parts);
    const notFound = new Fault('pacs-not-found', 'expected the id of parked work, found none of that id');
    if (!/^[0-9a-f-]{36}$/.test(id)) throw notFound;
    await parts.audit.recordAction({ ...actorOf(request, response), action: 'job.retry', subject: { job: id } }, async () => {
      if (!(await retryFailedJob(id))) throw notFound;
    });
    response.status(202).end();
  });
  return router;
}
