import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { Fault } from '../errors.js';
import { placeOf, type Log } from '../log.js';
import { worklistPage } from './worklist-page.js';
import type { ServerParts, ServerTools } from './server-tools.js';

/** Requests that change nothing but when we look; the body is not needed. */
const hintPath = '/hint';

/**
 * The service's own HTTP interface: health, results, the wake-up hint of orthanc/routing.lua, and one page for people.
 */
export function createServer(parts: ServerParts, log: Log): Express {
  const started = (): ServerTools => {
    const tools = parts.tools();
    if (!tools) throw new Fault('starting', 'try again in a few seconds');
    return tools;
  };
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((_request, response, next) => {
    response.set({
      'Content-Security-Policy': "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
    next();
  });

  // Answered at once, before anything is asked of Orthanc: Orthanc waits for this inside its callback.
  app.post(hintPath, (request, response) => {
    if (!hintAllowed(request.get('X-Hint-Token'), request.socket.remoteAddress, parts.hintToken)) {
      response.status(403).json({ error: 'expected the token of server.hintToken in X-Hint-Token' });
      return;
    }
    response.status(202).end();
    parts.wake();
  });

  app.get('/health', async (_request, response) => {
    const health = await started().health();
    response.status(health.ok ? 200 : 503).json(health);
  });

  app.get('/api/results', async (request, response) => {
    const limit = wholeNumber(request.query['limit'], 1, 500, 50);
    const outcome = oneOf(request.query['outcome'], ['reported', 'skipped', 'failed'] as const);
    response.json(await started().results({ limit, ...(outcome ? { outcome } : {}) }));
  });

  app.get('/api/studies/:study', async (request, response) => {
    const results = await started().resultsOf(request.params.study);
    if (results.length === 0) throw new Fault('pacs-not-found', 'expected a study that was seen, found none', { studyInstanceUID: request.params.study.slice(0, 64) });
    response.json(results);
  });

  app.get('/api/parked', async (_request, response) => {
    response.json(await started().parked());
  });

  // There is no login yet: only from this machine, and with a header that a page of another site cannot send.
  app.post('/api/parked/:id/retry', async (request, response) => {
    if (!isLoopback(request.socket.remoteAddress) || request.get('X-Chest-Ai') !== 'retry') throw new Fault('request-refused', 'expected a request from this machine with the header X-Chest-Ai: retry');
    if (!/^[0-9a-f-]{36}$/.test(request.params.id) || !(await started().retryParked(request.params.id))) throw new Fault('pacs-not-found', 'expected the id of parked work, found none of that id');
    response.status(202).end();
  });

  app.get('/', async (_request, response) => {
    const [results, health] = await Promise.all([started().results({ limit: 200 }), started().health()]);
    response.type('html').send(worklistPage(results, health));
  });

  app.use((_request, response) => {
    response.status(404).json({ error: 'no such address' });
  });
  app.use(answerFault(log));
  return app;
}

function hintAllowed(given: string | undefined, address: string | undefined, token: string | undefined): boolean {
  // Of equal length and compared in constant time: how long it takes tells nothing about the token.
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (token !== undefined) return given !== undefined && timingSafeEqual(digest(given), digest(token));
  return isLoopback(address);
}

function isLoopback(address: string | undefined): boolean {
  return address === '127.0.0.1' || address === '::1' || address === '::ffff:127.0.0.1';
}

function answerFault(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    if (error instanceof Fault) {
      response.status(error.status).json({ error: error.message, code: error.code });
      return;
    }
    log.error('request failed', { place: placeOf(error) });
    response.status(500).json({ error: 'internal error; see the log' });
  };
}

function wholeNumber(value: unknown, minimum: number, maximum: number, fallback: number): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number >= minimum && number <= maximum) return number;
  throw new Fault('request-invalid', `expected a whole number from ${minimum} to ${maximum}, found ${JSON.stringify(value)?.slice(0, 40) ?? ''}`);
}

function oneOf<const Choice extends string>(value: unknown, choices: readonly Choice[]): Choice | undefined {
  if (value === undefined) return undefined;
  const found = choices.find((choice) => choice === value);
  if (found) return found;
  throw new Fault('request-invalid', `expected one of ${choices.join(', ')}, found ${JSON.stringify(value)?.slice(0, 40) ?? ''}`);
}
