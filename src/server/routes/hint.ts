import { Fault } from '../../errors.js';
import { isLoopback } from '../access/loopback.js';
import { isSameSecret } from '../access/secret.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';

/** The wake-up hint of orthanc/routing.lua. It changes nothing but when the change log is read; its body is not needed. */
export function hintRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/hint',
      access: 'public',
      summary: 'Wake-up hint of orthanc/routing.lua',
      description: 'With the token of server.hintToken in X-Hint-Token; without such a token from loopback only.',
      reply: { empty: 202 },
      // It replies at once, before anything is requested from Orthanc: Orthanc waits for the reply inside its callback.
      handle({ request, response }) {
        if (!hintAllowed(request.get('X-Hint-Token'), request.socket.remoteAddress, parts.hintToken))
          throw new Fault('request-refused', 'expected the token of server.hintToken in X-Hint-Token');
        response.status(202).end();
        parts.wake();
      },
    }),
  ];
}

function hintAllowed(given: string | undefined, address: string | undefined, token: string | undefined): boolean {
  if (token !== undefined) return given !== undefined && isSameSecret(given, token);
  return isLoopback(address);
}
