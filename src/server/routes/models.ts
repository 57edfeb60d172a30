import { Router } from 'express';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

/** Model versions: which serves, what each is worth, how that came about. */
export function modelRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/models', requireRole('viewer'), async (_request, response) => {
    response.json(await started(parts).page.models());
  });
  router.get('/api/models/:version', requireRole('viewer'), async (request, response) => {
    response.json(await started(parts).page.model(String(request.params['version'])));
  });
  router.get('/api/night', requireRole('viewer'), async (_request, response) => {
    response.json(await started(parts).page.night());
  });
  return router;
}
