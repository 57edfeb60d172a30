import { z } from 'zod';
import { studyUid } from '../parameters.js';
import type { ChangedReading, ReadingsPort, ServerParts } from '../ports.js';
import { defineRoute, type Exchange, type Route } from '../route.js';
import { readingSchema } from '../schemas/study.js';
import { startedPorts } from '../started-ports.js';

const claimBody = z.strictObject({
  takeOver: z.boolean().default(false).describe('also if another reader reads the study: recorded in the audit log'),
});

/** Who reads a study: readers claim, release and finish it. */
export function readingRoutes(parts: ServerParts): readonly Route[] {
  const recorded = async (
    { param, actor }: Pick<Exchange<unknown, unknown>, 'param' | 'actor'>,
    action: string,
    work: (readings: ReadingsPort, studyInstanceUID: string, reader: string) => Promise<ChangedReading>,
  ): Promise<ChangedReading['reading']> => {
    const studyInstanceUID = studyUid(param('study'));
    const { readings } = startedPorts(parts);
    const { reading } = await parts.audit.recordAction(
      { ...actor, action, subject: { studyInstanceUID } },
      () => work(readings, studyInstanceUID, actor.actor),
      ({ takenFrom }) => (takenFrom === undefined ? {} : { takenFrom }),
    );
    return reading;
  };
  return [
    defineRoute({
      method: 'post',
      path: '/api/studies/:study/reading/claim',
      access: 'reader',
      summary: 'Tell other readers that you read this study',
      description: 'For triage.claimMinutes; a second claim starts the time again. 409 if another reader reads the study or has read it.',
      body: { schema: claimBody, limit: '1kb' },
      reply: { json: readingSchema },
      handle: (exchange) =>
        recorded(exchange, exchange.body.takeOver ? 'reading.takeover' : 'reading.claim', (readings, study, reader) =>
          readings.claim(study, reader, exchange.body.takeOver),
        ),
    }),
    defineRoute({
      method: 'post',
      path: '/api/studies/:study/reading/release',
      access: 'reader',
      summary: 'Give a study that you have claimed back to the other readers',
      description: '409 if another reader has claimed it.',
      reply: { json: readingSchema },
      handle: (exchange) => recorded(exchange, 'reading.release', (readings, study, reader) => readings.release(study, reader)),
    }),
    defineRoute({
      method: 'post',
      path: '/api/studies/:study/reading/read',
      access: 'reader',
      summary: 'Mark a study as read',
      description: 'An assessment does so, too.',
      reply: { json: readingSchema },
      handle: (exchange) => recorded(exchange, 'reading.read', (readings, study, reader) => readings.markRead(study, reader)),
    }),
    defineRoute({
      method: 'post',
      path: '/api/studies/:study/reading/unread',
      access: 'reader',
      summary: 'Mark a study as not read: it waits again from now on',
      reply: { json: readingSchema },
      handle: (exchange) => recorded(exchange, 'reading.unread', (readings, study) => readings.markUnread(study)),
    }),
  ];
}
