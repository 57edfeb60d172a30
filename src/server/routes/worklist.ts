import { Router } from 'express';
import { Fault } from '../../errors.js';
import { doneBy } from '../access/done-by.js';
import { requireRole } from '../access/roles.js';
import { oneOf, wholeNumber } from '../query.js';
import type { ServerParts } from '../server-tools.js';
import { started } from '../started.js';

const pulseMs = 1_000;
const heartbeatMs = 20_000;

/** Current results of all studies, page by page, and word when something has changed. */
export function worklistRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/worklist', requireRole('viewer'), async (request, response) => {
    const { query } = request;
    const page = await started(parts).page.worklist({
      limit: wholeNumber(query['limit'], 1, 500, 50),
      outcome: oneOf(query['outcome'], ['reported', 'skipped', 'failed'] as const),
      present: text(query['present'], 'present', 64),
      search: text(query['search'], 'search', 64),
      after: text(query['after'], 'after', 400),
    });
    await parts.audit.recordView({ ...doneBy(request, response), action: 'worklist.view' });
    response.json(page);
  });

  router.get('/api/worklist/counts', requireRole('viewer'), async (_request, response) => {
    response.json(await started(parts).page.counts());
  });

  router.get('/api/patients', requireRole('viewer'), async (request, response) => {
    // Whatever stands in the worklist may be asked for: one that the PACS cannot be asked for is left out of the answer.
    const uids = (text(request.query['studies'], 'studies', 14_000) ?? '').split(',').filter((one) => one !== '');
    if (uids.length > 100) throw new Fault('request-invalid', 'expected at most 100 Study Instance UIDs with commas between them');
    response.json(await started(parts).page.patients(uids));
  });

  // Server-sent events: `changed` whenever a result, the queue or what waits for a person has changed.
  router.get('/api/events', requireRole('viewer'), async (_request, response) => {
    let last = await started(parts).page.pulse();
    response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    response.write('retry: 2000\nevent: changed\ndata: {}\n\n');
    let asking = false;
    const watch = setInterval(() => {
      if (asking) return;
      asking = true;
      void started(parts).page.pulse()
        .then((pulse) => {
          if (pulse !== last) response.write('event: changed\ndata: {}\n\n');
          last = pulse;
        })
        .catch(() => undefined)
        .finally(() => (asking = false));
    }, pulseMs);
    const heartbeat = setInterval(() => response.write(': here\n\n'), heartbeatMs);
    response.on('close', () => {
      clearInterval(watch);
      clearInterval(heartbeat);
    });
  });
  return router;
}

function text(value: unknown, name: string, longest: number): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && value.length <= longest) return value.trim();
  throw new Fault('request-invalid', `expected one text of at most ${longest} characters for ${name}`);
}
