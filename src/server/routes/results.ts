import { Router } from 'express';
import { Fault } from '../../errors.js';
import { actorOf } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import { oneOf, studyUid, wholeNumber } from '../query.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

/** What was seen of studies and what came of it. */
export function resultRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/results', requireRole('viewer'), async (request, response) => {
    const limit = wholeNumber(request.query['limit'], 1, 500, 50);
    const outcome = oneOf(request.query['outcome'], ['reported', 'skipped', 'failed'] as const);
    const results = await started(parts).results({ limit, ...(outcome ? { outcome } : {}) });
    await parts.audit.recordView({ ...actorOf(request, response), action: 'worklist.view' });
    response.json(results);
  });
  router.get('/api/studies/:study', requireRole('viewer'), async (request, response) => {
    const study = studyUid(request.params['study']);
    const results = await started(parts).resultsOf(study);
    if (results.length === 0) throw new Fault('pacs-not-found', 'expected a study that was seen, found none', { studyInstanceUID: study });
    await parts.audit.recordView({ ...actorOf(request, response), action: 'study.view', subject: { studyInstanceUID: study } });
    response.json(results);
  });
  return router;
}
