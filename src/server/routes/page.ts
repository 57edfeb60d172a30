import { Router } from 'express';
import { doneBy } from '../access/done-by.js';
import { requireRole } from '../access/roles.js';
import type { ServerParts } from '../server-tools.js';
import { started } from '../started.js';
import { worklistPage } from '../worklist-page.js';

export function pageRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/', requireRole('viewer'), async (request, response) => {
    const tools = started(parts);
    const [results, health] = await Promise.all([tools.results({ limit: 200 }), tools.health()]);
    await parts.audit.recordView({ ...doneBy(request, response), action: 'worklist.view' });
    response.type('html').send(worklistPage(results, health));
  });
  return router;
}
