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
 *              │            └─ exhausted ─► onExhausted ─► parked ─┐
 *              └──────────────────── retryFailedJob ──────────────────┘
 *
 * For each queue and key at most one job waits and at most one is active. Sending while one waits merges the
 * two; sending while one is active makes one more wait, so whatever was sent last is always worked on later.
 */

/** A kind of work. `Payload` is what its jobs carry: JSON, UIDs and numbers, no patient attribute. */
export interface Queue<Payload extends object> {
  readonly name: string;
  /** Makes a payload of what the database holds, which an earlier release may have written. */
  readonly parse: (stored: unknown) => Payload;
}

/** @param parse by default the stored value is trusted to be what was sent */
export function defineQueue<Payload extends object>(
  name: string,
  parse: (stored: unknown) => Payload = (stored) => stored as Payload,
): Queue<Payload> {
  return Object.freeze({ name, parse });
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
   * Aborted when the job is no longer ours (another worker took it over), or when the process stops and half of
   * the time for it is over: what throws then is handed back without being counted. Also aborted, with a Fault, when its
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
 * Returns when the work is done, returns `retryLater(ms)` when it is too early, throws a Fault when something outside
 * failed. Anything else it throws is a bug and is not tried again. May run more than once for the same job.
 */
export type Handler<Payload extends object> = (job: Job<Payload>) => Promise<RetryLater | void>;

export interface WorkOptions<Payload extends object> {
  /** Jobs in hand at the same time in this process; default 1. */
  readonly concurrency?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** After so long an attempt's signal is aborted with a Fault `timed-out`; if the handler then throws, the attempt has failed with it. */
  readonly timeLimitMs?: number;
  /**
   * Called when no attempt is left, before the job is parked; again if it throws or the process dies in it.
   * A job that was sent for the same key meanwhile takes the place of the exhausted one.
   */
  readonly onExhausted?: (job: Job<Payload>, failure: JobFailure) => Promise<void>;
}

/** A job that waits for a person. */
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
  readonly parked: number;
  /** Milliseconds since the oldest job that is neither done nor parked was sent. */
  readonly oldestAgeMs: number | undefined;
  /** Milliseconds for which the oldest attempt of now has lasted. */
  readonly maxActiveMs: number | undefined;
}
