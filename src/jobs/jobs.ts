import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Log } from '../log.js';
import { within } from '../lib/within.js';
import type { Store } from '../store/store.js';
import { createQueue, startBoss } from './boss.js';
import { takeOverFormerQueues } from './former-queues.js';
import { JobOverview, type JobSubjects } from './job-overview.js';
import { JobTable } from './job-table.js';
import { followClock } from './clock-set-back.js';
import { Lease } from './lease.js';
import type { Handler, FailedJob, Queue, QueueStats, SendOptions, Sent, WorkOptions } from './queue.js';
import { every, type Periodic } from './schedule.js';
import { QueueWorker } from './worker.js';

export interface JobsOptions {
  /** A process that does not renew its leases for this long counts as dead, and others take its jobs over; default 30 s. */
  readonly leaseMs?: number;
  /** Interval at which jobs that other processes sent are looked for; default 0.5 s, or 1 s for the embedded database, which has one process. */
  readonly pollIntervalMs?: number;
  /** Time zone of cron expressions, as an IANA name; default the host's. */
  readonly timeZone?: string;
  /** How often jobs are looked for that a clock has delayed which was set back since. */
  readonly clockCheckMs?: number;
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
  failedJobs(options?: { readonly queue?: string; readonly limit?: number }): Promise<readonly FailedJob[]>;
  /** Of the keys that have a job in one of the queues: `pending` if one waits, is active or is to be retried, else `failed`. */
  statesOf(queues: readonly Pick<Queue<object>, 'name'>[], keys: readonly string[]): Promise<ReadonlyMap<string, 'pending' | 'failed'>>;
  countAbout(subjects: JobSubjects): Promise<number>;
  /** Removes jobs about studies whose data are erased; one that is active is removed when it ends. @returns their number */
  removeAbout(subjects: JobSubjects): Promise<number>;
  /** Gives a failed job all its attempts again; false if there is no failed job of this id. */
  retryFailedJob(id: string): Promise<boolean>;
  /**
   * Fetches no more jobs and ends the periodic work. Active jobs have half of the time to finish and the other half to react to
   * their signal; those that are active then go back to their queue. Default 10 s. The store stays open.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/** Counting a long queue takes long (250 ms for 45,000 jobs of the embedded database, during which nothing else runs): a slow count is used again for 20 times its duration. */
function cached<T>(count: () => Promise<T>): () => Promise<T> {
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
    clockCheckMs = 10_000,
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
  const stopFollowingClock = followClock(store.sql, log, clockCheckMs, wake);

  const known = new Map<string, Promise<void>>();
  let creatingLast: Promise<unknown> = Promise.resolve();
  const ensure = ({ name: queue, formerNames }: Pick<Queue<object>, 'name' | 'formerNames'>) => {
    const present = known.get(queue);
    if (present) return present;
    const creating = creatingLast.then(async () => {
      await createQueue(boss, store.sql, queue);
      await takeOverFormerQueues(store.sql, queue, formerNames, log);
    });
    creatingLast = creating.catch(() => known.delete(queue));
    known.set(queue, creating);
    return creating;
  };

  return {
    async send(queue, payload, sendOptions) {
      await ensure(queue);
      const sent = await table.send(queue.name, payload, sendOptions);
      wake(queue.name, sendOptions.startAfterMs);
      return sent;
    },

    async work(queue, handler, workOptions = {}) {
      if (workers.has(queue.name)) throw new Error(`queue ${queue.name} has a worker already`);
      await ensure(queue);
      const worker = new QueueWorker(queue, handler, workOptions, { jobs: table, lease, log, name, leaseMs, pollIntervalMs });
      workers.set(queue.name, worker);
      worker.start();
    },

    every(when, periodicName, work) {
      const periodic = every(when, periodicName, work, { log, record: store.schedules, timeZone });
      periodics.push(periodic);
      return periodic;
    },

    stats: cached(() => overview.stats()),
    failedJobs: ({ queue, limit = 100 } = {}) => overview.failedJobs(queue, limit),

    statesOf: (queues, keys) =>
      overview.statesOf(
        queues.map((queue) => queue.name),
        keys,
      ),

    countAbout: (subjects) => overview.countAbout(subjects),
    removeAbout: (subjects) => overview.removeAbout(subjects),

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
      await stopFollowingClock();
      await boss.stop({ graceful: false });
    },
  };
}
