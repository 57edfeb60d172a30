import express, { type Router, type Express } from 'express';
import type { Log } from '../log.js';
import { authenticate, cookieScope } from './access/authenticate.js';
import { readableAddress } from './access/readable-address.js';
import { requireAuthentication } from './access/require-authentication.js';
import { withoutBasePath } from './base-path.js';
import { openDeprecations } from './deprecated.js';
import { sendFault, sendNotFound } from './fault-response.js';
import { openApiDocument } from './open-api.js';
import type { ServerParts } from './ports.js';
import { defineRoute, routerOf, type Route } from './route.js';
import { administrationRoutes } from './routes/administration.js';
import { analysisRequestRoutes } from './routes/analysis-requests.js';
import { analyzeRoutes } from './routes/analyze.js';
import { assessmentRoutes } from './routes/assessments.js';
import { readingRoutes } from './routes/readings.js';
import { auditRoutes } from './routes/audit.js';
import { backfillRoutes } from './routes/backfills.js';
import { dicomWebRoutes, refuseDicomWebChanges } from './routes/dicom-web.js';
import { erasureRoutes } from './routes/erasures.js';
import { guideRoutes } from './routes/guides.js';
import { healthRoutes, metricsRoutes } from './routes/health.js';
import { hintRoutes } from './routes/hint.js';
import { loginRoutes } from './routes/login.js';
import { messageRoutes } from './routes/messages.js';
import { modelRoutes } from './routes/models.js';
import { operationsRoutes } from './routes/operations.js';
import { rulesRoutes } from './routes/rules.js';
import { pageRoutes } from './routes/page.js';
import { reportRoutes } from './routes/reports.js';
import { researchRoutes } from './routes/research.js';
import { imageRoutes } from './routes/images.js';
import { resultRoutes } from './routes/results.js';
import { viewerDescription, viewerRoutes } from './routes/viewer.js';
import { worklistRoutes } from './routes/worklist.js';
import { z } from 'zod';
import { securityHeaders } from './security-headers.js';

/** The groups of routes; each route names the role that it needs. In order: the first match handles a request. */
const groups: readonly ((parts: ServerParts) => readonly Route[])[] = [
  loginRoutes,
  resultRoutes,
  imageRoutes,
  assessmentRoutes,
  readingRoutes,
  analysisRequestRoutes,
  administrationRoutes,
  auditRoutes,
  metricsRoutes,
  worklistRoutes,
  analyzeRoutes,
  operationsRoutes,
  rulesRoutes,
  backfillRoutes,
  erasureRoutes,
  messageRoutes,
  reportRoutes,
  modelRoutes,
  guideRoutes,
  researchRoutes,
  dicomWebRoutes,
];

/**
 * The service's HTTP interface. Each request passes headers → the base path taken off → a readable address → authentication → a login, where it is needed → routes →
 * errors. Health and the hint come before authentication: health must reply when the database does not, and Orthanc waits for the reply to the
 * hint inside a callback.
 */
export function createServer(parts: ServerParts, log: Log): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', [...parts.trustedProxies]);
  app.use(parts.metrics.countRequests);
  app.use(...securityHeaders());
  app.use(withoutBasePath(parts.access.basePath));
  app.use(readableAddress);
  const deprecations = openDeprecations(log);
  app.use(deprecations.formerPaths);
  const first = [...hintRoutes(parts), ...healthRoutes(parts)];
  app.use(routerOf(first, deprecations.warn));
  app.use(authenticate(parts.access));
  app.use(requireAuthentication(parts.access));
  // A process that does not serve the page still serves its figures.
  const routes = (parts.web ? groups : [metricsRoutes]).flatMap((group) => group(parts));
  if (parts.web) app.use('/dicom-web', refuseDicomWebChanges);
  app.use(routerOf(routes, deprecations.warn));
  if (parts.web) {
    app.use(documentRoutes(parts, [...first, ...routes, viewerDescription]));
    app.use(viewerRoutes(parts));
    app.use(pageRoutes(parts));
  }
  app.use(sendNotFound);
  app.use(sendFault(log, parts.audit));
  return app;
}

/** The OpenAPI document, itself one of the routes that it describes. */
function documentRoutes({ access, softwareVersion }: ServerParts, others: readonly Route[]): Router {
  const documents = new Map<boolean, unknown>();
  const own: Route = defineRoute({
    method: 'get',
    path: '/api/openapi.json',
    access: 'viewer',
    summary: 'This document',
    reply: { json: z.record(z.string(), z.unknown()) },
    handle({ request }) {
      const scope = cookieScope(request, access);
      const known = documents.get(scope.secure) ?? openApiDocument([...others, own], { version: softwareVersion, scope });
      documents.set(scope.secure, known);
      return known as Record<string, unknown>;
    },
  });
  return routerOf([own], () => undefined);
}
