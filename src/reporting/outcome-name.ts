import type { ReportOutcome } from '../sr/report-content.js';

/** `reported`, or outcome and code: `skipped/lateral-only`. */
export function outcomeName(outcome: ReportOutcome): string {
  return outcome.kind === 'reported' ? 'reported' : `${outcome.kind}/${outcome.code}`;
}
