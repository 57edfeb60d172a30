import { Router } from 'express';
import { actorOf } from '../access/actor.js';
import { requireRole } from '../access/roles.js';
import { wholeNumber } from '../query.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

/** One study for people: who, what was taken, what was found, what was written. */
export function studyRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/studies/:study/page', requireRole('viewer'), async (request, response) => {
    const study = String(request.params['study']);
    const page = await started(parts).page.study(study);
    await parts.audit.recordView({ ...actorOf(request, response), action: 'study.view', subject: { studyInstanceUID: study } });
    response.json(page);
  });

  router.get('/api/studies/:study/series/:series/instances/:instance/picture', requireRole('viewer'), async (request, response) => {
    const frame = wholeNumber(request.query['frame'], 1, 100_000, 1);
    const { study, series, instance } = request.params as Record<string, string>;
    const { type, bytes } = await started(parts).page.picture(study!, series!, instance!, frame);
    await parts.audit.recordView({ ...actorOf(request, response), action: 'study.view', subject: { studyInstanceUID: study! } });
    // Kept by the browser for the time that somebody looks at the study, and by nobody between.
    response.set('Cache-Control', 'private, max-age=600').type(type).send(bytes);
  });
  return router;
}
