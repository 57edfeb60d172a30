import type { Fault } from '../errors.js';
import type { MessageRow } from '../store/messages.js';
import type { SendPorts } from './ports.js';

/**
 * First the audit log: a process that ends in between sends the message again, with the same id, and its entry exists twice, as the
 * message was sent twice.
 */
export async function recordAccepted(
  { messageId, channel, studyInstanceUID, isCorrection }: MessageRow,
  reference: string | undefined,
  { audit, messages, log }: Pick<SendPorts, 'audit' | 'messages' | 'log'>,
): Promise<void> {
  await audit.record({
    actor: 'service',
    action: 'message.send',
    subject: { channel, studyInstanceUID, message: messageId, correction: isCorrection, ...(reference === undefined ? {} : { reference }) },
  });
  await messages.accepted(messageId, reference);
  log.info('a message was accepted', { channel, study: studyInstanceUID, message: messageId });
}

/** The page shows the reason; a fault that cannot pass needs attention. */
export async function recordFailed({ messageId }: MessageRow, fault: Fault, { messages }: Pick<SendPorts, 'messages'>): Promise<void> {
  await messages.failed(messageId, { code: fault.code, reason: fault.detail, isFinal: !fault.retryable });
}
