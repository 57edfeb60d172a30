import { randomUUID } from 'node:crypto';
import { Fault } from '../errors.js';
import { within } from '../lib/within.js';
import { placeOf, type Log } from '../log.js';
import { failureOf, type JobFailure } from './failure.js';
import type { JobRecord, JobTable, PutBack, StoredJob } from './job-table.js';
import { isSuspect, type Lease } from './lease.js';
import type { Handler, Job, Queue, WorkOptions } from './queue.js';
import { defaultRetryPolicy, delayBeforeRetry, growingDelay, type RetryPolicy } from './retry-policy.js';
import { WakeUp } from './wake-up.js';

export interface WorkerContext {
  readonly jobs: JobTable;
  readonly lease: Lease;
  readonly log: Log;
  /** Names this process in the database. */
  readonly name: string;
  readonly leaseMs: number;
  /** Interval at which jobs that other processes sent are looked for. */
  readonly pollIntervalMs: number;
}

interface ActiveJob {
  /** Resolves when the attempt is over and its outcome is written. */
  readonly ended: Promise<void>;
  readonly abort: AbortController;
  readonly stored: StoredJob;
}

/** Delay before the database is tried again after an error. */
const databasePause = { firstDelayMs: 100, maxDelayMs: 5_000 };

/**
 * Works on one queue: as many jobs at the same time as `concurrency` allows, each until its outcome is written. A job that may have
 * ended its process before runs alone, so that it is known whether it is the cause.
 */
export class QueueWorker<Payload extends object> {
  readonly #policy: RetryPolicy;
  readonly #concurrency: number;
  readonly #wakeUp = new WakeUp();
  readonly #active = new Map<string, ActiveJob>();
  readonly #stopping = new AbortController();
  /** From then on nothing is written: the database may be closed. */
  #abandoned = false;
  #loop: Promise<void> | undefined;

