import type { FaultCode } from '../errors.js';
import type { JobFailure } from './failure.js';

export interface RetryPolicy {
  /** Attempts before a job has failed, counted for each fault code. */
  readonly maxAttempts: number;
  /** Faults of the infrastructure: they do not depend on the study, so they do not use up its attempts. */
  readonly unlimited: readonly FaultCode[];
  /** Delay after the first failure; doubled for each one that follows. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 5,
  unlimited: ['pacs-unreachable', 'database-unavailable', 'disk-full', 'destination-unavailable'],
  firstDelayMs: 1_000,
  maxDelayMs: 60_000,
};

/** Failures of a job so far, by code. */
export type FailureCounts = Readonly<Partial<Record<JobFailure['code'], number>>>;

/**
 * @param failures including this one
 * @returns milliseconds until the next attempt, or undefined if there is none
 */
export function delayBeforeRetry(
  failure: JobFailure,
  failures: FailureCounts,
  policy: RetryPolicy,
  random: () => number = Math.random,
): number | undefined {
  if (!failure.retryable) return undefined;
  const ofThisKind = failures[failure.code] ?? 1;
  const unlimited = policy.unlimited.some((code) => code === failure.code);
  if (!unlimited && ofThisKind >= policy.maxAttempts) return undefined;
  return growingDelay(ofThisKind, policy, random);
}

/** Random between half and all of first × 2^(n−1), at most `maxDelayMs`: jobs that failed together are not retried together. */
export function growingDelay(
  n: number,
  policy: Pick<RetryPolicy, 'firstDelayMs' | 'maxDelayMs'>,
  random: () => number = Math.random,
): number {
  const whole = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.min(n - 1, 30));
  return whole * (0.5 + random() / 2);
}
