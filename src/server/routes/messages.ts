import { z } from 'zod';
import { Fault } from '../../errors.js';
import { studyUid, wholeNumber } from '../parameters.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { channelSchema, messageSchema, testedSchema } from '../schemas/messages.js';
import { startedPorts } from '../started-ports.js';

/** Outbound messages: their channels, what was sent, and a test. A failed message is retried as every failed job. */
export function messageRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/messages',
      access: 'viewer',
      summary: 'Channels for outbound messages, each with its state',
      reply: { json: z.array(channelSchema).readonly() },
      handle: () => startedPorts(parts).messages.channels(),
    }),
    defineRoute({
      method: 'get',
      path: '/api/messages/:channel',
      access: 'viewer',
      summary: 'The last messages of a channel, newest first',
      query: z.object({ limit: wholeNumber(1, 200).default(20) }),
      reply: { json: z.array(messageSchema).readonly() },
      async handle({ param, query, actor }) {
        const messages = await startedPorts(parts).messages.ofChannel(param('channel'), query.limit);
        await parts.audit.recordStudies(
          { ...actor, action: 'message.view' },
          messages.map(({ studyInstanceUID }) => studyInstanceUID),
        );
        return messages;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/studies/:study/messages',
      access: 'viewer',
      summary: 'The messages about a study, newest first',
      reply: { json: z.array(messageSchema).readonly() },
      async handle({ param, actor }) {
        const study = studyUid(param('study'));
        await parts.audit.recordView({ ...actor, action: 'message.view', subject: { studyInstanceUID: study } });
        return startedPorts(parts).messages.ofStudy(study);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/studies/:study/fhir',
      access: 'viewer',
      summary: 'The current result of a study as a FHIR R4 bundle, without attributes of the patient',
      reply: { content: 'application/fhir+json' },
      async handle({ param, actor, request, response }) {
        const study = studyUid(param('study'));
        const bundle = await startedPorts(parts).messages.fhir(study, `${request.protocol}://${request.get('host')}${request.path}`);
        if (!bundle)
          throw new Fault('pacs-not-found', 'expected a study with a result in the PACS, found none', { studyInstanceUID: study });
        await parts.audit.recordView({ ...actor, action: 'study.view', subject: { studyInstanceUID: study } });
        response.type('application/fhir+json').send(JSON.stringify(bundle));
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/messages/:channel/test',
      access: 'admin',
      summary: 'Send a test message with invented values to a channel, and wait until it is accepted',
      reply: { json: testedSchema },
      async handle({ param, actor }) {
        const channel = param('channel');
        const { messages } = startedPorts(parts);
        const message = messages.testMessage(channel);
        return parts.audit.recordAction(
          {
            ...actor,
            action: 'message.test',
            subject: { channel, message: message.messageId, studyInstanceUID: message.study.studyInstanceUID },
          },
          () => messages.sendTest(channel, message),
          ({ reference }) => (reference === undefined ? {} : { reference }),
        );
      },
    }),
  ];
}
