import { Router } from 'express';
import { Fault } from '../../errors.js';
import { identify } from '../access/authenticate.js';
import { mayAct, type Principal } from '../access/roles.js';
import type { ServerParts } from '../ports/server.js';
import { singleFlight } from '../single-flight.js';
import { started } from '../started.js';

/** However often it is asked, PACS and database are asked once a second. */
const keptMs = 1_000;

/**
 * For orchestrators, without a login: /health/live says that the process answers, /health whether it can do its work. What
 * exactly is amiss is told to those who may look.
 */
export function healthRoutes(parts: ServerParts): Router {
  const router = Router();
  const shared = singleFlight(() => started(parts).health(), keptMs);
  router.get('/health/live', (_request, response) => {
    response.json({ ok: true });
  });
  router.get('/health', async (request, response) => {
    const health = await shared();
    const principal = await ifKnown(() => identify(request, parts.access));
    response.status(health.ok ? 200 : 503).json(principal && mayAct(principal, 'viewer') ? health : { ok: health.ok });
  });
  return router;
}

/** A login that cannot be checked, the database away, must not hide that something is amiss. */
async function ifKnown(ask: () => ReturnType<typeof identify>): Promise<Principal | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
