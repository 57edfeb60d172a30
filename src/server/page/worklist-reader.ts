import type { AssessmentActions } from '../../assessments/assessments.js';
import type { WorklistReader } from '../../store/worklist-order.js';
import type { AssessmentViewer } from '../assessment-viewer.js';

/** A viewer of the worklist: a reader who may not adjudicate sees disagreements only where the reader has assessed the study. */
export function worklistReaderOf(
  { name, isReader }: AssessmentViewer,
  assessments: Pick<AssessmentActions, 'hidesOthers' | 'readerOf'>,
): WorklistReader {
  return { name, isBlind: isReader && assessments.hidesOthers && assessments.readerOf(name).verifiesFor === undefined };
}
