import type { MessagesSettings } from '../../config.js';
import { Fault } from '../../errors.js';
import type { Jobs } from '../../jobs/jobs.js';
import { fhirBundleOf } from '../../messages/fhir-bundle.js';
import { messageIdOf } from '../../messages/message-id.js';
import { writeMessage, type MessageToWrite } from '../../messages/write-message.js';
import type { MessageJob, MessagePorts } from '../../messages/ports.js';
import { messageQueue } from '../../messages/queues.js';
import { sendToChannel } from '../../messages/send-to-channel.js';
import { testMessage } from '../../messages/test-message.js';
import type { MessageRow } from '../../store/messages.js';
import type { ResultRow } from '../../store/results.js';
import type { Store } from '../../store/store.js';
import type { ShownMessage } from '../page-types.js';
import type { MessagesPort } from '../message-ports.js';

/** A result that no channel is sent: no attribute of the patient is allowed. */
function unsent({ resultId, createdAt }: ResultRow): MessageToWrite {
  return { messageId: messageIdOf('', resultId, 0), channel: '', plannedAt: createdAt, isCorrection: false, findings: [] };
}

/** A test ends after this time, in ms: a user waits for it. */
const testTimeoutMs = 60_000;
const noCounts = { waiting: 0, failing: 0, refused: 0, accepted: 0, lastAcceptedAt: undefined };

/** The channels and their messages, as the interface shows them. */
export function messagesPortOf(
  ports: Omit<MessagePorts, 'send'>,
  store: Pick<Store, 'messages'>,
  jobs: Pick<Jobs, 'failedJobs'>,
): MessagesPort {
  const { settings, channels } = ports;
  const settingsOf = (name: string): MessagesSettings['channels'][number] => {
    const found = settings.channels.find((one) => one.name === name);
    if (found) return found;
    const known = settings.channels.map((one) => one.name).join(', ') || 'none is configured';
    throw new Fault('not-found', `expected one of the channels for messages (${known}), found another name`);
  };
  const shown = async (rows: readonly MessageRow[]): Promise<readonly ShownMessage[]> => {
    const failed = await jobs.failedJobs({ queue: messageQueue.name, limit: 1_000 });
    const jobOf = new Map(failed.map(({ id, payload }) => [(payload as Partial<MessageJob>).messageId, id]));
    return rows.map((row) => shownMessage(row, jobOf.get(row.messageId)));
  };
  return {
    async channels() {
      const counts = await store.messages.countByChannel();
      return [...channels.values()].map(({ name, kind }) => {
        const { lastAcceptedAt, ...ofChannel } = counts.get(name) ?? noCounts;
        return {
          name,
          kind,
          patient: settingsOf(name).patient,
          rules: settings.rules.filter(({ channel }) => channel === name).length,
          ...ofChannel,
          ...(lastAcceptedAt ? { lastAcceptedAt: lastAcceptedAt.toISOString() } : {}),
        };
      });
    },
    async ofChannel(name, limit) {
      settingsOf(name);
      return shown(await store.messages.ofChannel(name, limit));
    },
    ofStudy: async (studyInstanceUID) => shown([...(await store.messages.ofStudy(studyInstanceUID))].reverse()),
    async fhir(studyInstanceUID, url) {
      const result = await ports.results.currentResult(studyInstanceUID);
      const message = result && (await writeMessage(unsent(result), result, ports));
      return message && fhirBundleOf(message, url);
    },
    testMessage: (name) => testMessage(settingsOf(name), new Date()),
    async sendTest(name, message) {
      const reference = await sendToChannel(name, message, { channels }, AbortSignal.timeout(testTimeoutMs));
      return { messageId: message.messageId, ...(reference === undefined ? {} : { reference }) };
    },
  };
}

function shownMessage(row: MessageRow, failedJob: string | undefined): ShownMessage {
  const { messageId, channel, studyInstanceUID, state, isCorrection, findings, attempts, code, reason, receiverReference } = row;
  return {
    messageId,
    channel,
    studyInstanceUID,
    plannedAt: row.plannedAt.toISOString(),
    changedAt: row.changedAt.toISOString(),
    state,
    isCorrection,
    findings,
    attempts,
    ...(code === null ? {} : { code }),
    ...(reason === null ? {} : { reason }),
    ...(receiverReference === null ? {} : { reference: receiverReference }),
    ...(failedJob === undefined ? {} : { failedJob }),
  };
}
