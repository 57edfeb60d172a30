import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { AuditLog } from '../audit/audit-log.js';
import { Fault, meaningOf } from '../errors.js';
import { placeOf, type Log } from '../log.js';
import { actorOf } from './access/actor.js';

/** Last of the routes: no route has the address. */
export const sendNotFound: RequestHandler = (_request, response) => {
  response.status(404).json({ error: 'There is no such address', code: 'not-found' });
};

/**
 * A fault is sent with its own status and sentence; of a bug only its place is written, and only to the log. Unauthenticated requests do not learn
 * what is wrong inside. Refused requests are on record.
 */
export function sendFault(log: Log, audit: Pick<AuditLog, 'recordView'>): ErrorRequestHandler {
  return async (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    if (error instanceof Fault) {
      if (error.code === 'too-many-requests') response.set('Retry-After', '60');
      if (error.code === 'request-refused')
        await audit.recordView({
          ...actorOf(request, response),
          action: 'request.refused',
          outcome: 'refused',
          subject: { method: request.method, address: shownAddress(request) },
        });
      const inside = error.status >= 500 && response.locals['principal'] === undefined;
      response.status(error.status).json({ error: inside ? meaningOf(error.code) : error.message, code: error.code });
      return;
    }
    const refusal = refusalOf(error);
    if (refusal) {
      response.status(refusal.status).json({ error: refusal.message, code: refusal.code });
      return;
    }
    log.error('request failed', { place: placeOf(error) });
    response.status(500).json({ error: 'Internal error of the program; the log names the place', code: 'internal' });
  };
}

/** The refused address without what a user may have typed: the route's pattern, or the first words of one of our addresses. */
function shownAddress(request: Request): string {
  const route = request.route as { readonly path?: unknown } | undefined;
  if (typeof route?.path === 'string') return route.path;
  return (
    /^\/(api\/(accounts|tokens|audit|studies|models|failed-jobs|login|password|results|worklist|patients)|dicom-web|viewer|page)(?=\/|$)/.exec(
      request.path,
    )?.[0] ?? 'another'
  );
}

/** What express and its parsers refuse (no JSON, too large, no UTF-8 in an address); their messages quote what they were given. */
function refusalOf(error: unknown): { readonly status: number; readonly message: string; readonly code: string } | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  const fault = new Fault('request-invalid', status === 413 ? 'expected less data' : 'expected a request that can be read');
  return { status, message: fault.message, code: fault.code };
}
