import type { RequestHandler } from 'express';
import { Fault } from '../../errors.js';

/**
 * Refuses an address with characters that no name, UID or search has: neither the database nor the PACS takes them.
 *
 * @throws Fault `request-invalid` for control characters (C0, C1, DEL) and for what is not UTF-8
 */
export const readableAddress: RequestHandler = (request, _response, next) => {
  if (!isReadable(request.originalUrl)) throw new Fault('request-invalid', 'expected an address in UTF-8 without control characters');
  next();
};

function isReadable(address: string): boolean {
  try {
    return !/[\u0000-\u001f\u007f-\u009f]/.test(decodeURIComponent(address));
  } catch {
    return false;
  }
}
