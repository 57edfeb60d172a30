import { Fault, type FaultCode, type FaultSubject } from '../errors.js';

/**
 * Why an attempt failed, in a form that the database keeps. `bug` is an error that is no Fault, `process-died` a job
 * that was in hand too often when its process ended.
 */
export interface JobFailure {
  readonly code: FaultCode | 'bug' | 'process-died';
  /** One sentence. Of a bug only the kind of error: its text may quote anything, also from a patient's data. */
  readonly detail: string;
  readonly subject: FaultSubject;
  readonly retryable: boolean;
  /** ISO 8601. */
  readonly at: string;
}

export function failureOf(thrown: unknown): JobFailure {
  const at = new Date().toISOString();
  if (thrown instanceof Fault)
    return { code: thrown.code, detail: thrown.detail, subject: thrown.subject, retryable: thrown.retryable, at };
  return { code: 'bug', detail: thrown instanceof Error ? thrown.name : typeof thrown, subject: {}, retryable: false, at };
}

export function diedTooOften(times: number): JobFailure {
  return {
    code: 'process-died',
    detail: `the process ended ${times} times while this job was in hand`,
    subject: {},
    retryable: false,
    at: new Date().toISOString(),
  };
}
