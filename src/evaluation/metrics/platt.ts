import { minimise } from './minimise.js';
import type { Truth } from './estimate.js';

/** `sigmoid(logit / temperature + bias)`. */
export interface Platt {
  readonly temperature: number;
  readonly bias: number;
}

/** Those of a temperature alone: what leads further has no other meaning than that the network learned nothing. */
const range = { from: 0.05, to: 20 };

/**
 * Platt's scaling: slope and bias of the smallest negative log-likelihood, with his targets `(n₊ + 1) / (n₊ + 2)` and `1 / (n₋ + 2)` in
 * place of 1 and 0, so that a few images that happen to be told apart do not make certainty (Platt 1999; scikit-learn's
 * `method="sigmoid"`). A bias corrects what a temperature cannot: a network that was trained where the finding was commoner.
 *
 * @returns null where all known truths are alike, or where the finding becomes no likelier with the logit
 */
export function fitPlatt(yTrue: readonly Truth[], logits: readonly number[]): Platt | null {
  const known = logits.flatMap((logit, image) =>
    yTrue[image] === null || yTrue[image] === undefined ? [] : [{ logit, truth: yTrue[image] }],
  );
  const positives = known.filter(({ truth }) => truth === 1).length;
  const negatives = known.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const targets = { 1: (positives + 1) / (positives + 2), 0: 1 / (negatives + 2) };
  const [slope, bias] = minimise(
    (at, gradient) => {
      gradient.fill(0);
      let loss = 0;
      for (const { logit, truth } of known) {
        const z = at[0]! * logit + at[1]!;
        const error = 1 / (1 + Math.exp(-z)) - targets[truth];
        // −t log p − (1 − t) log(1 − p), without overflow
        loss += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - targets[truth] * z;
        gradient[0]! += error * logit;
        gradient[1]! += error;
      }
      return loss;
    },
    Float64Array.of(1, 0),
  );
  return withinRange(slope!) ? { temperature: 1 / slope!, bias: bias! } : null;
}

/** `softmax(logits / temperature + biases)`. */
export interface SoftmaxScaling {
  readonly temperature: number;
  /** One a class; they add up to 0. */
  readonly biases: readonly number[];
}

/** Strength of the pull towards no bias at all: as one image in doubt. */
const penalty = 1;

/**
 * The same for one of many: one temperature and a bias for each class, of the smallest `Σ −log pᵢ + penalty/2 · |biases|²`.
 *
 * @param yTrue place of the class of each image
 * @param logits one row an image
 * @returns null where one class only occurs, or where the logits tell nothing
 */
export function fitSoftmaxScaling(yTrue: readonly number[], logits: readonly (readonly number[])[]): SoftmaxScaling | null {
  if (new Set(yTrue).size < 2) return null;
  const classes = logits[0]!.length;
  const [slope, ...biases] = minimise(
    (at, gradient) => {
      gradient.fill(0);
      let loss = 0;
      for (let k = 0; k < classes; k++) {
        loss += (penalty / 2) * at[k + 1]! ** 2;
        gradient[k + 1]! += penalty * at[k + 1]!;
      }
      logits.forEach((row, image) => {
        const scores = row.map((logit, k) => at[0]! * logit + at[k + 1]!);
        const most = Math.max(...scores);
        const parts = scores.map((score) => Math.exp(score - most));
        const total = parts.reduce((sum, part) => sum + part, 0);
        loss += Math.log(total) + most - scores[yTrue[image]!]!;
        row.forEach((logit, k) => {
          const error = parts[k]! / total - (k === yTrue[image] ? 1 : 0);
          gradient[0]! += error * logit;
          gradient[k + 1]! += error;
        });
      });
      return loss;
    },
    Float64Array.from({ length: classes + 1 }, (_, index) => (index === 0 ? 1 : 0)),
  );
  return withinRange(slope!) ? { temperature: 1 / slope!, biases } : null;
}

function withinRange(slope: number): boolean {
  return slope >= 1 / range.to && slope <= 1 / range.from;
}
