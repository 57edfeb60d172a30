import { Router } from 'express';
import { actorOf } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import { wholeNumber } from '../query.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

/** For hospital IT: queues, faults, rules and their dry run, health, latency. */
export function operationsRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/operations', requireRole('viewer'), async (_request, response) => {
    response.json(await started(parts).page.operations());
  });
  router.get('/api/rules/test', requireRole('viewer'), async (request, response) => {
    const tests = await started(parts).page.testRules(wholeNumber(request.query['limit'], 1, 100, 25));
    await parts.audit.recordStudies(
      { ...actorOf(request, response), action: 'rules.test' },
      tests.map(({ subject }) => subject),
    );
    response.json(tests);
  });
  return router;
}
