import { z } from 'zod';
import { Fault } from '../../errors.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { backfillBody, backfillSchema } from '../schemas/backfills.js';
import { startedPorts } from '../started-ports.js';

/** Analyses of the archive: start, progress, pause, resume, cancel. The archive story records each action. */
export function backfillRoutes(parts: ServerParts): readonly Route[] {
  const change = (path: string, verb: 'pause' | 'resume' | 'cancel', summary: string): Route =>
    defineRoute({
      method: 'post',
      path,
      access: 'admin',
      summary,
      reply: { json: backfillSchema },
      handle: ({ param, actor }) => startedPorts(parts).backfills[verb](numberFrom(param('number')), actor),
    });
  return [
    defineRoute({
      method: 'get',
      path: '/api/backfills',
      access: 'viewer',
      summary: 'Analyses of the archive and their progress, newest first',
      reply: { json: z.array(backfillSchema).readonly() },
      handle: () => startedPorts(parts).backfills.list(),
    }),
    defineRoute({
      method: 'post',
      path: '/api/backfills',
      access: 'admin',
      summary: 'Analyse studies of the archive; one such analysis runs at a time',
      body: { schema: backfillBody, limit: '4kb' },
      reply: { json: backfillSchema, statuses: [201] },
      handle: ({ body, actor }) => startedPorts(parts).backfills.start(body, actor),
    }),
    change('/api/backfills/:number/pause', 'pause', 'Queue no further studies of an analysis of the archive'),
    change('/api/backfills/:number/resume', 'resume', 'Continue an analysis of the archive'),
    change('/api/backfills/:number/cancel', 'cancel', 'End an analysis of the archive; results stay'),
  ];
}

/** @throws Fault `not-found`; what was found is not repeated */
function numberFrom(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Fault('not-found', 'expected the number of a backfill in the address');
  return Number(text);
}
