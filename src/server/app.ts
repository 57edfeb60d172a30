import express, { type Express, type Router } from 'express';
import type { Log } from '../log.js';
import { authenticate } from './access/authenticate.js';
import { answerFault, answerNothing } from './answer-fault.js';
import { healthRoutes } from './routes/health.js';
import { hintRoutes } from './routes/hint.js';
import { pageRoutes } from './routes/page.js';
import { parkedRoutes } from './routes/parked.js';
import { resultRoutes } from './routes/results.js';
import { securityHeaders } from './security-headers.js';
import type { ServerParts } from './server-tools.js';

/** Every group of routes; each says with requireRole who may use it. In order: the first that answers wins. */
const routes: readonly ((parts: ServerParts, log: Log) => Router)[] = [healthRoutes, resultRoutes, parkedRoutes, pageRoutes];

/**
 * The service's own HTTP interface. Each request passes headers → who asks → routes → what went wrong; the hint comes before
 * all that, because Orthanc waits for its answer inside a callback.
 */
export function createServer(parts: ServerParts, log: Log): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(securityHeaders());
  app.use(hintRoutes(parts));
  app.use(authenticate());
  for (const routesOf of routes) app.use(routesOf(parts, log));
  app.use(answerNothing);
  app.use(answerFault(log));
  return app;
}
