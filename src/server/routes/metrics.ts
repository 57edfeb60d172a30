import { Router } from 'express';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../ports/server.js';

/** For Prometheus, with the token of a program (`tokens add prometheus --role service`). */
export function metricsRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/metrics', requireRole('viewer'), async (_request, response) => {
    const state = await parts.tools()?.measure();
    response.set('Content-Type', parts.metrics.contentType).send(await parts.metrics.text(state));
  });
  return router;
}
