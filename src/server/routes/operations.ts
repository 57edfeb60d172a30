import { Router } from 'express';
import { requireRole } from '../access/roles.js';
import { wholeNumber } from '../query.js';
import type { ServerParts } from '../server-tools.js';
import { started } from '../started.js';

/** For hospital IT: queues, faults, rules and their dry run, health, latency. */
export function operationsRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/operations', requireRole('viewer'), async (_request, response) => {
    response.json(await started(parts).page.operations());
  });
  router.get('/api/rules/test', requireRole('viewer'), async (request, response) => {
    response.json(await started(parts).page.testRules(wholeNumber(request.query['limit'], 1, 100, 25)));
  });
  return router;
}
