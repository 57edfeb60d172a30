import type { CodedConcept } from '../dicom/code.js';
import type { HeaderContent } from './document-header.js';
import type { Decision, ImageReference } from './report-content.js';

/**
 * How a reader's decision stands to the software's. confirmed: the same. rejected: the software says present, the reader
 * absent. corrected: differs in another way. added: the software did not look for it.
 */
export type Comparison = 'confirmed' | 'rejected' | 'corrected' | 'added';

/** What a reader says of one finding. */
export interface AssessedFinding {
  readonly concept: CodedConcept;
  readonly decision: Decision;
  readonly comparison: Comparison;
  /** What the software had said; absent where it had not looked. */
  readonly software?: { readonly decision: Decision; readonly probability: number };
  readonly images: readonly ImageReference[];
}

/** A person who judges. */
export interface Reader {
  /** Name of the account. */
  readonly name: string;
  /** Set if the reader may verify documents: for which organisation (PS3.3 C.17.2, Verifying Organization). */
  readonly verifiesFor?: string;
}

/** All that an assessment says; the same content always gives the same document, byte for byte. */
export interface AssessmentContent extends HeaderContent {
  readonly reader: Reader;
  readonly findings: readonly AssessedFinding[];
  /** Whether it ends a disagreement between readers: what was said before no longer counts. */
  readonly adjudicates: boolean;
  /** How it reached us: `page`, `api`, `csv`. */
  readonly origin: string;
  /** Version of this program. */
  readonly softwareVersion: string;
}

export function comparisonOf(decision: Decision, software: Decision | undefined): Comparison {
  if (software === undefined) return 'added';
  if (software === decision) return 'confirmed';
  return software === 'present' && decision === 'absent' ? 'rejected' : 'corrected';
}
