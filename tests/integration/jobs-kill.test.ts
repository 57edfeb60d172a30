import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../../src/config.js';
import { startJobs } from '../../src/jobs/jobs.js';
import { defineQueue } from '../../src/jobs/queue.js';
import { silentLog } from '../../src/log.js';
import { openStore } from '../../src/store/store.js';
import { eventually } from '../support/eventually.js';
import type { JobProcessLine, JobProcessOptions } from '../support/job-process.js';
import { storeBackends } from '../support/store.js';

interface Process {
  readonly lines: readonly JobProcessLine[];
  readonly gone: Promise<unknown>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

const running = new Set<ChildProcess>();

function startProcess(options: JobProcessOptions): Process {
  const child = spawn(process.execPath, [join(projectRoot, 'dist/tests/support/job-process.js'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const lines: JobProcessLine[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(JSON.parse(line) as JobProcessLine));
  const gone = once(child, 'close').then(() => running.delete(child));
  return {
    lines,
    gone,
    async kill(signal) {
      child.kill(signal);
      await gone;
    },
  };
}

const did = (process: Process, what: JobProcessLine['did']) => process.lines.filter((line) => line.did === what).map((line) => line.key!);
const keys = (n: number, from = 0) => Array.from({ length: n }, (_, k) => `1.2.${from + k}`);

/** Times at which a key was active, over several processes; a start without an end lasts until its process was killed. */
function overlapping(processes: readonly { readonly lines: readonly JobProcessLine[]; readonly killedAt?: number }[]): string[] {
  const spans = processes.flatMap(({ lines, killedAt = Infinity }) =>
    lines
      .filter((line) => line.did === 'start')
      .map((start) => {
        const end = lines.find((line) => line.did === 'end' && line.key === start.key && line.at >= start.at);
        return { key: start.key!, from: start.at, to: end?.at ?? killedAt };
      }),
  );
  return spans.filter((a) => spans.some((b) => a !== b && a.key === b.key && a.from < b.to && b.from < a.to)).map(({ key }) => key);
}

for (const backend of storeBackends()) {
  describe(`jobs and kill -9 on ${backend.name}`, { skip: backend.missing }, () => {
    after(async () => {
      for (const child of running) child.kill('SIGKILL');
      await backend.stop();
    });

    test('jobs active when the process is killed run again in the next one', async () => {
      const location = await backend.location();
      const options = { location, queue: 'kill', concurrency: 3, jobMs: 1_500, leaseMs: 3_000 };
      const first = startProcess({ ...options, send: keys(8) });
      await eventually('all sent, three active', () => assert.ok(did(first, 'sent').length === 8 && did(first, 'start').length >= 3), {
        timeoutMs: 60_000,
      });
      await first.kill('SIGKILL');
      const active = did(first, 'start').filter((key) => !did(first, 'end').includes(key));
      assert.ok(active.length > 0);
      const from = Date.now();
      const second = startProcess({ ...options, jobMs: 20, send: [] });
      await eventually('the rest ran', () => assert.equal(new Set([...did(first, 'end'), ...did(second, 'end')]).size, 8), {
        timeoutMs: 30_000,
      });
      const back = active.map((key) => second.lines.find((line) => line.did === 'start' && line.key === key)!.at);
      const ready = second.lines.find((line) => line.did === 'ready')!.at;
      console.log(
        `${backend.name}: jobs of a killed process ran again ${Math.max(...back) - from} ms after the next one was started (${Math.max(...back) - ready} ms after it was ready)`,
      );
      await second.kill('SIGTERM');
    });

    test('killed eight times while sending and working: nothing that was sent is lost', async () => {
      const location = await backend.location();
      const sent = new Set<string>();
      const processes: (Process & { killedAt?: number })[] = [];
      for (let round = 0; round < 8; round++) {
        const process = startProcess({
          location,
          queue: 'kill',
          concurrency: 3,
          jobMs: 30,
          leaseMs: 1_500,
          send: keys(100, round * 1_000),
        });
        // Killed before it has ended anything again and again, a job would rightly be taken for the killer.
        await eventually('it works', () => assert.ok(did(process, 'sent').length > 0 && did(process, 'end').length > 0), {
          timeoutMs: 30_000,
        });
        await sleep(50 + 97 * round);
        await process.kill('SIGKILL');
        for (const key of did(process, 'sent')) sent.add(key);
        processes.push({ ...process, killedAt: Date.now() });
      }
      const last = startProcess({ location, queue: 'kill', concurrency: 10, jobMs: 1, leaseMs: 1_500, send: [] });
      const ended = () => new Set([...processes, last].flatMap((process) => did(process, 'end')));
      await eventually(
        'all ran',
        () =>
          assert.deepEqual(
            [...sent].filter((key) => !ended().has(key)),
            [],
          ),
        { timeoutMs: 60_000 },
      );
      await last.kill('SIGTERM');
      const store = await openStore(location, silentLog);
      for (const key of sent) assert.equal((await store.results.ofStudy(key)).length, 1);
      await store.close();
      console.log(
        `${backend.name}: 8 kills, ${sent.size} jobs sent, 0 lost, ${[...processes, last].flatMap((process) => did(process, 'start')).length - ended().size} started again`,
      );
    });

    test('a job that kills its process has failed after five deaths of processes; jobs that were active beside it have not', async () => {
      const location = await backend.location();
      const poison = '1.2.1';
      const innocent = keys(6).filter((key) => key !== poison);
      const options: JobProcessOptions = { location, queue: 'poison', concurrency: 3, jobMs: 600, leaseMs: 1_500, send: [], poison };
      const store = await openStore(location, silentLog);
      const jobs = await startJobs(store, silentLog);
      for (const key of keys(6)) await jobs.send(defineQueue<{ readonly key: string }>('poison'), { key }, { key });
      await jobs.stop();
      await store.close();
      let deaths = 0;
      for (let last = startProcess(options); ; last = startProcess(options)) {
        // Whoever keeps the service running starts it again.
        const ended = await Promise.race([
          last.gone.then(() => true),
          eventually('failed', () => assert.ok(last.lines.some(({ did: what, key }) => what === 'failed' && key === poison)), {
            timeoutMs: 60_000,
          }).then(() => false),
        ]);
        if (!ended) {
          await last.kill('SIGTERM');
          break;
        }
        deaths++;
      }
      assert.equal(deaths, 5);
      const after = await openStore(location, silentLog);
      for (const key of innocent) assert.equal((await after.results.ofStudy(key)).length, 1, `${key} was done`);
      assert.equal((await after.results.ofStudy(poison)).length, 0);
      await after.close();
    });
  });
}

const postgresql = storeBackends()[1]!;
describe('several processes on one PostgreSQL', { skip: postgresql.missing }, () => {
  after(async () => {
    for (const child of running) child.kill('SIGKILL');
    await postgresql.stop();
  });

  test('six that start at once on an empty database make its tables together', async () => {
    const location = await postgresql.location();
    const queue = defineQueue<{ readonly key: string }>('first');
    const ends = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const store = await openStore(location, silentLog);
        const jobs = await startJobs(store, silentLog);
        await Promise.all(keys(10).map((key) => jobs.send(defineQueue(`queue-${key}`), { key }, { key })));
        await jobs.send(queue, { key: 'k' }, { key: 'k' });
        return async () => {
          await jobs.stop();
          await store.close();
        };
      }),
    );
    await Promise.all(ends.map((end) => end()));
  });

  test("two workers never have the same key active; a dead one's jobs are taken over", async () => {
    const location = await postgresql.location();
    const options = { location, queue: 'shared', concurrency: 4, jobMs: 40, leaseMs: 3_000 };
    // Both send the same keys again and again: every key is waiting and active at once most of the time.
    const send = Array.from({ length: 10 }, () => keys(12)).flat();
    const a = startProcess({ ...options, send });
    const b = startProcess({ ...options, send });
    await eventually('both sent all', () => assert.ok([a, b].every((process) => did(process, 'sent').length === send.length)), {
      timeoutMs: 30_000,
    });
    const last = new Map<string, number>();
    for (const { did: what, key, at } of [...a.lines, ...b.lines]) if (what === 'sent') last.set(key!, Math.max(at, last.get(key!) ?? 0));
    const startedAfter = (key: string) =>
      [...a.lines, ...b.lines].some((line) => line.did === 'end' && line.key === key && line.at >= last.get(key)!);
    await eventually('each key was worked on after it was last sent', () =>
      assert.deepEqual(
        keys(12).filter((key) => !startedAfter(key)),
        [],
      ),
    );
    assert.deepEqual(overlapping([a, b]), []);
    assert.ok(did(a, 'start').length > 5 && did(b, 'start').length > 5, 'the work is shared');

    const slow = startProcess({ ...options, queue: 'slow', jobMs: 60_000, send: ['1.9.1'] });
    await eventually('active', () => assert.deepEqual(did(slow, 'start'), ['1.9.1']));
    const other = startProcess({ ...options, queue: 'slow', jobMs: 10, send: [] });
    await sleep(5_000);
    assert.deepEqual(did(other, 'start'), [], 'a living worker keeps its job beyond the first lease');
    await slow.kill('SIGKILL');
    const from = Date.now();
    await eventually('taken over', () => assert.deepEqual(did(other, 'end'), ['1.9.1']), { timeoutMs: 20_000 });
    console.log(
      `postgresql: a dead worker's job taken over after ${Date.now() - from} ms with a lease of ${options.leaseMs} ms (default 30000)`,
    );
    await Promise.all([a, b, other].map((process) => process.kill('SIGTERM')));
  });

  test('a job sent by another process is found', async () => {
    const location = await postgresql.location();
    const worker = startProcess({ location, queue: 'far', concurrency: 1, jobMs: 1, send: [] });
    await eventually('ready', () => assert.equal(did(worker, 'ready').length, 1), { timeoutMs: 60_000 });
    const store = await openStore(location, silentLog);
    const jobs = await startJobs(store, silentLog);
    const queue = defineQueue<{ readonly key: string }>('far');
    const latencies: number[] = [];
    for (const key of keys(10)) {
      const sent = Date.now();
      await jobs.send(queue, { key }, { key });
      const start = await eventually(
        'it starts',
        () => {
          const line = worker.lines.find((one) => one.did === 'start' && one.key === key);
          assert.ok(line);
          return line;
        },
        { intervalMs: 5 },
      );
      latencies.push(start.at - sent);
    }
    latencies.sort((x, y) => x - y);
    console.log(`postgresql: send to start in another process, ms: median ${latencies[5]}, max ${latencies[9]}`);
    await jobs.stop();
    await store.close();
    await worker.kill('SIGTERM');
  });

  test('the server is killed and comes back: the processes live, nothing is lost', async () => {
    const server = (await postgresql.server())!;
    const location = await postgresql.location();
    const options = { location, queue: 'outage', concurrency: 3, jobMs: 100, leaseMs: 3_000 };
    const worker = startProcess({ ...options, send: keys(40) });
    await eventually('all sent', () => assert.equal(did(worker, 'sent').length, 40), { timeoutMs: 60_000 });
    await server.kill();
    await sleep(1_500);
    await server.start();
    const from = Date.now();
    await eventually('all ran', () => assert.equal(new Set(did(worker, 'end')).size, 40), { timeoutMs: 30_000 });
    const next = worker.lines.find((line) => line.did === 'start' && line.at > from)?.at ?? from;
    console.log(`postgresql: work went on ${next - from} ms after the server was back`);
    const store = await openStore(location, silentLog);
    const jobs = await startJobs(store, silentLog);
    await eventually(
      'nothing is left',
      async () => assert.equal((await jobs.stats()).find(({ queue }) => queue === 'outage')!.oldestAgeMs, undefined),
      { timeoutMs: 15_000 },
    );
    await jobs.stop();
    await store.close();
    await worker.kill('SIGTERM');
  });
});
