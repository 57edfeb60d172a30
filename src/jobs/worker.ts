import { randomUUID } from 'node:crypto';
import { Fault } from '../errors.js';
import { placeOf, type Log } from '../log.js';
import { failureOf, type JobFailure } from './failure.js';
import type { JobRecord, JobTable, PutBack, StoredJob } from './job-table.js';
import { isSuspect, type Lease } from './lease.js';
import type { Handler, Job, Queue, WorkOptions } from './queue.js';
import { defaultRetryPolicy, delayBeforeRetry, growingDelay, type RetryPolicy } from './retry-policy.js';
import { WakeUp } from './wake-up.js';
import { within } from '../lib/within.js';

export interface WorkerContext {
  readonly jobs: JobTable;
  readonly lease: Lease;
  readonly log: Log;
  /** Names this process in the database. */
  readonly name: string;
  readonly leaseMs: number;
  /** Other processes send too; their jobs are found by looking. */
  readonly pollIntervalMs: number;
}

interface ActiveJob {
  readonly settled: Promise<void>;
  readonly abort: AbortController;
  readonly stored: StoredJob;
}

/** How soon again after the database did not answer. */
const databasePause = { firstDelayMs: 100, maxDelayMs: 5_000 };

/**
 * Works through one queue: as many jobs side by side as allowed, each to its end whatever happens. A job that may have killed its
 * process before is worked on alone, so that it is known whether it was the one.
 */
export class QueueWorker<Payload extends object> {
  readonly #policy: RetryPolicy;
  readonly #concurrency: number;
  readonly #wakeUp = new WakeUp();
  readonly #active = new Map<string, ActiveJob>();
  readonly #stopping = new AbortController();
  /** After this nothing is written any more: the database may be closed. */
  #abandoned = false;
  #loop: Promise<void> | undefined;

