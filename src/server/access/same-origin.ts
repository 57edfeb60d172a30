import type { Request } from 'express';
import { Fault } from '../../errors.js';

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * For requests that a browser may send by itself, with its cookie: only the service's own pages may change anything. The cookie is
 * SameSite=Strict already; this is the second lock (OWASP: verifying origin with standard headers). Browsers send Origin with
 * everything that changes; other programs send X-Chest-Ai, which a page of another site cannot.
 *
 * @throws Fault `request-refused`
 */
export function checkSameOrigin(request: Request, publicUrl: string | undefined): void {
  if (readingMethods.has(request.method)) return;
  const origin = request.get('Origin');
  if (origin !== undefined) {
    if (origin === (publicUrl ? new URL(publicUrl).origin : `${request.protocol}://${request.get('Host') ?? ''}`)) return;
    throw new Fault(
      'request-refused',
      'expected a request from our own pages, found one from another site; behind a proxy set server.publicUrl',
    );
  }
  if (request.get('Sec-Fetch-Site') === 'same-origin' || request.get('X-Chest-Ai') !== undefined) return;
  throw new Fault('request-refused', 'expected the header Origin or X-Chest-Ai');
}
