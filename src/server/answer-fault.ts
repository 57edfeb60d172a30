import type { ErrorRequestHandler, RequestHandler } from 'express';
import { Fault } from '../errors.js';
import { placeOf, type Log } from '../log.js';

/** Last of the routes: nobody knew the address. */
export const answerNothing: RequestHandler = (_request, response) => {
  response.status(404).json({ error: 'no such address' });
};

/** A fault answers with its own status and sentence; of a bug only its place is told, and only to the log. */
export function answerFault(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    if (error instanceof Fault) {
      if (error.code === 'too-many-requests') response.set('Retry-After', '60');
      response.status(error.status).json({ error: error.message, code: error.code });
      return;
    }
    const refusal = refusalOf(error);
    if (refusal) {
      response.status(refusal.status).json({ error: refusal.message, code: refusal.code });
      return;
    }
    log.error('request failed', { place: placeOf(error) });
    response.status(500).json({ error: 'internal error; see the log' });
  };
}

/** What express and its parsers refuse (no JSON, too large, no UTF-8 in an address); their messages quote what they were given. */
function refusalOf(error: unknown): { readonly status: number; readonly message: string; readonly code: string } | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  const fault = new Fault('request-invalid', status === 413 ? 'expected less data' : 'expected a request that can be read');
  return { status, message: fault.message, code: fault.code };
}
