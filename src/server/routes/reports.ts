import { z } from 'zod';
import { Fault } from '../../errors.js';
import { optionalText, studyUid, wholeNumber } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import type { ReportsPort } from '../message-ports.js';
import { defineRoute, type Route } from '../route.js';
import { discordanceKinds, discordancePageSchema, discordanceSchema, receiptSchema, reportCountsSchema } from '../schemas/reports.js';
import { startedPorts } from '../started-ports.js';

/** Reports of radiologists: received as FHIR resources, and compared with the results. */
export function reportRoutes(parts: ServerParts): readonly Route[] {
  const port = (): ReportsPort => {
    const { reports } = startedPorts(parts);
    if (!reports) throw new Fault('not-found', 'expected a source of reports in the setting radiologyReports, found none');
    return reports;
  };
  return [
    defineRoute({
      method: 'post',
      path: '/api/reports',
      access: 'service',
      summary: 'Send a final report of a radiologist: a DiagnosticReport of FHIR R4',
      description:
        'With plain text in presentedForm or conclusion. A later version has the same identifier. The text is read and not stored; a repetition changes nothing.',
      body: { schema: z.looseObject({ resourceType: z.literal('DiagnosticReport') }), limit: '5mb' },
      reply: { json: receiptSchema },
      handle: ({ body, actor }) => port().receive(body, actor),
    }),
    defineRoute({
      method: 'get',
      path: '/api/reports',
      access: 'viewer',
      summary: 'Number of reports that were received, by state',
      reply: { json: reportCountsSchema },
      handle: () => port().counts(),
    }),
    defineRoute({
      method: 'get',
      path: '/api/discordances',
      access: 'reader',
      summary: "Findings in which the result and the radiologist's report of a study differ, greatest gap first",
      query: z.object({
        kind: z.enum(discordanceKinds).optional(),
        finding: optionalText(64).describe('name of a finding'),
        state: z.enum(['open', 'reviewed', 'all']).default('open').describe('open: nobody has looked at it'),
        limit: wholeNumber(1, 200).default(50),
        after: optionalText(300).describe('`next` of the page before'),
      }),
      reply: { json: discordancePageSchema },
      async handle({ query, actor }) {
        const page = await port().discordances(query);
        await parts.audit.recordStudies(
          { ...actor, action: 'discordance.view' },
          page.rows.map(({ studyInstanceUID }) => studyInstanceUID),
        );
        return page;
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/discordances/:study/:finding/review',
      access: 'reader',
      summary: 'Note that you have looked at a study again because of this finding',
      description: 'The first reader who has looked at it is shown.',
      reply: { json: discordanceSchema },
      handle({ param, actor }) {
        const studyInstanceUID = studyUid(param('study'));
        const finding = param('finding');
        if (!/^[a-z0-9-]{1,64}$/.test(finding))
          throw new Fault('request-invalid', 'expected the name of a finding in the address, found something else');
        const reports = port();
        return parts.audit.recordAction({ ...actor, action: 'discordance.review', subject: { studyInstanceUID, finding } }, () =>
          reports.review(studyInstanceUID, finding, actor.actor),
        );
      },
    }),
  ];
}
