import { z } from 'zod';
import { Fault } from '../../errors.js';
import { languageQuery, studyUid, wholeNumber } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { outcomeSchema, resultSchema, studyPageSchema } from '../schemas/study.js';
import { startedPorts } from '../started-ports.js';
import { explanationLanguageOf } from '../../triage/explanation.js';

/** Results of studies, for programs and for the study page. */
export function resultRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/results',
      access: 'viewer',
      summary: 'Current results, newest first',
      query: z.object({ limit: wholeNumber(1, 500).default(50), outcome: outcomeSchema.optional() }),
      reply: { json: z.array(resultSchema).readonly() },
      async handle({ query, actor }) {
        const results = await startedPorts(parts).results(query);
        await parts.audit.recordView({ ...actor, action: 'worklist.view' });
        return results;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/studies/:study',
      access: 'viewer',
      summary: 'All results of a study, the current one first',
      reply: { json: z.array(resultSchema).readonly() },
      async handle({ param, actor }) {
        const study = studyUid(param('study'));
        const results = await startedPorts(parts).resultsOf(study);
        if (results.length === 0)
          throw new Fault('pacs-not-found', 'expected a study that has been received, found none', { studyInstanceUID: study });
        await parts.audit.recordView({ ...actor, action: 'study.view', subject: { studyInstanceUID: study } });
        return results;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/studies/:study/page',
      access: 'viewer',
      summary: 'What the study page shows: patient, images, heat maps, history',
      query: z.object({ language: languageQuery.describe('of the explanation; English where the service has no words in it') }),
      reply: { json: studyPageSchema },
      async handle({ param, query, actor }) {
        const study = param('study');
        const page = await startedPorts(parts).page.study(study, explanationLanguageOf(query.language));
        await parts.audit.recordView({ ...actor, action: 'study.view', subject: { studyInstanceUID: study } });
        return page;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/studies/:study/series/:series/instances/:instance/picture',
      access: 'viewer',
      summary: 'An image as the network saw it, or a heat map',
      query: z.object({ frame: wholeNumber(1, 100_000).default(1).describe('1-based, of multi-frame images') }),
      reply: { content: 'image/jpeg' },
      async handle({ param, query, actor, response }) {
        const study = param('study');
        const { type, bytes } = await startedPorts(parts).page.picture(study, param('series'), param('instance'), query.frame);
        await parts.audit.recordView({ ...actor, action: 'study.view', subject: { studyInstanceUID: study } });
        // Stored by the browser for as long as a user looks at the study, and by no proxy.
        response.set('Cache-Control', 'private, max-age=600').type(type).send(bytes);
      },
    }),
  ];
}
