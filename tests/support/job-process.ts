import { setTimeout as sleep } from 'node:timers/promises';
import { startJobs } from '../../src/jobs/jobs.js';
import { defineQueue } from '../../src/jobs/queue.js';
import { silentLog } from '../../src/log.js';
import type { StoreLocation } from '../../src/store/store-location.js';
import { openStore } from '../../src/store/store.js';

/*
 * A process of its own that works on jobs, made to be killed. One JSON line on standard output for each thing that it
 * did, written before it goes on: { did: "ready" | "sent" | "start" | "end" | "failed", key?, at }.
 */
export interface JobProcessOptions {
  readonly location: StoreLocation;
  readonly queue: string;
  readonly concurrency: number;
  readonly jobMs: number;
  readonly leaseMs?: number;
  /** Keys that it sends, one after the other. */
  readonly send: readonly string[];
  /** The key whose job kills the process, as a crash of native code does. */
  readonly poison?: string;
}

export interface JobProcessLine {
  readonly did: 'ready' | 'sent' | 'start' | 'end' | 'failed';
  readonly key?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const { location, queue: name, concurrency, jobMs, leaseMs, send, poison } = JSON.parse(process.argv[2]!) as JobProcessOptions;
const tell = (did: JobProcessLine['did'], key?: string) => process.stdout.write(`${JSON.stringify({ did, key, at: Date.now() })}\n`);

const queue = defineQueue<{ readonly key: string }>(name);
const store = await openStore(location, silentLog);
const jobs = await startJobs(store, silentLog, leaseMs === undefined ? {} : { leaseMs });
await jobs.work(
  queue,
  async ({ key, payload }) => {
    if (payload.key !== key) throw new Error("the payload is another key's");
    tell('start', key);
    if (key === poison) process.kill(process.pid, 'SIGSEGV');
    await sleep(jobMs);
    // The outcome stands in the index before the job is done, as a study's result does.
    await store.results.recordResult({ resultId: `of-${key}`, studyInstanceUID: key, outcome: 'reported', inputKey: key });
    tell('end', key);
  },
  {
    concurrency,
    onExhausted: async ({ key }) => {
      tell('failed', key);
    },
  },
);
tell('ready');
for (const key of send) {
  await jobs.send(queue, { key }, { key });
  tell('sent', key);
}
process.on(
  'SIGTERM',
  () =>
    void jobs
      .stop({ timeoutMs: 2_000 })
      .then(() => store.close())
      .then(() => process.exit(0)),
);
