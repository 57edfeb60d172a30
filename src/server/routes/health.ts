import { z } from 'zod';
import { Fault } from '../../errors.js';
import { identify } from '../access/authenticate.js';
import { mayAct, type Principal } from '../access/roles.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { healthSchema } from '../schemas/operations.js';
import { singleFlight } from '../single-flight.js';
import { startedPorts } from '../started-ports.js';

/** However many clients request it, PACS and database are checked once a second. */
const validMs = 1_000;

/**
 * For orchestrators, without a login: /health/live replies as long as the process runs, /health tells whether the service can do its work.
 * Which part is out of order is told only to users who may view.
 */
export function healthRoutes(parts: ServerParts): readonly Route[] {
  const shared = singleFlight(() => startedPorts(parts).health(), validMs);
  return [
    defineRoute({
      method: 'get',
      path: '/health/live',
      access: 'public',
      summary: 'Whether the process runs',
      reply: { json: z.object({ ok: z.boolean() }) },
      handle: () => ({ ok: true }),
    }),
    defineRoute({
      method: 'get',
      path: '/health',
      access: 'public',
      summary: 'Whether Orthanc, database and model work; 503 if not',
      description: 'Without a login only ok; with the role viewer every part.',
      reply: { json: z.union([healthSchema, z.object({ ok: z.boolean() })]), statuses: [200, 503] },
      async handle({ request, response }) {
        const { queue, ...health } = await shared();
        const principal = await ifKnown(() => identify(request, parts.access));
        response.status(health.ok ? 200 : 503);
        return principal && mayAct(principal, 'viewer') ? { ...health, queue: { ...queue, parked: queue.failed } } : { ok: health.ok };
      },
    }),
  ];
}

/** For Prometheus, with a token that reads nothing else (`tokens add prometheus --role metrics`). */
export function metricsRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/metrics',
      access: 'metrics',
      summary: 'Figures for Prometheus',
      reply: { content: 'text/plain' },
      async handle({ response }) {
        const state = await parts.ports()?.measure();
        response.set('Content-Type', parts.metrics.contentType).send(await parts.metrics.text(state));
      },
    }),
  ];
}

/** A login that cannot be checked because the database is away must not hide that something is out of order. */
async function ifKnown(find: () => ReturnType<typeof identify>): Promise<Principal | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
