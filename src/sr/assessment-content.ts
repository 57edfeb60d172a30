import type { CodedConcept } from '../dicom/code.js';
import type { HeaderContent } from './document-header.js';
import type { Decision, ImageReference } from './report-content.js';

/**
 * A reader's decision compared with the software's. confirmed: the same. rejected: present for the software, absent for the
 * reader. corrected: another difference. added: the software did not look for it.
 */
export type Comparison = 'confirmed' | 'rejected' | 'corrected' | 'added';

/** A reader's assessment of one finding. */
export interface AssessedFinding {
  readonly concept: CodedConcept;
  readonly decision: Decision;
  readonly comparison: Comparison;
  /** The prediction of the software; absent if it did not look for the finding. */
  readonly software?: { readonly decision: Decision; readonly probability: number };
  readonly images: readonly ImageReference[];
  /** What the reader writes about the finding: free text, in the document only. */
  readonly comment?: string;
}

/** The person who makes the assessment. */
export interface Reader {
  /** Name of the account. */
  readonly name: string;
  /** Set if the reader may verify documents: for which organisation (PS3.3 C.17.2, Verifying Organization). */
  readonly verifiesFor?: string;
}

/** The content of an assessment; the same content always gives the same document, byte for byte. */
export interface AssessmentContent extends HeaderContent {
  readonly reader: Reader;
  readonly findings: readonly AssessedFinding[];
  /** Findings of which the reader withdraws every earlier assessment: the document states no opinion on them. */
  readonly withdrawn: readonly CodedConcept[];
  /** Whether it adjudicates a disagreement between readers: earlier statements no longer count. */
  readonly adjudicates: boolean;
  /** Where it was entered: `page`, `api`, `csv`. */
  readonly origin: string;
  /** Version of this program. */
  readonly softwareVersion: string;
}

export function comparisonOf(decision: Decision, software: Decision | undefined): Comparison {
  if (software === undefined) return 'added';
  if (software === decision) return 'confirmed';
  return software === 'present' && decision === 'absent' ? 'rejected' : 'corrected';
}
