import type { Decision } from '../../server/page-types.js';

/** A reader's decision on one finding. */
export interface GivenFinding {
  readonly name: string;
  readonly decision: Decision;
  /** For people; it is not sent. */
  readonly meaning?: string | undefined;
  /** Free text; becomes part of the SR only. */
  readonly comment?: string | undefined;
}

/** What one click or key stated. */
export interface GivenStep {
  readonly study: string;
  readonly findings: readonly GivenFinding[];
  /** SOP Instance UID of the text report that the reader sees. */
  readonly assessedDocument?: string | undefined;
  /** Ends a disagreement between readers. */
  readonly adjudicates?: boolean | undefined;
}
