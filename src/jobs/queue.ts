import type { JobFailure } from './failure.js';
import type { RetryPolicy } from './retry-policy.js';

/*
 * A job's life
 *
 *   send ──► waiting ──► active ──► done                      (the row is gone; what came of it is a result)
 *              ▲  ▲         │
 *              │  └─ later ─┤  the handler asks for another time
 *              ├─── fault ──┤  that can pass: again after a growing delay      "retrying"
 *              ├─── death ──┤  of the process: at once
 *              │            └─ exhausted ─► onExhausted ─► failed ─┐
 *              └──────────────────── retryFailedJob ──────────────────┘
 *
 * For each queue and key at most one job waits and at most one is active. Sending while one waits merges the
 * two; sending while one is active makes one more wait, so whatever was sent last is always worked on later.
 */

/** A kind of work. `Payload` is what its jobs carry: JSON, UIDs and numbers, no patient attribute. */
export interface Queue<Payload extends object> {
  readonly name: string;
  /** Names in earlier releases: jobs under them are moved here. */
  readonly formerNames: readonly string[];
  /** Makes a payload from the stored value, which an earlier release may have written. */
  readonly parse: (stored: unknown) => Payload;
}

/** @param options.parse by default the stored value is taken as it was sent */
export function defineQueue<Payload extends object>(
  name: string,
  options: { readonly formerNames?: readonly string[]; readonly parse?: (stored: unknown) => Payload } = {},
): Queue<Payload> {
  const { formerNames = [], parse = (stored) => stored as Payload } = options;
  return Object.freeze({ name, formerNames, parse });
}

export interface SendOptions {
  /** What the job is about, such as a StudyInstanceUID: jobs of the same queue and key never run side by side. */
  readonly key: string;
  readonly startAfterMs?: number;
  /** Higher goes first; default 0. */
  readonly priority?: number;
}

/** `merged`: one was waiting; it has the new payload now, the higher priority, and the earlier start. */
export type Sent = 'queued' | 'merged';

export interface Job<Payload extends object> {
  readonly id: string;
  readonly queue: string;
  readonly key: string;
  readonly payload: Payload;
  readonly priority: number;
  /** 1 for the first; failed attempts are counted, postponements are not. */
  readonly attempt: number;
  readonly sentAt: Date;
  /**
   * Aborted when another worker has taken the job over, or when the process stops and half of the time for that is over: if the
   * handler throws then, the job goes back to its queue and the attempt is not counted. Also aborted, with a Fault, when the job's
   * time limit is over.
   */
  readonly signal: AbortSignal;
}

/** Not a failure: it is too early. */
export interface RetryLater {
  readonly retryAfterMs: number;
}

export function retryLater(retryAfterMs: number): RetryLater {
  return { retryAfterMs };
}

/**
 * Returns when the work is done, returns `retryLater(ms)` when it is too early, throws a Fault when a dependency
 * failed. Any other error that it throws is a bug and is not retried. May run more than once for the same job.
 */
export type Handler<Payload extends object> = (job: Job<Payload>) => Promise<RetryLater | void>;

export interface WorkOptions<Payload extends object> {
  /** Jobs that are active at the same time in this process; default 1. */
  readonly concurrency?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** After this time the signal of an attempt is aborted with a Fault `timed-out`; if the handler then throws, the attempt has failed with it. */
  readonly timeLimitMs?: number;
  /**
   * Called when no attempt is left, before the job is marked as failed; called again if it throws or the process dies during the call.
   * A job that was sent for the same key meanwhile takes the place of the exhausted one.
   */
  readonly onExhausted?: (job: Job<Payload>, failure: JobFailure) => Promise<void>;
}

/** A job without attempts left. It needs attention: a person corrects the cause and retries it. */
export interface FailedJob {
  readonly id: string;
  readonly queue: string;
  readonly key: string;
  readonly payload: unknown;
  readonly failure: JobFailure;
  readonly sentAt: Date;
  readonly failedAt: Date;
}

export interface QueueStats {
  readonly queue: string;
  /** Not tried yet, or postponed. */
  readonly waiting: number;
  readonly active: number;
  /** Waiting for another attempt after a failure. */
  readonly retrying: number;
  /** Without attempts left. */
  readonly failed: number;
  /** Milliseconds since the oldest job that is neither done nor failed was sent. */
  readonly oldestAgeMs: number | undefined;
  /** Milliseconds for which the longest of the attempts in progress has lasted. */
  readonly maxActiveMs: number | undefined;
}
