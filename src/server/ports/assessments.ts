import type { IndexedVerdict } from '../../assessments/index-assessments.js';
import type { JointLabel } from '../../assessments/adjudicated-labels.js';

/** A verdict as the interface shows it. */
export type ServedVerdict = Omit<IndexedVerdict, 'studyInstanceUID' | 'seriesInstanceUID'>;

export interface VerdictRequest {
  readonly studyInstanceUID: string;
  /** Account of the reader. */
  readonly reader: string;
  readonly findings: readonly { readonly name: string; readonly decision: 'present' | 'absent' | 'undetermined' }[];
  /** SOP Instance UID of the text report that the reader saw. */
  readonly judgedDocument?: string | undefined;
  readonly settles?: boolean | undefined;
  readonly whence: 'page' | 'api';
}

export interface VerdictServerTools {
  /** `stored` is false if the PACS held it already. */
  record(request: VerdictRequest): Promise<{ readonly verdict: ServedVerdict; readonly stored: boolean }>;
  /** Whether this account's verdicts are stored as VERIFIED. */
  mayVerify(account: string): boolean;
  /** Verdicts oldest first, and what the readers together say of each finding. */
  ofStudy(studyInstanceUID: string): Promise<{ readonly verdicts: readonly ServedVerdict[]; readonly labels: readonly JointLabel[] }>;
}
