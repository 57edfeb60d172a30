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
      response.status(error.status).json({ error: error.message, code: error.code });
      return;
    }
    log.error('request failed', { place: placeOf(error) });
    response.status(500).json({ error: 'internal error; see the log' });
  };
}
