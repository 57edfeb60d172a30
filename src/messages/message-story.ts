import { Fault } from '../errors.js';
import { chooseMessages } from './choose-messages.js';
import type { MessageJob, PlanJob, PlanPorts, SendPorts } from './ports.js';
import { readRuleSubject } from './read-rule-subject.js';
import { recordAccepted, recordFailed } from './record-outcome.js';
import { sendToChannel } from './send-to-channel.js';
import { writeMessage } from './write-message.js';

/** The story of a message begins when a result is in the index: the rules choose the channels that are sent it. May be repeated. */
export async function planMessages({ studyInstanceUID }: PlanJob, ports: PlanPorts): Promise<void> {
  const result = await ports.results.currentResult(studyInstanceUID);
  const subject = result && (await readRuleSubject(result, ports));
  // Without a subject the study, or its result, was deleted meanwhile.
  if (!result || !subject) return;
  const earlier = await ports.messages.ofStudy(studyInstanceUID);
  for (const one of earlier) if (one.resultId !== result.resultId) await ports.messages.close(one.messageId, 'superseded');
  for (const { message, action } of chooseMessages(result, subject, earlier, ports.settings)) {
    if (action === 'plan') await ports.messages.plan(message);
    if (action === 'reopen') await ports.messages.reopen(message.messageId);
    await ports.send({ messageId: message.messageId, channel: message.channel, studyInstanceUID });
    await ports.messages.queued(message.messageId);
  }
}

/** The message is written with what the PACS states now, sent, and recorded as accepted. A repetition has the same id and content. */
export async function sendMessage({ messageId }: MessageJob, ports: SendPorts, signal: AbortSignal): Promise<void> {
  const { messages, results } = ports;
  const row = await messages.find(messageId);
  if (!row || row.state === 'accepted') return;
  try {
    const result = await results.find(row.resultId);
    const message = result?.isCurrent ? await writeMessage(row, result, ports) : undefined;
    if (!result || !message) return await messages.close(messageId, result && !result.isCurrent ? 'superseded' : 'study-deleted');
    await messages.attempted(messageId);
    // Once more after the attempt is noted: from now on, a new result is planned in the knowledge that this one may have been sent.
    if (!(await results.find(row.resultId))?.isCurrent) return await messages.close(messageId, 'superseded');
    const reference = await sendToChannel(row.channel, message, ports, signal);
    await recordAccepted(row, reference, ports);
  } catch (error) {
    if (error instanceof Fault) await recordFailed(row, error, ports);
    throw error;
  }
}
