import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Log } from '../log.js';
import type { Store } from '../store/store.js';
import { createQueue, startBoss } from './boss.js';
import { JobOverview } from './job-overview.js';
import { JobTable } from './job-table.js';
import { Lease } from './lease.js';
import type { Handler, FailedJob, Queue, QueueStats, SendOptions, Sent, WorkOptions } from './queue.js';
import { every, type Periodic } from './schedule.js';
import { within } from '../lib/within.js';
import { QueueWorker } from './worker.js';

export interface JobsOptions {
  /** A process that shows no life for so long is taken for dead and its jobs are taken over; default 30 s. */
  readonly leaseMs?: number;
  /** How often to look for jobs that another process sent; default 0.5 s, or 1 s for the embedded database, where there is no other. */
  readonly pollIntervalMs?: number;
  /** In which cron expressions are meant; default the host's. */
  readonly timeZone?: string;
}

/** Durable queues and periodic work. See queue.ts for a job's life. */
export interface Jobs {
  /** Durable when it resolves: only then may the caller forget what it stands for. */
  send<Payload extends object>(queue: Queue<Payload>, payload: Payload, options: SendOptions): Promise<Sent>;
  /** Starts working on a queue; once for each queue and process. */
  work<Payload extends object>(queue: Queue<Payload>, handler: Handler<Payload>, options?: WorkOptions<Payload>): Promise<void>;
  /** @see every in schedule.ts; stopped with the rest */
  every(when: string | number, name: string, work: (signal: AbortSignal) => Promise<void>): Periodic;
  stats(): Promise<readonly QueueStats[]>;
  /** Newest first. */
  parked(options?: { readonly queue?: string; readonly limit?: number }): Promise<readonly FailedJob[]>;
  /** With all its attempts again; false if there is no such parked job. */
  retryFailedJob(id: string): Promise<boolean>;
  /**
   * Takes no more work, ends the periodic work, gives jobs in hand half of the time to finish and the other half to react to
   * their signal, and hands back the rest. Default 10 s. The store stays open.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/** Counting a long queue takes long (a quarter of a second for 45,000 embedded jobs, in which nothing else runs): it gets a twentieth of the time. */
function rarely<T>(count: () => Promise<T>): () => Promise<T> {
  let last: { readonly value: T; readonly until: number } | undefined;
  return async () => {
    if (last && performance.now() < last.until) return last.value;
    const from = performance.now();
    const value = await count();
    const tookMs = performance.now() - from;
    last = tookMs > 50 ? { value, until: performance.now() + 20 * tookMs } : undefined;
    return value;
  };
}

interface Wakeable {
  wake(afterMs?: number): void;
  stop(timeoutMs: number): Promise<void>;
}

export async function startJobs(store: Store, log: Log, options: JobsOptions = {}): Promise<Jobs> {
  const {
    timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone,
    leaseMs = 30_000,
    pollIntervalMs = store.kind === 'embedded' ? 1_000 : 500,
  } = options;
  const boss = await startBoss(store.sql, log);
  const table = new JobTable(store.sql, boss);
  const overview = new JobOverview(store.sql);
  const workers = new Map<string, Wakeable>();
  const periodics: Periodic[] = [];
  const wake = (queue: string, afterMs = 0) => workers.get(queue)?.wake(afterMs);
  const lease = new Lease(store.sql, table, log, { leaseMs, onTakenOver: wake });
  const name = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  await lease.start();

  const known = new Map<string, Promise<void>>();
  let creatingLast: Promise<unknown> = Promise.resolve();
  const ensure = (queue: string) => {
    const present = known.get(queue);
    if (present) return present;
    const creating = creatingLast.then(() => createQueue(boss, store.sql, queue));
    creatingLast = creating.catch(() => known.delete(queue));
    known.set(queue, creating);
    return creating;
  };

  return {
    async send(queue, payload, sendOptions) {
      await ensure(queue.name);
      const sent = await table.send(queue.name, payload, sendOptions);
      wake(queue.name, sendOptions.startAfterMs);
      return sent;
    },

    async work(queue, handler, workOptions = {}) {
      if (workers.has(queue.name)) throw new Error(`queue ${queue.name} has a worker already`);
      await ensure(queue.name);
      const worker = new QueueWorker(queue, handler, workOptions, { jobs: table, lease, log, name, leaseMs, pollIntervalMs });
      workers.set(queue.name, worker);
      worker.start();
    },

    every(when, periodicName, work) {
      const periodic = every(when, periodicName, work, { log, record: store.schedules, timeZone });
      periodics.push(periodic);
      return periodic;
    },

    stats: rarely(() => overview.stats()),
    parked: ({ queue, limit = 100 } = {}) => overview.parked(queue, limit),

    async retryFailedJob(id) {
      const queue = await overview.retryFailedJob(id);
      if (queue !== undefined) wake(queue);
      return queue !== undefined;
    },

    async stop({ timeoutMs = 10_000 } = {}) {
      await Promise.all([
        within(timeoutMs, Promise.all(periodics.map((periodic) => periodic.stop()))),
        ...[...workers.values()].map((worker) => worker.stop(timeoutMs)),
      ]);
      workers.clear();
      await lease.stop();
      await boss.stop({ graceful: false });
    },
  };
}
