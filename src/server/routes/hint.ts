import { createHash, timingSafeEqual } from 'node:crypto';
import { Router } from 'express';
import { isLoopback } from '../access/loopback.js';
import type { ServerParts } from '../ports/server.js';

/** The wake-up hint of orthanc/routing.lua. It changes nothing but when we look; its body is not needed. */
export function hintRoutes(parts: ServerParts): Router {
  const router = Router();
  // Answered at once, before anything is asked of Orthanc: Orthanc waits for this inside its callback.
  router.post('/hint', (request, response) => {
    if (!hintAllowed(request.get('X-Hint-Token'), request.socket.remoteAddress, parts.hintToken)) {
      response.status(403).json({ error: 'expected the token of server.hintToken in X-Hint-Token' });
      return;
    }
    response.status(202).end();
    parts.wake();
  });
  return router;
}

function hintAllowed(given: string | undefined, address: string | undefined, token: string | undefined): boolean {
  // Of equal length and compared in constant time: how long it takes tells nothing about the token.
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (token !== undefined) return given !== undefined && timingSafeEqual(digest(given), digest(token));
  return isLoopback(address);
}