  constructor(
    private readonly queue: Queue<Payload>,
    private readonly handler: Handler<Payload>,
    private readonly options: WorkOptions<Payload>,
    private readonly around: WorkerContext,
  ) {
    this.#policy = { ...defaultRetryPolicy, ...options.retry };
    this.#concurrency = options.concurrency ?? 1;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Something may be due now, or in a while. */
  wake(afterMs = 0): void {
    this.#wakeUp.ring(afterMs);
  }

  /** Fetches no more, waits for what is in hand, asks it to end after half of the time, then hands it back. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping.abort();
    this.#wakeUp.ring();
    await within(timeoutMs / 2, this.#allSettled());
    for (const { abort } of this.#active.values()) abort.abort(new Error('the process stops'));
    await within(timeoutMs / 2, this.#allSettled());
    const left = [...this.#active.values()].map(({ stored }) => stored);
    await within(1_000, Promise.allSettled(left.map((stored) => this.around.jobs.putBack(stored, handBack(stored)))));
    if (left.length) this.around.log.warn('jobs handed back unfinished', { queue: this.queue.name, jobs: left.length });
    this.#abandoned = true;
    this.#wakeUp.close();
  }

  async #allSettled(): Promise<void> {
    await this.#loop;
    await Promise.all([...this.#active.values()].map(({ settled }) => settled));
  }

  async #run(): Promise<void> {
    const { jobs, name, leaseMs, log, pollIntervalMs } = this.around;
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      const active = [...this.#active.values()];
      const free = active.some(({ stored }) => isSuspect(stored)) ? 0 : this.#concurrency - active.length;
      try {
        const fetched = free > 0 ? await jobs.fetch(this.queue.name, free, randomUUID(), name, leaseMs) : [];
        if (failures > 0) log.info('the queue can be read again', { queue: this.queue.name });
        failures = 0;
        for (const stored of [...fetched].sort((a, b) => Number(isSuspect(a)) - Number(isSuspect(b)))) this.#take(stored);
        // A full batch may not have been all; with every hand full, the end of a job wakes us.
        if (fetched.length === 0 || free === fetched.length) await this.#wakeUp.wait(pollIntervalMs);
      } catch (thrown) {
        if (failures++ === 0) log.warn('the queue cannot be read', { queue: this.queue.name, reason: String(thrown) });
        await this.#wakeUp.pause(growingDelay(failures, databasePause));
      }
    }
  }

  #take(stored: StoredJob): void {
    const abort = new AbortController();
    this.around.lease.hold(stored, () => abort.abort(new Error('another worker has taken this job over')));
    const before = isSuspect(stored) ? [...this.#active.values()].map((one) => one.settled) : [];
    const settled = Promise.all(before)
      .then(() => this.#limited(abort, () => this.#handle(stored, abort.signal)))
      .catch((thrown: unknown) =>
        this.around.log.error('a job was left in hand', { queue: this.queue.name, key: stored.key, stack: placeOf(thrown) }),
      )
      .finally(() => {
        this.around.lease.release(stored);
        this.#active.delete(stored.id);
        this.#wakeUp.ring();
      });
    this.#active.set(stored.id, { settled, abort, stored });
  }

  async #limited(abort: AbortController, work: () => Promise<void>): Promise<void> {
    const { timeLimitMs } = this.options;
    const timer =
      timeLimitMs === undefined
        ? undefined
        : setTimeout(
            () => abort.abort(new Fault('timed-out', `the job took longer than ${Math.round(timeLimitMs / 1000)} s`)),
            timeLimitMs,
          );
    await work().finally(() => clearTimeout(timer));
  }

  async #handle(stored: StoredJob, signal: AbortSignal): Promise<void> {
    const { jobs } = this.around;
    if (stored.record.exhausted) return this.#exhaust(stored, signal, stored.record.exhausted, stored.record);
    if (isSuspect(stored)) {
      if (this.#stopping.signal.aborted) return this.#putBack(stored, handBack(stored));
      await this.#write(stored, () => jobs.markAlone(stored));
    }
    try {
      const later = await this.handler(this.#job(stored, signal));
      if (!later) return await this.#write(stored, () => jobs.done(stored));
      this.wake(later.retryAfterMs);
      return await this.#putBack(stored, { delayMs: later.retryAfterMs, record: stored.record, earlierWins: true });
    } catch (thrown) {
      if (isTakenAway(signal)) return this.#putBack(stored, handBack(stored));
      return this.#fail(stored, signal, signal.aborted ? signal.reason : thrown);
    }
  }

  async #fail(stored: StoredJob, signal: AbortSignal, thrown: unknown): Promise<void> {
    const failure = failureOf(thrown);
    const failures = { ...stored.record.failures, [failure.code]: (stored.record.failures?.[failure.code] ?? 0) + 1 };
    const record = { ...stored.record, failures, last: failure };
    const fields = { queue: this.queue.name, key: stored.key, code: failure.code, attempt: attemptOf(stored) };
    if (failure.code === 'bug') this.around.log.error('a bug ended a job', { ...fields, stack: placeOf(thrown) });
    const delayMs = delayBeforeRetry(failure, failures, this.#policy);
    if (delayMs === undefined) return this.#exhaust(stored, signal, failure, record);
    this.around.log.warn('a job failed and is tried again', { ...fields, reason: failure.detail, delayMs: Math.round(delayMs) });
    await this.#putBack(stored, { delayMs, record, earlierWins: false });
  }

  /** Marks first, then calls, then parks: wherever the process dies, the next one goes on from there. */
  async #exhaust(stored: StoredJob, signal: AbortSignal, failure: JobFailure, earlier: JobRecord): Promise<void> {
    const { jobs, log } = this.around;
    const record = { ...earlier, exhausted: failure };
    await this.#write(stored, () => jobs.markExhausted(stored, record));
    try {
      const job = this.#readable({ ...stored, record }, signal);
      if (job) await this.options.onExhausted?.(job, failure);
    } catch (thrown) {
      if (isTakenAway(signal)) return this.#putBack(stored, { ...handBack(stored), record });
      const callbacks = (record.callbacks ?? 0) + 1;
      log.error('what follows a job without attempts failed', { queue: this.queue.name, key: stored.key, stack: placeOf(thrown) });
      return this.#putBack(stored, {
        delayMs: growingDelay(callbacks, this.#policy),
        record: { ...record, callbacks },
        earlierWins: false,
      });
    }
    log.warn('a job is parked', { queue: this.queue.name, key: stored.key, code: failure.code, reason: failure.detail });
    await this.#write(stored, () => jobs.park(stored));
  }

  async #putBack(stored: StoredJob, how: PutBack): Promise<void> {
    await this.#write(stored, () => this.around.jobs.putBack(stored, how));
    this.wake(how.delayMs);
  }

  /** The outcome of a job is written however long the database is away; meanwhile the job stays in hand. */
  async #write(stored: StoredJob, write: () => Promise<boolean>): Promise<void> {
    for (let failures = 1; !this.#abandoned; failures++) {
      try {
        if (!(await write()))
          this.around.log.warn('a job was finished that another worker had taken over', { queue: this.queue.name, key: stored.key });
        return;
      } catch (thrown) {
        if (failures === 1)
          this.around.log.warn('the outcome of a job cannot be written yet', {
            queue: this.queue.name,
            key: stored.key,
            reason: String(thrown),
          });
        await this.#wakeUp.pause(growingDelay(failures, databasePause));
      }
    }
  }

  /** A payload that cannot be read is parked with nobody told but the log: asking again would not change it. */
  #readable(stored: StoredJob, signal: AbortSignal): Job<Payload> | undefined {
    try {
      return this.#job(stored, signal);
    } catch (thrown) {
      this.around.log.error('the payload of a job cannot be read', { queue: this.queue.name, key: stored.key, stack: placeOf(thrown) });
      return undefined;
    }
  }

  #job(stored: StoredJob, signal: AbortSignal): Job<Payload> {
    const { id, key, priority, sentAt } = stored;
    return {
      id,
      queue: this.queue.name,
      key,
      payload: this.queue.parse(stored.payload),
      priority,
      attempt: attemptOf(stored),
      sentAt,
      signal,
    };
  }
}

function attemptOf(stored: StoredJob): number {
  const { failures = {}, exhausted } = stored.record;
  const failed = Object.values(failures).reduce((sum, n) => sum + n, 0);
  // An exhausted job is not attempted again: the last attempt was the last failure.
  return exhausted ? Math.max(1, failed) : 1 + failed;
}

/** Because another process has it or this one stops, and not because its time is over. */
function isTakenAway(signal: AbortSignal): boolean {
  return signal.aborted && !(signal.reason instanceof Fault);
}

function handBack(stored: StoredJob): PutBack {
  return { delayMs: 0, record: stored.record, earlierWins: true };
}
