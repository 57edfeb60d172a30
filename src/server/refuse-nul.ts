import type { RequestHandler } from 'express';
import { Fault } from '../errors.js';

/** A NUL in a path or a query is in no name of ours; further on PostgreSQL would refuse it as an error of our own. */
export const refuseNul: RequestHandler = (request, _response, next) => {
  next(/%00|\0/.test(request.originalUrl) ? new Fault('request-invalid', 'expected an address without the character NUL') : undefined);
};
