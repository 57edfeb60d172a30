import { Router } from 'express';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../server-tools.js';
import { started } from '../started.js';
import { worklistPage } from '../worklist-page.js';

export function pageRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/', requireRole('viewer'), async (_request, response) => {
    const tools = started(parts);
    const [results, health] = await Promise.all([tools.results({ limit: 200 }), tools.health()]);
    response.type('html').send(worklistPage(results, health));
  });
  return router;
}
