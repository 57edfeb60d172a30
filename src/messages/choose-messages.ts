import type { MessagesSettings } from '../config.js';
import type { MessageRow, NewMessage } from '../store/messages.js';
import type { ResultRow } from '../store/results.js';
import { messageIdOf } from './message-id.js';
import { selectedBy, type RuleSubject } from './message-rules.js';

export interface ChosenMessage {
  readonly message: NewMessage;
  /** `plan`: a new one; `reopen`: it was closed unsent; `send`: the process ended between planning it and sending its job. */
  readonly action: 'plan' | 'reopen' | 'send';
}

/**
 * The messages that the current result of a study requires: one for each channel that a rule names, and one for each channel that was
 * sent, or may have been sent, an earlier result, whatever the rules select now. Of a study of the archive whose report was made again
 * with another model version, only those channels are told that were sent the earlier one.
 *
 * @param earlier all messages of the study, in the order of planning
 */
export function chooseMessages(
  result: Pick<ResultRow, 'resultId' | 'studyInstanceUID'> & Partial<Pick<ResultRow, 'isReanalysis'>>,
  subject: RuleSubject,
  earlier: readonly MessageRow[],
  { channels, rules }: Pick<MessagesSettings, 'channels' | 'rules'>,
): readonly ChosenMessage[] {
  return channels.flatMap(({ name: channel }): readonly ChosenMessage[] => {
    const ofChannel = earlier.filter((one) => one.channel === channel);
    const own = ofChannel.filter((one) => one.resultId === result.resultId);
    const planned = own.at(-1);
    const others = ofChannel.filter((one) => one.resultId !== result.resultId && mayHaveArrived(one));
    if (planned && !others.some((one) => one.number > planned.number)) {
      if (planned.state === 'closed') return [{ message: planned, action: 'reopen' }];
      // It is sent already, or its job does that; what was refused waits for a user, who retries its failed job.
      return planned.isQueued ? [] : [{ message: planned, action: 'send' }];
    }
    const selected = rules
      .filter((rule) => rule.channel === channel)
      .map((rule) => selectedBy(rule, subject))
      .filter((names) => names !== undefined);
    if ((selected.length === 0 || result.isReanalysis) && others.length === 0) return [];
    const findings = [...new Set(selected.flat())];
    const { resultId, studyInstanceUID } = result;
    const messageId = messageIdOf(channel, resultId, own.length);
    return [{ message: { messageId, channel, resultId, studyInstanceUID, isCorrection: others.length > 0, findings }, action: 'plan' }];
  });
}

/** Without an answer it is not known; then the receiver is told of the correction. What was refused at its last attempt did not arrive then. */
function mayHaveArrived({ attempts, state }: MessageRow): boolean {
  return attempts > (state === 'refused' ? 1 : 0);
}
