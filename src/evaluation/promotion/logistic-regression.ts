import { minimise } from '../metrics/minimise.js';

/** A linear classifier of several classes: `softmax(W x + b)`. */
export interface LogisticRegression {
  /** `classes * features`. */
  readonly weights: Float64Array;
  readonly bias: Float64Array;
  readonly features: number;
  probabilities(row: ArrayLike<number>): readonly number[];
}

/**
 * Softmax regression with an L2 penalty on the weights, not the bias (scikit-learn's `LogisticRegression(C=1/penalty)`): minimises
 * `Σ −log pᵢ + penalty/2 · |W|²` by L-BFGS (Nocedal & Wright, Numerical Optimization, algorithms 7.4 and 7.5).
 *
 * @param rows one row an example, of equal length
 * @param yTrue place of the class, from 0
 * @param exampleWeights how much each example counts; all 1 if not given (scikit-learn's `sample_weight`)
 */
export function fitLogisticRegression(
  rows: readonly ArrayLike<number>[],
  yTrue: readonly number[],
  classes: number,
  penalty = 1,
  exampleWeights?: readonly number[],
): LogisticRegression {
  const features = rows[0]?.length ?? 0;
  const size = classes * (features + 1);
  const loss = (parameters: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let total = 0;
    const scores = new Float64Array(classes);
    rows.forEach((row, example) => {
      const weight = exampleWeights?.[example] ?? 1;
      total += weight * softmaxInto(parameters, row, features, scores, yTrue[example]!);
      for (let k = 0; k < classes; k++) {
        const error = weight * (scores[k]! - (k === yTrue[example] ? 1 : 0));
        const start = k * (features + 1);
        for (let i = 0; i < features; i++) gradient[start + i]! += error * row[i]!;
        gradient[start + features]! += error;
      }
    });
    for (let k = 0; k < classes; k++) {
      for (let i = 0; i < features; i++) {
        const index = k * (features + 1) + i;
        total += (penalty / 2) * parameters[index]! ** 2;
        gradient[index]! += penalty * parameters[index]!;
      }
    }
    return total;
  };
  const parameters = minimise(loss, new Float64Array(size));
  const weights = Float64Array.from(
    { length: classes * features },
    (_, index) => parameters[Math.floor(index / features) * (features + 1) + (index % features)]!,
  );
  const bias = Float64Array.from({ length: classes }, (_, k) => parameters[k * (features + 1) + features]!);
  return {
    weights,
    bias,
    features,
    probabilities(row) {
      const scores = new Float64Array(classes);
      softmaxInto(parameters, row, features, scores, 0);
      return [...scores];
    },
  };
}

/** Probabilities into `scores`. @returns −log of that of `truth` */
function softmaxInto(parameters: Float64Array, row: ArrayLike<number>, features: number, scores: Float64Array, truth: number): number {
  let most = -Infinity;
  for (let k = 0; k < scores.length; k++) {
    const start = k * (features + 1);
    let score = parameters[start + features]!;
    for (let i = 0; i < features; i++) score += parameters[start + i]! * row[i]!;
    scores[k] = score;
    most = Math.max(most, score);
  }
  const own = scores[truth]!;
  let sum = 0;
  for (let k = 0; k < scores.length; k++) sum += scores[k] = Math.exp(scores[k]! - most);
  for (let k = 0; k < scores.length; k++) scores[k]! /= sum;
  return Math.log(sum) + most - own;
}
