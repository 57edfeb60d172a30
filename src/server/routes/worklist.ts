import { z } from 'zod';
import { Fault } from '../../errors.js';
import { identify } from '../access/authenticate.js';
import type { Principal } from '../access/roles.js';
import { EventStreams } from '../event-streams.js';
import { languageQuery, optionalText, wholeNumber } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import {
  outcomeSchema,
  patientSchema,
  readingFilterSchema,
  worklistCountsSchema,
  worklistOrderSchema,
  worklistPageSchema,
} from '../schemas/study.js';
import { assessmentViewer } from './assessments.js';
import { searchText } from '../../audit/search-text.js';
import { startedPorts } from '../started-ports.js';
import { explanationLanguageOf } from '../../triage/explanation.js';

const moment = z.iso.datetime({ offset: true, error: 'expected a time as 2026-01-15T00:00:00Z' }).transform((text) => new Date(text));

/** Current results of all studies, page by page, and an event whenever something has changed. */
export function worklistRoutes(parts: ServerParts): readonly Route[] {
  const streams = new EventStreams(() => startedPorts(parts).page.changeToken());
  return [
    defineRoute({
      method: 'get',
      path: '/api/worklist',
      access: 'viewer',
      summary: 'Current results in the order in which they are read',
      description:
        'Order `urgency`: studies that wait longer than the limit, longest first; then by falling urgency; then studies that are read. Order `priority`: highest priority of the rule first, then newest.',
      query: z.object({
        limit: wholeNumber(1, 500).default(50),
        outcome: outcomeSchema.optional(),
        present: optionalText(64).describe('name of a finding that is present, or any'),
        search: optionalText(64).describe("beginning of a Study Instance UID, else Patient's Name, Patient ID or Accession Number"),
        reading: readingFilterSchema
          .optional()
          .describe(
            'unread: waits and nobody has claimed it; to-read: waits and nobody else reads it; second: assessed by others, not by you; disagreed: the readers disagree (only what you have assessed, unless you may adjudicate)',
          ),
        since: moment.optional().describe('time of the result: from then on'),
        until: moment.optional().describe('time of the result: before then'),
        modality: z
          .string()
          .regex(/^[A-Z0-9]{2,16}$/, 'expected a modality, e.g. DX')
          .optional(),
        order: worklistOrderSchema.optional().describe('default: the setting triage.order; time: of the result'),
        direction: z.enum(['ascending', 'descending']).default('descending').describe('of the order time'),
        language: languageQuery.describe('of the explanations; English where the service has no words in it'),
        after: optionalText(400).describe('`next` of the page before, in the same order'),
      }),
      reply: { json: worklistPageSchema },
      async handle({ query, actor, response }) {
        // The search is on record before the PACS is searched; the text may be a patient's name, so only its keyed hash is recorded.
        if (query.search !== undefined)
          await parts.audit.recordView({
            ...actor,
            action: 'worklist.search',
            subject: {
              searched: [
                /^[0-9.]+$/.test(query.search)
                  ? `StudyInstanceUID=${query.search}`
                  : `text#${await parts.audit.fingerprint(searchText('text', query.search))}`,
              ],
            },
          });
        const page = await startedPorts(parts).page.worklist({
          ...query,
          viewer: assessmentViewer(response),
          language: explanationLanguageOf(query.language),
        });
        await parts.audit.recordView({ ...actor, action: 'worklist.view' });
        return page;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/worklist/counts',
      access: 'viewer',
      summary: 'Number of studies by outcome',
      reply: { json: worklistCountsSchema },
      handle: ({ response }) => startedPorts(parts).page.counts(assessmentViewer(response)),
    }),
    defineRoute({
      method: 'get',
      path: '/api/patients',
      access: 'viewer',
      summary: 'The patients of some studies, from the PACS, by Study Instance UID',
      query: z.object({ studies: optionalText(14_000).describe('at most 100 Study Instance UIDs, separated by commas') }),
      reply: { json: z.record(z.string(), patientSchema).readonly() },
      async handle({ query, actor }) {
        // Any UID of the worklist may be requested: one that the PACS cannot be searched for is left out of the reply.
        const uids = (query.studies ?? '').split(',').filter((one) => one !== '');
        if (uids.length > 100) throw new Fault('request-invalid', 'expected at most 100 Study Instance UIDs, separated by commas');
        const patients = await startedPorts(parts).page.patients(uids);
        await parts.audit.recordStudies({ ...actor, action: 'patient.view' }, Object.keys(patients));
        return patients;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/events',
      access: 'viewer',
      summary: 'Server-sent events: `changed` whenever a result, a queue or a failed job has changed',
      reply: { content: 'text/event-stream' },
      async handle({ request, response }) {
        const principal = response.locals['principal'] as Principal;
        const known = JSON.stringify(principal);
        await streams.add(response, {
          user: principal.name,
          mayContinue: async () => JSON.stringify(await identify(request, parts.access)) === known,
        });
      },
    }),
  ];
}
