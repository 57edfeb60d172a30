import { Router } from 'express';
import { requireRole } from '../access/roles.js';
import { openApiDocument } from '../open-api.js';
import type { ServerParts } from '../ports/server.js';

/** The interface described for programs; the page shows it under /api/docs. */
export function openApiRoutes({ softwareVersion }: Pick<ServerParts, 'softwareVersion'>): Router {
  const router = Router();
  const document = openApiDocument(softwareVersion);
  router.get('/api/openapi.json', requireRole('viewer'), (_request, response) => {
    response.json(document);
  });
  return router;
}
