import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLog } from '../../src/log.js';
import { startJobs } from '../../src/jobs/jobs.js';
import { defineQueue } from '../../src/jobs/queue.js';
import { backlogPriority } from '../../src/reporting/queues.js';
import { fillQueue } from '../support/fill-queue.js';
import { openEmptyStore, storeBackends } from '../support/store.js';
import { figure } from './history/figures.js';

const queue = defineQueue<{ readonly study: string }>('intake');
const archive = 45_000;
const jobsMeasured = 400;

export const title = 'An archive in the queue';

/** Jobs of the embedded database with nothing else in the queue and before the 45,000 studies of an archive; how long the process is held, and when a new study is taken up. */
export async function bench(): Promise<void> {
  const [embedded] = storeBackends();
  const store = await openEmptyStore(embedded!);
  const jobs = await startJobs(store, silentLog);
  try {
    const done: string[] = [];
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const paceOf = async (count: number): Promise<number> => {
      const [from, before] = [performance.now(), done.length];
      await until(() => done.length - before >= count);
      return ((done.length - before) * 1000) / (performance.now() - from);
    };
    for (let n = 0; n < jobsMeasured + 40; n++) await jobs.send(queue, { study: `before ${n}` }, { key: `before ${n}` });
    await jobs.work(queue, async ({ payload }) => void done.push(payload.study), { concurrency: 2 });
    await paceOf(20);
    const alone = await paceOf(jobsMeasured);
    await until(() => done.length === jobsMeasured + 40);

    await fillQueue(store, jobs, queue, archive);
    await paceOf(40);
    const held = monitorEventLoopDelay({ resolution: 10 });
    held.enable();
    const before = await paceOf(jobsMeasured);
    const [count, from] = [done.length, performance.now()];
    await jobs.send(queue, { study: 'new' }, { key: 'new', priority: backlogPriority + 1 });
    await until(() => done.includes('new'));
    const waited = performance.now() - from;
    held.disable();
    figure('waiting jobs', before / alone);
    console.log(
      `an empty queue: ${alone.toFixed(0)} jobs a second; before ${archive.toLocaleString('en')} others: ${before.toFixed(0)} (ratio ${(before / alone).toFixed(2)})`,
    );
    console.log(`a new study: done after ${waited.toFixed(0)} ms and ${done.indexOf('new') - count} jobs of the archive`);
    console.log(`the event loop was held for ${(held.max / 1e6).toFixed(0)} ms at most`);
  } finally {
    await jobs.stop({ timeoutMs: 5_000 });
    await store.close();
    await embedded!.stop();
  }
}
