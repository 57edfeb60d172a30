import type { IndexedAssessment } from '../../assessments/indexed-assessment.js';
import type { ConsensusLabel } from '../../assessments/adjudicated-labels.js';

/** An assessment as the interface shows it. */
export type ShownAssessment = Omit<IndexedAssessment, 'studyInstanceUID' | 'seriesInstanceUID'>;

export interface AssessmentRequest {
  readonly studyInstanceUID: string;
  /** Account of the reader. */
  readonly reader: string;
  readonly findings: readonly { readonly name: string; readonly decision: 'present' | 'absent' | 'undetermined' }[];
  /** SOP Instance UID of the text report that the reader saw. */
  readonly assessedDocument?: string | undefined;
  readonly adjudicates?: boolean | undefined;
  readonly origin: 'page' | 'api';
}

export interface AssessmentsPort {
  /** `stored` is false if the PACS held it already. */
  record(request: AssessmentRequest): Promise<{ readonly assessment: ShownAssessment; readonly stored: boolean }>;
  /** Whether this account's assessments are stored as VERIFIED. */
  mayVerify(account: string): boolean;
  /** Assessments oldest first, and what the readers together say of each finding. */
  ofStudy(
    studyInstanceUID: string,
  ): Promise<{ readonly assessments: readonly ShownAssessment[]; readonly labels: readonly ConsensusLabel[] }>;
}
