import type { LabelStatement } from './adjudicated-labels.js';
import { consensusLabels } from './adjudicated-labels.js';

/**
 * Whether a reader must not see yet what others state about a study: what one has seen biases one's own assessment. A reader who may
 * adjudicate sees it where others disagree, because somebody has to decide.
 *
 * @param statements of all readers that count
 */
export function isBlind(
  reader: string,
  statements: readonly LabelStatement[],
  { mayAdjudicate }: { readonly mayAdjudicate: boolean },
): boolean {
  if (statements.some((one) => one.reader === reader)) return false;
  return !(mayAdjudicate && consensusLabels(statements).some(({ state }) => state === 'disagreed'));
}
