import { z } from 'zod';
import type { RequestState } from '../../reporting/request-analysis.js';
import { confirmAnalysisPage, requestedAnalysisPage } from '../confirm-analysis-page.js';
import { studyUid } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Exchange, type Route } from '../route.js';
import { requestedAnalysisSchema } from '../schemas/study.js';
import { lookOf } from '../small-page.js';
import { startedPorts } from '../started-ports.js';

const confirmation = z.strictObject({ token: z.string().max(100) });

/** A person requests the analysis of a study: by the interface, or on a page that a link of another program opens. */
export function analysisRequestRoutes(parts: ServerParts): readonly Route[] {
  const requested = ({ actor }: Pick<Exchange<unknown, unknown>, 'actor'>, studyInstanceUID: string): Promise<RequestState> =>
    parts.audit.recordAction(
      { ...actor, action: 'study.request', subject: { studyInstanceUID } },
      () => startedPorts(parts).requests.request(studyInstanceUID),
      (state) => ({ state }),
    );
  return [
    defineRoute({
      method: 'post',
      path: '/api/studies/:study/analysis',
      access: 'reader',
      summary: 'Request the analysis of a study, whatever the routing rules select',
      description:
        'State `queued`; `in-progress`: queued or analyzed already; `unchanged`: the study has not changed since its last analysis, so there is nothing to do. 404 if the PACS does not contain the study, 409 if it contains two with this UID. The checks of the images stay: an image that the model is not made for gets no finding.',
      reply: { json: requestedAnalysisSchema },
      async handle(exchange) {
        const studyInstanceUID = studyUid(exchange.param('study'));
        return { studyInstanceUID, state: await requested(exchange, studyInstanceUID) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/request-analysis/:study',
      access: 'reader',
      summary: 'A page on which a user confirms that a study is to be analyzed; for links from other programs',
      reply: { content: 'text/html' },
      async handle({ request, response, param, actor }) {
        const study = studyUid(param('study'));
        const token = await startedPorts(parts).confirmations.issue(actor.actor, study);
        response.type('html').send(confirmAnalysisPage(study, token, { look: lookOf(request), basePath: parts.access.basePath }));
      },
    }),
    defineRoute({
      method: 'post',
      path: '/request-analysis/:study',
      access: 'reader',
      summary: 'The confirmation of that page; its token is valid once, for ten minutes, for this user and study',
      description: '409 if the token was used before, has expired, or is for another user or study: then nothing is requested.',
      body: { schema: confirmation, limit: '1kb', form: true },
      reply: { content: 'text/html', statuses: [200, 409] },
      async handle(exchange) {
        const { request, response, param, body, actor } = exchange;
        const study = studyUid(param('study'));
        const isConfirmed = await startedPorts(parts).confirmations.use(body.token, actor.actor, study);
        const state = isConfirmed ? await requested(exchange, study) : 'expired';
        response
          .status(isConfirmed ? 200 : 409)
          .type('html')
          .send(requestedAnalysisPage(study, state, { look: lookOf(request), basePath: parts.access.basePath }));
      },
    }),
  ];
}
