import { Router } from 'express';
import { Fault } from '../../errors.js';
import { actorOf } from '../access/actor.js';
import { identify } from '../access/authenticate.js';
import { requireRole, type Principal } from '../access/roles.js';
import { EventStreams } from '../event-streams.js';
import { oneOf, text, wholeNumber } from '../query.js';
import { searchedText } from '../searched.js';
import type { ServerParts } from '../ports/server.js';
import { started } from '../started.js';

/** Current results of all studies, page by page, and word when something has changed. */
export function worklistRoutes(parts: ServerParts): Router {
  const router = Router();
  router.get('/api/worklist', requireRole('viewer'), async (request, response) => {
    const { query } = request;
    const search = text(query['search'], 'search', 64);
    // Who searched for whom is on record before the PACS is asked; the text may be a patient's name, so only its keyed hash is.
    if (search !== undefined)
      await parts.audit.recordView({
        ...actorOf(request, response),
        action: 'worklist.search',
        subject: {
          searched: [
            /^[0-9.]+$/.test(search) ? `StudyInstanceUID=${search}` : `text#${await parts.audit.fingerprint(searchedText('text', search))}`,
          ],
        },
      });
    const page = await started(parts).page.worklist({
      limit: wholeNumber(query['limit'], 1, 500, 50),
      outcome: oneOf(query['outcome'], ['reported', 'skipped', 'failed'] as const),
      present: text(query['present'], 'present', 64),
      search,
      after: text(query['after'], 'after', 400),
    });
    await parts.audit.recordView({ ...actorOf(request, response), action: 'worklist.view' });
    response.json(page);
  });

  router.get('/api/worklist/counts', requireRole('viewer'), async (_request, response) => {
    response.json(await started(parts).page.counts());
  });

  router.get('/api/patients', requireRole('viewer'), async (request, response) => {
    // Whatever stands in the worklist may be asked for: one that the PACS cannot be asked for is left out of the answer.
    const uids = (text(request.query['studies'], 'studies', 14_000) ?? '').split(',').filter((one) => one !== '');
    if (uids.length > 100) throw new Fault('request-invalid', 'expected at most 100 Study Instance UIDs with commas between them');
    const patients = await started(parts).page.patients(uids);
    await parts.audit.recordStudies({ ...actorOf(request, response), action: 'patient.view' }, Object.keys(patients));
    response.json(patients);
  });

  // Server-sent events: `changed` whenever a result, the queue or what waits for a person has changed.
  const streams = new EventStreams(() => started(parts).page.pulse());
  router.get('/api/events', requireRole('viewer'), async (request, response) => {
    const principal = response.locals['principal'] as Principal;
    const known = JSON.stringify(principal);
    await streams.add(response, {
      user: principal.name,
      mayGoOn: async () => JSON.stringify(await identify(request, parts.access)) === known,
    });
  });
  return router;
}
