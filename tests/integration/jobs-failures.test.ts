import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Fault } from '../../src/errors.js';
import type { JobFailure } from '../../src/jobs/failure.js';
import { startJobs, type Jobs } from '../../src/jobs/jobs.js';
import { defineQueue } from '../../src/jobs/queue.js';
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
  describe(`jobs that fail, on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    let jobs: Jobs;
    let queues = 0;
    const newQueue = () => defineQueue<Payload>(`queue-${++queues}`);
    const statsOf = async (name: string) => (await jobs.stats()).find(({ queue }) => queue === name)!;

    before(async () => void (store = await openEmptyStore(backend)));
    beforeEach(async () => void (jobs = await startJobs(store, silentLog)));
    afterEach(() => jobs.stop({ timeoutMs: 2_000 }));
    after(async () => {
      await store?.close();
      await backend.stop();
    });

    test('a passing fault is tried again up to its limit, then onExhausted is called and it has failed; a person can retry it', async () => {
      const queue = newQueue();
      let healthy = false;
      const attempts: number[] = [];
      const exhausted: JobFailure[] = [];
      await jobs.work(
        queue,
        async ({ attempt }) => {
          attempts.push(attempt);
          if (!healthy) throw new Fault('engine-failed', 'no luck', { studyInstanceUID: '2.25.1' });
        },
        { retry: { ...fast, maxAttempts: 3 }, onExhausted: async (_job, failure) => void exhausted.push(failure) },
      );
      await jobs.send(queue, { n: 1 }, { key: 'k' });
      await eventually('failed', async () => assert.equal((await statsOf(queue.name)).failed, 1));
      assert.deepEqual(attempts, [1, 2, 3]);
      assert.deepEqual(
        exhausted.map(({ code, detail, subject }) => ({ code, detail, subject })),
        [{ code: 'engine-failed', detail: 'no luck', subject: { studyInstanceUID: '2.25.1' } }],
      );
      const [failedJob] = await jobs.failedJobs({ queue: queue.name });
      assert.deepEqual([failedJob!.key, failedJob!.payload, failedJob!.failure.code], ['k', { n: 1 }, 'engine-failed']);
      healthy = true;
      assert.equal(await jobs.retryFailedJob(failedJob!.id), true);
      assert.equal(await jobs.retryFailedJob(failedJob!.id), false);
      await eventually('done', async () =>
        assert.deepEqual(await statsOf(queue.name), {
          queue: queue.name,
          waiting: 0,
          active: 0,
          retrying: 0,
          failed: 0,
          oldestAgeMs: undefined,
          maxActiveMs: undefined,
        }),
      );
      assert.deepEqual(attempts, [1, 2, 3, 1]);
    });

    test('a fault of the infrastructure is tried without limit and never failed', async () => {
      const queue = newQueue();
      let attempts = 0;
      await jobs.work(
        queue,
        async () => {
          if (++attempts < 12) throw new Fault('pacs-unreachable', 'gone');
        },
        { retry: { ...fast, maxAttempts: 2 }, onExhausted: async () => assert.fail('not exhausted') },
      );
      await jobs.send(queue, { n: 1 }, { key: 'k' });
      await eventually('it is retrying', async () => assert.equal((await statsOf(queue.name)).retrying + attempts > 1, true));
      await eventually('done', () => assert.equal(attempts, 12));
    });

    test('a final fault and a bug are told at once; a bug is logged with its stack', async () => {
      const lines: string[] = [];
      await jobs.stop();
      jobs = await startJobs(store, { ...silentLog, error: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`) });
      const queue = newQueue();
      const told: string[] = [];
      await jobs.work(
        queue,
        async ({ payload }) => {
          if (payload.n === 1) throw new Fault('dicom-unreadable', 'broken');
          throw new TypeError('undefined is not a study');
        },
        { onExhausted: async ({ key, attempt }, { code }) => void told.push(`${key} ${code} ${attempt}`) },
      );
      await jobs.send(queue, { n: 1 }, { key: 'fault' });
      await jobs.send(queue, { n: 2 }, { key: 'bug' });
      await eventually('both failed', async () => assert.equal((await statsOf(queue.name)).failed, 2));
      assert.deepEqual(told.sort(), ['bug bug 1', 'fault dicom-unreadable 1']);
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, /a bug ended a job.*TypeError at .*jobs-failures\.test/);
      assert.doesNotMatch(lines[0]!, /undefined is not a study/, 'a message may quote anything');
    });

    test('onExhausted is called again until it succeeds', async () => {
      const queue = newQueue();
      let handled = 0;
      let told = 0;
      await jobs.work(
        queue,
        async () => {
          handled++;
          throw new Fault('dicom-unreadable', 'broken');
        },
        {
          retry: fast,
          onExhausted: async () => {
            if (++told < 3) throw new Fault('pacs-unreachable', 'cannot store the failure document');
          },
        },
      );
      await jobs.send(queue, { n: 1 }, { key: 'k' });
      await eventually('failed', async () => assert.equal((await statsOf(queue.name)).failed, 1));
      assert.deepEqual([handled, told], [1, 3]);
    });

    test('a success removes the failed job of the same key; a second failure replaces the first', async () => {
      const queue = newQueue();
      await jobs.work(queue, async ({ payload }) => {
        if (payload.n < 3) throw new Fault('dicom-unreadable', `broken ${payload.n}`);
      });
      for (const n of [1, 2]) {
        await jobs.send(queue, { n }, { key: 'k' });
        await eventually('failed', async () =>
          assert.deepEqual(
            (await jobs.failedJobs({ queue: queue.name })).map(({ failure }) => failure.detail),
            [`broken ${n}`],
          ),
        );
      }
      await jobs.send(queue, { n: 3 }, { key: 'k' });
      await eventually('cleared', async () => assert.equal((await statsOf(queue.name)).failed, 0));
    });

    test('a job that fails while a newer one waits is merged with it', async () => {
      const queue = newQueue();
      const seen: string[] = [];
      await jobs.work(
        queue,
        async ({ payload, attempt }) => {
          seen.push(`${payload.n}/${attempt}`);
          await sleep(150);
          if (payload.n === 1) throw new Fault('pacs-error', 'half an answer');
        },
        { retry: fast },
      );
      await jobs.send(queue, { n: 1 }, { key: 'k' });
      await eventually('active', () => assert.equal(seen.length, 1), { intervalMs: 5 });
      await jobs.send(queue, { n: 2 }, { key: 'k' });
      await eventually('both ran', async () => assert.equal((await statsOf(queue.name)).oldestAgeMs, undefined));
      assert.deepEqual(seen, ['1/1', '2/2']);
    });
  });
}
