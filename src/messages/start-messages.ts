import type { Config, MessagesSettings } from '../config.js';
import { Fault } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import { retryLater } from '../jobs/queue.js';
import { unlimitedForIntake } from '../reporting/start-reporting.js';
import { startDigests } from './daily-digest.js';
import { planMessages, sendMessage } from './message-story.js';
import type { MessageJob, MessagePorts } from './ports.js';
import { messageQueue, planQueue } from './queues.js';
import type { Store } from '../store/store.js';

/** Messages that are sent at the same time, in all and to one channel: a receiver that does not answer must not delay the others. */
const maxActive = { all: 12, ofChannel: 2 };
/** How long a message waits if its channel is busy with others. */
const busyMs = 5_000;

/** A receiver that asks for no wait is not asked again at once, in ms. */
const minWaitMs = 1_000;

/** Messages wait for a receiver without limit; nobody may be left uninformed because a system was down for a week. */
const unlimited = [...unlimitedForIntake, 'channel-unavailable'] as const;

/** Notes that a study has a new current result; the rules are applied a moment later. Safe when the call resolves, may be repeated. */
export async function queueMessagePlan(
  studyInstanceUID: string,
  { channels }: Pick<MessagesSettings, 'channels'>,
  jobs: Pick<Jobs, 'send'>,
): Promise<void> {
  if (channels.length > 0) await jobs.send(planQueue, { studyInstanceUID }, { key: studyInstanceUID });
}

/** How the story queues a message. */
export function messageSender(jobs: Pick<Jobs, 'send'>): (job: MessageJob) => Promise<void> {
  return async (job) => void (await jobs.send(messageQueue, job, { key: `${job.channel}/${job.studyInstanceUID}` }));
}

/** Starts the workers of the message story and the daily digests. */
export async function startMessages(
  ports: MessagePorts,
  store: Pick<Store, 'results' | 'messages'>,
  jobs: Pick<Jobs, 'work' | 'send' | 'every' | 'failedJobs'>,
  { work }: Pick<Config, 'work'>,
): Promise<void> {
  const retry = { maxAttempts: work.maxAttempts, unlimited, maxDelayMs: 120_000 };
  const timeLimitMs = work.studyTimeoutMs;
  await jobs.work(planQueue, ({ payload }) => planMessages(payload, ports), { concurrency: 2, timeLimitMs, retry });

  const active = new Map<string, number>();
  const change = (channel: string, by: 1 | -1): void => void active.set(channel, (active.get(channel) ?? 0) + by);
  await jobs.work(
    messageQueue,
    async ({ payload, signal }) => {
      const { channel } = payload;
      if ((active.get(channel) ?? 0) >= maxActive.ofChannel) return retryLater(busyMs);
      change(channel, 1);
      try {
        return await sendMessage(payload, ports, signal);
      } catch (error) {
        if (error instanceof Fault && error.retryable && error.retryAfterMs !== undefined)
          return retryLater(Math.max(error.retryAfterMs, minWaitMs));
        throw error;
      } finally {
        change(channel, -1);
      }
    },
    { concurrency: maxActive.all, timeLimitMs, retry },
  );
  await startDigests(ports.channels, store, jobs, retry);
}
