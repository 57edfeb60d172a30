import express, { type Express, type Router } from 'express';
import type { Log } from '../log.js';
import { authenticate } from './access/authenticate.js';
import { requireAuthentication } from './access/require-authentication.js';
import { sendFault, analyzeNothing } from './fault-response.js';
import { administrationRoutes } from './routes/administration.js';
import { auditRoutes } from './routes/audit.js';
import { analyzeRoutes } from './routes/analyze.js';
import { dicomWebRoutes } from './routes/dicom-web.js';
import { driftRoutes } from './routes/drift.js';
import { healthRoutes } from './routes/health.js';
import { hintRoutes } from './routes/hint.js';
import { loginRoutes } from './routes/login.js';
import { metricsRoutes } from './routes/metrics.js';
import { modelActionRoutes } from './routes/model-actions.js';
import { modelRoutes } from './routes/models.js';
import { openApiRoutes } from './routes/open-api.js';
import { operationsRoutes } from './routes/operations.js';
import { pageRoutes } from './routes/page.js';
import { failedJobRoutes } from './routes/failed-jobs.js';
import { resultRoutes } from './routes/results.js';
import { retrainRoutes } from './routes/retrain.js';
import { assessmentRoutes } from './routes/assessments.js';
import { studyRoutes } from './routes/study.js';
import { viewerRoutes } from './routes/viewer.js';
import { worklistRoutes } from './routes/worklist.js';
import { readableAddress } from './access/readable-address.js';
import { securityHeaders } from './security-headers.js';
import type { ServerParts } from './ports/server.js';

/** Every group of routes; each says with requireRole who may use it. In order: the first that answers wins. */
const routes: readonly ((parts: ServerParts, log: Log) => Router)[] = [
  loginRoutes,
  resultRoutes,
  assessmentRoutes,
  retrainRoutes,
  failedJobRoutes,
  administrationRoutes,
  auditRoutes,
  metricsRoutes,
  worklistRoutes,
  studyRoutes,
  analyzeRoutes,
  operationsRoutes,
  modelRoutes,
  modelActionRoutes,
  driftRoutes,
  openApiRoutes,
  dicomWebRoutes,
  viewerRoutes,
  pageRoutes,
];

/**
 * The service's own HTTP interface. Each request passes headers → a readable address → who asks → nobody unknown → routes → what went wrong. Health and the hint come
 * before it is asked who asks: the one must answer when the database does not, for the other Orthanc waits inside a callback.
 */
export function createServer(parts: ServerParts, log: Log): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', [...parts.trustedProxies]);
  app.use(parts.metrics.countRequests);
  app.use(...securityHeaders());
  app.use(readableAddress);
  app.use(hintRoutes(parts));
  app.use(healthRoutes(parts));
  app.use(authenticate(parts.access));
  app.use(requireAuthentication(parts.access));
  // A process that does not serve people still says how it is.
  for (const routesOf of parts.web ? routes : [metricsRoutes]) app.use(routesOf(parts, log));
  app.use(analyzeNothing);
  app.use(sendFault(log, parts.audit));
  return app;
}
