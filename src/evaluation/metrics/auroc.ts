import type { Weights } from './patient-bootstrap.js';

/** Indices of the scores in ascending order. */
export function ascending(yScore: readonly number[]): Uint32Array {
  return Uint32Array.from(yScore.keys()).sort((one, other) => yScore[one]! - yScore[other]!);
}

/**
 * Area under the ROC curve: the probability that a positive scores above a negative, ties counting half (Mann–Whitney;
 * scikit-learn's `roc_auc_score` with `sample_weight`).
 *
 * @param order `ascending(yScore)`, passed by callers that compute many AUROCs of one set
 * @returns null if positives or negatives are missing
 */
export function aurocScore(
  yTrue: readonly (0 | 1)[],
  yScore: readonly number[],
  weights?: Weights,
  order: Uint32Array = ascending(yScore),
): number | null {
  let below = 0;
  let pairs = 0;
  let positives = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let tiedPositives = 0;
    let tiedNegatives = 0;
    for (; end < order.length && yScore[order[end]!] === yScore[order[start]!]; end++) {
      const weight = weights ? weights[order[end]!]! : 1;
      if (yTrue[order[end]!] === 1) tiedPositives += weight;
      else tiedNegatives += weight;
    }
    pairs += tiedPositives * (below + tiedNegatives / 2);
    below += tiedNegatives;
    positives += tiedPositives;
    start = end;
  }
  return positives === 0 || below === 0 ? null : pairs / (positives * below);
}

/** A point of the ROC curve; images scoring at least `threshold` are called positive. */
export interface RocPoint {
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
  readonly threshold: number;
}

/**
 * The ROC curve from (0, 0), `threshold` Infinity, to (1, 1), one point a distinct score but those on a straight line between
 * their neighbours (scikit-learn's `roc_curve` with `drop_intermediate`).
 *
 * @returns empty if positives or negatives are missing
 */
export function rocCurve(yTrue: readonly (0 | 1)[], yScore: readonly number[]): readonly RocPoint[] {
  const order = ascending(yScore).reverse();
  const positives = yTrue.filter((truth) => truth === 1).length;
  const negatives = yTrue.length - positives;
  if (positives === 0 || negatives === 0) return [];
  const counts = [{ threshold: Infinity, truePositives: 0, falsePositives: 0 }];
  let truePositives = 0;
  let falsePositives = 0;
  order.forEach((image, place) => {
    if (yTrue[image] === 1) truePositives++;
    else falsePositives++;
    const next = order[place + 1];
    if (next === undefined || yScore[next] !== yScore[image]) counts.push({ threshold: yScore[image]!, truePositives, falsePositives });
  });
  const corners = counts.filter((point, place) => {
    const before = counts[place - 1];
    const after = counts[place + 1];
    if (!before || !after || place === 1) return true;
    const straight =
      after.truePositives - point.truePositives === point.truePositives - before.truePositives &&
      after.falsePositives - point.falsePositives === point.falsePositives - before.falsePositives;
    return !straight;
  });
  return corners.map((point) => ({
    threshold: point.threshold,
    truePositiveRate: point.truePositives / positives,
    falsePositiveRate: point.falsePositives / negatives,
  }));
}