  constructor(
    private readonly queue: Queue<Payload>,
    private readonly handler: Handler<Payload>,
    private readonly options: WorkOptions<Payload>,
    private readonly context: WorkerContext,
  ) {
    this.#policy = { ...defaultRetryPolicy, ...options.retry };
    this.#concurrency = options.concurrency ?? 1;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** A job may be due now, or after `afterMs`. */
  wake(afterMs = 0): void {
    this.#wakeUp.wake(afterMs);
  }

  /** Fetches no more jobs, waits for the active ones, aborts their signals after half of the time, then puts the rest back. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping.abort();
    this.#wakeUp.wake();
    await within(timeoutMs / 2, this.#allEnded());
    for (const { abort } of this.#active.values()) abort.abort(new Error('the process stops'));
    await within(timeoutMs / 2, this.#allEnded());
    const left = [...this.#active.values()].map(({ stored }) => stored);
    await within(1_000, Promise.allSettled(left.map((stored) => this.context.jobs.putBack(stored, unchanged(stored)))));
    if (left.length) this.context.log.warn('jobs went back to the queue unfinished', { queue: this.queue.name, jobs: left.length });
    this.#abandoned = true;
    this.#wakeUp.close();
  }

  async #allEnded(): Promise<void> {
    await this.#loop;
    await Promise.all([...this.#active.values()].map(({ ended }) => ended));
  }

  async #run(): Promise<void> {
    const { jobs, name, leaseMs, log, pollIntervalMs } = this.context;
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      const active = [...this.#active.values()];
      const free = active.some(({ stored }) => isSuspect(stored)) ? 0 : this.#concurrency - active.length;
      try {
        const fetched = free > 0 ? await jobs.fetch(this.queue.name, free, randomUUID(), name, leaseMs) : [];
        if (failures > 0) log.info('the queue can be read again', { queue: this.queue.name });
        failures = 0;
        for (const stored of [...fetched].sort((a, b) => Number(isSuspect(a)) - Number(isSuspect(b)))) this.#take(stored);
        // More may be due after a full batch. When all places are taken, the end of a job wakes this loop.
        if (fetched.length === 0 || free === fetched.length) await this.#wakeUp.wait(pollIntervalMs);
      } catch (thrown) {
        if (failures++ === 0) log.warn('the queue cannot be read', { queue: this.queue.name, reason: String(thrown) });
        await this.#wakeUp.pause(growingDelay(failures, databasePause));
      }
    }
  }

  #take(stored: StoredJob): void {
    const abort = new AbortController();
    this.context.lease.add(stored, () => abort.abort(new Error('another worker has taken this job over')));
    const before = isSuspect(stored) ? [...this.#active.values()].map((one) => one.ended) : [];
    const ended = Promise.all(before)
      .then(() => this.#limited(abort, () => this.#handle(stored, abort.signal)))
      .catch((thrown: unknown) =>
        this.context.log.error('a job stayed active because its outcome could not be written', {
          queue: this.queue.name,
          key: stored.key,
          stack: placeOf(thrown),
        }),
      )
      .finally(() => {
        this.context.lease.release(stored);
        this.#active.delete(stored.id);
        this.#wakeUp.wake();
      });
    this.#active.set(stored.id, { ended, abort, stored });
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
    const { jobs } = this.context;
    if (stored.record.exhausted) return this.#exhaust(stored, signal, stored.record.exhausted, stored.record);
    if (isSuspect(stored)) {
      if (this.#stopping.signal.aborted) return this.#putBack(stored, unchanged(stored));
      await this.#write(stored, () => jobs.markAlone(stored));
    }
    try {
      const later = await this.handler(this.#job(stored, signal));
      if (!later) return await this.#write(stored, () => jobs.done(stored));
      this.wake(later.retryAfterMs);
      return await this.#putBack(stored, { delayMs: later.retryAfterMs, record: stored.record, earlierWins: true });
    } catch (thrown) {
      if (isTakenAway(signal)) return this.#putBack(stored, unchanged(stored));
      return this.#fail(stored, signal, signal.aborted ? signal.reason : thrown);
    }
  }

  async #fail(stored: StoredJob, signal: AbortSignal, thrown: unknown): Promise<void> {
    const failure = failureOf(thrown);
    const failures = { ...stored.record.failures, [failure.code]: (stored.record.failures?.[failure.code] ?? 0) + 1 };
    const record = { ...stored.record, failures, last: failure };
    const fields = { queue: this.queue.name, key: stored.key, code: failure.code, attempt: attemptOf(stored) };
    if (failure.code === 'bug') this.context.log.error('a bug ended a job', { ...fields, stack: placeOf(thrown) });
    const delayMs = delayBeforeRetry(failure, failures, this.#policy);
    if (delayMs === undefined) return this.#exhaust(stored, signal, failure, record);
    this.context.log.warn('a job failed and is retried', { ...fields, reason: failure.detail, delayMs: Math.round(delayMs) });
    await this.#putBack(stored, { delayMs, record, earlierWins: false });
  }

  /** Marks the job as exhausted, calls onExhausted, marks it as failed: wherever the process dies, the next one continues from there. */
  async #exhaust(stored: StoredJob, signal: AbortSignal, failure: JobFailure, earlier: JobRecord): Promise<void> {
    const { jobs, log } = this.context;
    const record = { ...earlier, exhausted: failure };
    await this.#write(stored, () => jobs.markExhausted(stored, record));
    try {
      const job = this.#readable({ ...stored, record }, signal);
      if (job) await this.options.onExhausted?.(job, failure);
    } catch (thrown) {
      if (isTakenAway(signal)) return this.#putBack(stored, { ...unchanged(stored), record });
      const callbacks = (record.callbacks ?? 0) + 1;
      log.error('the callback for a job without attempts left failed', { queue: this.queue.name, key: stored.key, stack: placeOf(thrown) });
      return this.#putBack(stored, {
        delayMs: growingDelay(callbacks, this.#policy),
        record: { ...record, callbacks },
        earlierWins: false,
      });
    }
    log.warn('a job has failed and needs attention', {
      queue: this.queue.name,
      key: stored.key,
      code: failure.code,
      reason: failure.detail,
    });
    await this.#write(stored, () => jobs.markFailed(stored));
  }

  async #putBack(stored: StoredJob, how: PutBack): Promise<void> {
    await this.#write(stored, () => this.context.jobs.putBack(stored, how));
    this.wake(how.delayMs);
  }

  /** Tries until the outcome of a job is written, however long the database is unavailable; meanwhile the job stays active. */
  async #write(stored: StoredJob, write: () => Promise<boolean>): Promise<void> {
    for (let failures = 1; !this.#abandoned; failures++) {
      try {
        if (!(await write()))
          this.context.log.warn('a finished job had been taken over by another worker', { queue: this.queue.name, key: stored.key });
        return;
      } catch (thrown) {
        if (failures === 1)
          this.context.log.warn('the outcome of a job cannot be written yet', {
            queue: this.queue.name,
            key: stored.key,
            reason: String(thrown),
          });
        await this.#wakeUp.pause(growingDelay(failures, databasePause));
      }
    }
  }

  /** A payload that cannot be read is only logged, and onExhausted is not called: a retry would not change it. */
  #readable(stored: StoredJob, signal: AbortSignal): Job<Payload> | undefined {
    try {
      return this.#job(stored, signal);
    } catch (thrown) {
      this.context.log.error('the payload of a job cannot be read', { queue: this.queue.name, key: stored.key, stack: placeOf(thrown) });
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
  // An exhausted job has no further attempt: its last one was its last failure.
  return exhausted ? Math.max(1, failed) : 1 + failed;
}

/** Whether the job was aborted because another process has it or this one stops, and not because its time limit is over. */
function isTakenAway(signal: AbortSignal): boolean {
  return signal.aborted && !(signal.reason instanceof Fault);
}

function unchanged(stored: StoredJob): PutBack {
  return { delayMs: 0, record: stored.record, earlierWins: true };
}
