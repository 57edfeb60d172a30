import type { Jobs } from '../jobs/jobs.js';
import type { RetryPolicy } from '../jobs/retry-policy.js';
import type { Store } from '../store/store.js';
import { isEmail } from './email-channel.js';
import type { Digest } from './email-text.js';
import type { Channel } from './ports.js';
import { digestQueue } from './queues.js';

const dayMs = 86_400_000;
const pageSize = 1_000;

/** At the time that each e-mail channel names, a digest is queued; it is sent until the mail server accepts it. */
export async function startDigests(
  channels: ReadonlyMap<string, Channel>,
  store: Pick<Store, 'results' | 'messages'>,
  jobs: Pick<Jobs, 'work' | 'send' | 'every' | 'failedJobs'>,
  retry: Partial<RetryPolicy>,
): Promise<void> {
  await jobs.work(
    digestQueue,
    async ({ payload: { channel: name, until }, signal }) => {
      const channel = channels.get(name);
      if (channel && isEmail(channel)) await channel.sendDigest(await digestOf(new Date(until), store, jobs), signal);
    },
    { retry },
  );
  for (const channel of channels.values()) {
    if (!isEmail(channel) || channel.digestSchedule === undefined) continue;
    jobs.every(channel.digestSchedule, `digest of channel ${channel.name}`, async () => {
      await jobs.send(digestQueue, { channel: channel.name, until: new Date().toISOString() }, { key: channel.name });
    });
  }
}

/** Counts of the current results of the 24 hours before a moment, and of what needs attention now. */
export async function digestOf(
  until: Date,
  { results, messages }: Pick<Store, 'results' | 'messages'>,
  jobs: Pick<Jobs, 'failedJobs'>,
): Promise<Digest> {
  const outcomes = { reported: 0, skipped: 0, failed: 0 };
  const present: Record<string, number> = {};
  const since = until.getTime() - dayMs;
  for (let before: string | undefined, isOver = false; !isOver; ) {
    const page = await results.listResults({ currentOnly: true, limit: pageSize, ...(before === undefined ? {} : { before }) });
    for (const { createdAt, outcome, findings } of page.results) {
      if (createdAt.getTime() > until.getTime() || createdAt.getTime() <= since) continue;
      outcomes[outcome]++;
      for (const { name, decision } of findings) if (decision === 'present') present[name] = (present[name] ?? 0) + 1;
    }
    before = page.next;
    isOver = before === undefined || page.results.at(-1)!.createdAt.getTime() <= since;
  }
  const failedJobs: Record<string, number> = {};
  for (const { queue } of await jobs.failedJobs({ limit: pageSize })) failedJobs[queue] = (failedJobs[queue] ?? 0) + 1;
  const counts = await messages.countByChannel();
  return {
    until,
    outcomes,
    present,
    failedJobs,
    channels: Object.fromEntries(
      [...counts].map(([name, { waiting, failing, refused }]) => [name, { waiting: waiting + failing, refused }]),
    ),
  };
}
