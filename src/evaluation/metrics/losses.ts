import type { Truth } from './estimate.js';

/** A probability of 0 for what was true is a loss without end; cut as scikit-learn's `log_loss` cuts float64. */
const least = Number.EPSILON;

/** `−log` of the probability that was predicted for the truth. */
export function logLoss(truth: 0 | 1, score: number): number {
  return -Math.log(Math.min(1, Math.max(least, truth === 1 ? score : 1 - score)));
}

/**
 * The loss of one image: of one-of-many the `−log` of its class's probability, of several findings the mean over those whose
 * truth is known. Null if none is.
 */
export function imageLoss(objective: 'one-of-many' | 'several', yTrue: readonly Truth[], yScore: readonly number[]): number | null {
  const known = yTrue.flatMap((truth, output) =>
    truth === null || (objective === 'one-of-many' && truth === 0) ? [] : [logLoss(truth, yScore[output]!)],
  );
  return known.length === 0 ? null : known.reduce((sum, loss) => sum + loss, 0) / known.length;
}
