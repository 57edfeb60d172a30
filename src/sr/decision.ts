import { sameConcept, type CodedConcept } from '../dicom/code.js';
import { codes } from './codes.js';
import type { Decision } from './report-content.js';

/** CID 240 Present-Absent (PS3.16). */
export const decisionCodes = {
  present: codes.present,
  absent: codes.absent,
  undetermined: codes.undetermined,
} as const satisfies Record<Decision, CodedConcept>;

export function decisionOf(concept: CodedConcept | undefined): Decision | undefined {
  return (['present', 'absent', 'undetermined'] as const).find((decision) => sameConcept(concept, decisionCodes[decision]));
}
