import { Router } from 'express';
import { Fault } from '../../errors.js';
import { doneBy } from '../access/done-by.js';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../server-tools.js';
import { started } from '../started.js';

/** Work that waits for a person. */
export function parkedRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/parked', requireRole('viewer'), async (_request, response) => {
    response.json(await started(parts).parked());
  });
  router.post('/api/parked/:id/retry', requireRole('operator'), async (request, response) => {
    const id = String(request.params['id']);
    if (!/^[0-9a-f-]{36}$/.test(id) || !(await started(parts).retryParked(id))) throw new Fault('pacs-not-found', 'expected the id of parked work, found none of that id');
    await parts.audit.record({ ...doneBy(request, response), action: 'work.retry', subject: { job: id } });
    response.status(202).end();
  });
  return router;
}
