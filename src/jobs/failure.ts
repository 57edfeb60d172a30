import { Fault, type FaultCode, type FaultSubject } from '../errors.js';

/**
 * Why an attempt failed, in a form that the database keeps. `bug` is an error that is no Fault, `process-died` a job
 * that was active too often when its process ended.
 */
export interface JobFailure {
  readonly code: FaultCode | 'bug' | 'process-died';
  /** One sentence. For a bug only the class of the error: its message may contain patient data. */
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
    detail: `the process ended ${times} times while this job was active`,
    subject: {},
    retryable: false,
    at: new Date().toISOString(),
  };
}
