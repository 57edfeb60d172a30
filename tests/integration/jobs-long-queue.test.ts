import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, test } from 'node:test';
import { startJobs } from '../../src/jobs/jobs.js';
import { defineQueue } from '../../src/jobs/queue.js';
import { silentLog } from '../../src/log.js';
import { eventually } from '../support/eventually.js';
import { fillQueue } from '../support/fill-queue.js';
import { openEmptyStore, storeBackends } from '../support/store.js';
import { limitHere } from '../support/machine-speed.js';

const queue = defineQueue<{ readonly study: string }>('intake');
/** An archive of 45,000 takes a quarter of an hour on a busy machine of two cores: CHEST_AI_TEST_ARCHIVE=45000. */
const archive = Number(process.env['CHEST_AI_TEST_ARCHIVE'] ?? 9_000);
const shortQueue = 80;
const measured = 60;
const [embedded] = storeBackends();
after(() => embedded!.stop());

/** Milliseconds for so many jobs. */
async function pace(done: readonly string[], count: number): Promise<number> {
  const [from, before] = [performance.now(), done.length];
  await eventually(`${count} jobs are done`, () => assert.ok(done.length - before >= count), { timeoutMs: 60_000, intervalMs: 5 });
  return ((performance.now() - from) / (done.length - before)) * count;
}

test('M11, L11: with an archive in the queue of the embedded database, new studies come first, work is no slower, the process answers and stops in time', {
  timeout: 800_000,
}, async (context) => {
  const store = await openEmptyStore(embedded!);
  context.after(() => store.close());
  const jobs = await startJobs(store, silentLog);
  context.after(() => jobs.stop({ timeoutMs: 1_000 }));
  const done: string[] = [];
  for (let n = 0; n < shortQueue; n++) await jobs.send(queue, { study: `before ${n}` }, { key: `before ${n}` });
  await jobs.work(queue, async ({ payload }) => void done.push(payload.study), { concurrency: 2 });
  const [begun, before0] = [performance.now(), done.length];
  await eventually('the short queue is done', () => assert.equal(done.length, shortQueue), { timeoutMs: 60_000, intervalMs: 5 });
  const short = ((performance.now() - begun) / (shortQueue - before0)) * measured;

  await fillQueue(store, jobs, queue, archive);
  await pace(done, 20);
  const held = monitorEventLoopDelay({ resolution: 10 });
  held.enable();
  const long = await pace(done, measured);
  const before = done.length;
  await jobs.send(queue, { study: 'new' }, { key: 'new' });
  await eventually('the new study is done', () => assert.ok(done.includes('new')), { timeoutMs: 60_000, intervalMs: 5 });
  const passed = done.indexOf('new') - before;
  held.disable();
  await jobs.stats();
  const from = performance.now();
  await jobs.stop({ timeoutMs: 6_000 });
  const stopped = performance.now() - from;
  console.log(
    `${measured} jobs: ${short.toFixed(0)} ms alone, ${long.toFixed(0)} ms before ${archive} others; event loop held ${(held.max / 1e6).toFixed(0)} ms at most; ${passed} jobs before a new one; stopped in ${stopped.toFixed(0)} ms`,
  );
  assert.ok(done.length < archive / 2, 'the queue is still long');
  assert.ok(passed <= 12, `${passed} jobs of the archive went before a new study`);
  // Without the index a job before 45,000 others takes several times as long.
  assert.ok(long < 4 * short + limitHere(500), `${long} ms against ${short} ms`);
  // Once it was held for 3.5 s, and for as long as the queue was.
  assert.ok(held.max < limitHere(1e9), `${held.max / 1e6} ms`);
  assert.ok(stopped < limitHere(10_000), 'L11: it stops within 10 s');
});
