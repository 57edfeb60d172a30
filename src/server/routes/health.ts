import { Router } from 'express';
import type { ServerParts } from '../server-tools.js';
import { started } from '../started.js';

export function healthRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/health', async (_request, response) => {
    const health = await started(parts).health();
    response.status(health.ok ? 200 : 503).json(health);
  });
  return router;
}
