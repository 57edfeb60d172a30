import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Fault } from '../../src/errors.js';
import type { JobFailure } from '../../src/jobs/failure.js';
import { startJobs, type Jobs, type JobsOptions } from '../../src/jobs/jobs.js';
import { defineQueue, retryLater, type Job } from '../../src/jobs/queue.js';
import { silentLog } from '../../src/log.js';
import type { Store } from '../../src/store/store.js';
import { eventually } from '../support/eventually.js';
import { openEmptyStore, storeBackends } from '../support/store.js';

interface Payload {
  readonly n: number;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const fast = { firstDelayMs: 20, maxDelayMs: 40 };

for (const backend of storeBackends()) {
  describe(`jobs on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    let jobs: Jobs;
    let queues = 0;
    const newQueue = () => defineQueue<Payload>(`queue-${++queues}`);
    const statsOf = async (name: string) => (await jobs.stats()).find(({ queue }) => queue === name)!;
    const begin = async (options?: JobsOptions) => (jobs = await startJobs(store, silentLog, options));

    before(async () => void (store = await openEmptyStore(backend)));
    beforeEach(() => begin());
    afterEach(() => jobs.stop({ timeoutMs: 2_000 }));
    after(async () => {
      await store?.close();
      await backend.stop();
    });

    test('a handler starts soon after the send', async () => {
      const queue = newQueue();
      const starts: number[] = [];
      await jobs.work(queue, async () => void starts.push(performance.now()));
      const latencies: number[] = [];
      for (let n = 0; n < 50; n++) {
        const sent = performance.now();
        await jobs.send(queue, { n }, { key: `k${n}` });
        await eventually('the handler starts', () => assert.equal(starts.length, n + 1), { intervalMs: 1 });
        latencies.push(starts[n]! - sent);
      }
      latencies.sort((a, b) => a - b);
      console.log(`${backend.name}: send to handler start, ms: median ${latencies[25]!.toFixed(1)}, max ${latencies[49]!.toFixed(1)}`);
      assert.ok(latencies[25]! < 500);
    });

    test('a clock that was ahead and is set back: jobs that were delayed meanwhile start now, others keep their time', async () => {
      await jobs.stop();
      await begin({ clockCheckMs: 50 });
      const queue = newQueue();
      const started: number[] = [];
      for (const n of [1, 2, 3]) await jobs.send(queue, { n }, { key: `k${n}`, startAfterMs: 3_600_000 });
      const ahead = (column: string, n: number) =>
        store.sql.query({
          text: `UPDATE chest_ai_jobs.job SET ${column} = now() + interval '26 h', start_after = now() + interval '27 h' WHERE name = $1 AND singleton_key = $2`,
          values: [queue.name, `k${n}`],
        });
      await ahead('created_on', 1);
      await ahead('started_on', 2);
      await jobs.work(queue, async ({ payload }) => void started.push(payload.n));
      await eventually('both start', () => assert.deepEqual([...started].sort(), [1, 2]));
      assert.equal((await statsOf(queue.name)).waiting, 1, 'the third has its delay');
    });

    test('D3: a job that exceeds its time limit is interrupted and has failed; one that ignores its signal is shown as active', async () => {
      const queue = newQueue();
      const attempts: Job<Payload>[] = [];
      const exhausted: JobFailure[] = [];
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      await jobs.work(
        queue,
        async (job) => {
          attempts.push(job);
          if (job.payload.n === 2) return held;
          await new Promise((_, reject) => job.signal.addEventListener('abort', () => reject(new Error('interrupted'))));
        },
        { timeLimitMs: 200, retry: { ...fast, maxAttempts: 2 }, onExhausted: async (_, failure) => void exhausted.push(failure) },
      );
      await jobs.send(queue, { n: 1 }, { key: 'heeds' });
      await eventually('its attempts are over', () => assert.equal(exhausted.length, 1));
      assert.equal(attempts.length, 2);
      assert.equal(exhausted[0]!.code, 'timed-out');
      assert.match(exhausted[0]!.detail, /longer than/);

      await jobs.send(queue, { n: 2 }, { key: 'does not' });
      await eventually('it has been active for longer than it may', async () =>
        assert.ok(((await statsOf(queue.name)).maxActiveMs ?? 0) > 400),
      );
      release();
      await eventually('it is done', async () => assert.equal((await statsOf(queue.name)).active, 0));
      assert.equal((await statsOf(queue.name)).maxActiveMs, undefined);
    });

    test('sending while one waits merges: newest payload, highest priority, earliest start', async () => {
      const queue = newQueue();
      assert.equal(await jobs.send(queue, { n: 1 }, { key: 'a', startAfterMs: 60_000, priority: 5 }), 'queued');
      assert.equal(await jobs.send(queue, { n: 2 }, { key: 'a', startAfterMs: 100 }), 'merged');
      assert.equal(await jobs.send(queue, { n: 3 }, { key: 'a', startAfterMs: 60_000 }), 'merged');
      const seen: Job<Payload>[] = [];
      await jobs.work(queue, async (job) => void seen.push(job));
      await eventually('it ran', () => assert.equal(seen.length, 1));
      await sleep(100);
      assert.deepEqual(
        seen.map(({ payload, priority, attempt }) => ({ payload, priority, attempt })),
        [{ payload: { n: 3 }, priority: 5, attempt: 1 }],
      );
      assert.deepEqual(await statsOf(queue.name), {
        queue: queue.name,
        waiting: 0,
        active: 0,
        retrying: 0,
        failed: 0,
        oldestAgeMs: undefined,
        maxActiveMs: undefined,
      });
    });

    test('sending while one is active lets one more wait, and the two never overlap', async () => {
      const queue = newQueue();
      let active = 0;
      let maxActive = 0;
      const seen: number[] = [];
      await jobs.work(
        queue,
        async ({ payload }) => {
          maxActive = Math.max(maxActive, ++active);
          await sleep(150);
          active--;
          seen.push(payload.n);
        },
        { concurrency: 4 },
      );
      await jobs.send(queue, { n: 1 }, { key: 'same' });
      await eventually('it is active', () => assert.equal(active, 1), { intervalMs: 5 });
      assert.equal(await jobs.send(queue, { n: 2 }, { key: 'same' }), 'queued');
      assert.equal(await jobs.send(queue, { n: 3 }, { key: 'same' }), 'merged');
      await jobs.send(queue, { n: 9 }, { key: 'other' });
      await eventually('all ran', () => assert.equal(seen.length, 3));
      assert.equal(seen.indexOf(9) < seen.indexOf(3), true, 'another key is not held up');
      assert.deepEqual([...seen].sort(), [1, 3, 9]);
      assert.equal(maxActive, 2);
    });

    test('higher priority first, then the order of sending', async () => {
      const queue = newQueue();
      for (const [n, priority] of [
        [1, 0],
        [2, 5],
        [3, 0],
        [4, 9],
        [5, 5],
      ] as const)
        await jobs.send(queue, { n }, { key: `k${n}`, priority });
      const seen: number[] = [];
      await jobs.work(queue, async ({ payload }) => void seen.push(payload.n));
      await eventually('all ran', () => assert.equal(seen.length, 5));
      assert.deepEqual(seen, [4, 2, 5, 1, 3]);
    });

    test('no more jobs are active at the same time than `concurrency` allows', async () => {
      const queue = newQueue();
      let active = 0;
      let maxActive = 0;
      let done = 0;
      await jobs.work(
        queue,
        async () => {
          maxActive = Math.max(maxActive, ++active);
          await sleep(30);
          active--;
          done++;
        },
        { concurrency: 3 },
      );
      await Promise.all(Array.from({ length: 12 }, (_, n) => jobs.send(queue, { n }, { key: `k${n}` })));
      await eventually('all ran', () => assert.equal(done, 12));
      assert.equal(maxActive, 3);
    });

    test('a job that is too early comes back at the time that it asked for, and this is no failed attempt; a send brings it forward', async () => {
      const queue = newQueue();
      const attempts: number[] = [];
      let answer = retryLater(200);
      await jobs.work(queue, async ({ attempt }) => {
        attempts.push(attempt);
        return attempts.length < 4 ? answer : undefined;
      });
      const started = Date.now();
      await jobs.send(queue, { n: 1 }, { key: 'k' });
      await eventually('three times', () => assert.equal(attempts.length, 2));
      assert.ok(Date.now() - started >= 200);
      answer = retryLater(60_000);
      await eventually('postponed for long', () => assert.equal(attempts.length, 3));
      await eventually('it waits again', async () => assert.equal((await statsOf(queue.name)).waiting, 1));
      assert.equal(await jobs.send(queue, { n: 2 }, { key: 'k' }), 'merged');
      await eventually('brought forward', () => assert.equal(attempts.length, 4));
      assert.deepEqual(attempts, [1, 1, 1, 1]);
    });

    test('stopping waits for jobs that end in time and puts the rest back', async () => {
      const queue = newQueue();
      const ended: number[] = [];
      let aborted = 0;
      let started = 0;
      await jobs.work(
        queue,
        async ({ payload, signal }) => {
          started++;
          if (payload.n === 1) await sleep(200);
          if (payload.n === 2)
            await new Promise((_, reject) => signal.addEventListener('abort', () => (aborted++, reject(signal.reason as Error))));
          if (payload.n === 3) await new Promise((resolve) => setTimeout(resolve, 3_000));
          ended.push(payload.n);
        },
        { concurrency: 3 },
      );
      for (const n of [1, 2, 3, 4]) await jobs.send(queue, { n }, { key: `k${n}` });
      await eventually('three are active', () => assert.equal(started, 3), { intervalMs: 5 });
      const from = Date.now();
      await jobs.stop({ timeoutMs: 1_000 });
      assert.ok(Date.now() - from < 2_000);
      assert.deepEqual([ended, aborted], [[1], 1]);
      await begin();
      assert.equal((await statsOf(queue.name)).waiting, 3);
      const again: string[] = [];
      await jobs.work(queue, async ({ payload, attempt }) => void again.push(`${payload.n}/${attempt}`));
      await eventually('the rest ran', () => assert.equal(again.length, 3));
      assert.deepEqual(again.sort(), ['2/1', '3/1', '4/1']);
    });

    test("jobs under the former name of a queue are taken over in every state; of two with the same key the newer name's stays", async () => {
      const former = newQueue();
      await jobs.work(
        former,
        async ({ payload }) => {
          if (payload.n === 1) throw new Fault('dicom-unreadable', 'broken');
          await new Promise((_, reject) => setTimeout(reject, 60_000).unref());
        },
        { concurrency: 2 },
      );
      await jobs.send(former, { n: 1 }, { key: 'failed' });
      await eventually('one has failed', async () => assert.equal((await statsOf(former.name)).failed, 1));
      await jobs.send(former, { n: 2 }, { key: 'active' });
      await eventually('one is active', async () => assert.equal((await statsOf(former.name)).active, 1));
      await jobs.send(former, { n: 3 }, { key: 'waiting', startAfterMs: 1 });
      await jobs.send(former, { n: 4 }, { key: 'both', startAfterMs: 60_000 });
      await jobs.stop({ timeoutMs: 200 });
      await begin({ leaseMs: 1_000 });
      const present = `present-${former.name}`;
      await jobs.send(defineQueue<Payload>(present), { n: 5 }, { key: 'both' });
      await jobs.stop();
      await begin({ leaseMs: 1_000 });
      const queue = defineQueue<Payload>(present, { formerNames: ['was-never-there', former.name] });
      const seen: number[] = [];
      await jobs.work(queue, async ({ payload }) => void seen.push(payload.n));
      await eventually('all ran', () => assert.deepEqual([...seen].sort(), [2, 3, 5]));
      const [failed] = await jobs.failedJobs({ queue: present });
      assert.deepEqual([failed?.key, failed?.failure.code], ['failed', 'dicom-unreadable']);
      assert.equal(await statsOf(former.name), undefined);
      assert.equal(await jobs.retryFailedJob(failed!.id), true);
      await eventually('the failed one ran', () => assert.deepEqual([...seen].sort(), [1, 2, 3, 5]));
      assert.equal((await statsOf(present)).failed, 0);
    });

    test('a delayed job starts on time', async () => {
      const queue = newQueue();
      let ran = 0;
      await jobs.work(queue, async () => void (ran = Date.now()));
      const sent = Date.now();
      await jobs.send(queue, { n: 1 }, { key: 'k', startAfterMs: 300 });
      await eventually('it ran', () => assert.notEqual(ran, 0));
      assert.ok(ran - sent >= 295 && ran - sent < 1_500, `${ran - sent} ms`);
    });

    test('periodic work has one run at a time and continues after a failure', async () => {
      let active = 0;
      let maxActive = 0;
      let runs = 0;
      const periodic = jobs.every(20, 'test', async () => {
        maxActive = Math.max(maxActive, ++active);
        await sleep(40);
        active--;
        if (++runs === 1) throw new Error('once');
      });
      await Promise.all([periodic.runNow(), periodic.runNow()]);
      await eventually('it goes on', () => assert.ok(runs >= 3));
      await periodic.stop();
      const then = runs;
      await sleep(100);
      assert.deepEqual([maxActive, runs], [1, then]);
      assert.throws(() => jobs.every('not a time', 'test', async () => undefined), /cron expression/);
      await jobs.every('0 2 * * *', 'nightly', async () => undefined).stop();
    });

    test('a thousand jobs pass through', async () => {
      const queue = newQueue();
      const count = 1_000;
      let from = performance.now();
      for (let n = 0; n < count; n++) await jobs.send(queue, { n }, { key: `k${n}` });
      const sending = performance.now() - from;
      let done = 0;
      from = performance.now();
      await jobs.work(queue, async () => void done++, { concurrency: 4 });
      await eventually('all ran', () => assert.equal(done, count), { timeoutMs: 60_000 });
      console.log(
        `${backend.name}: ${((count / sending) * 1000).toFixed(0)} sends/s, ${((count / (performance.now() - from)) * 1000).toFixed(0)} jobs/s`,
      );
    });
  });
}
