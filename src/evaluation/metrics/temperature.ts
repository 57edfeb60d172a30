import type { Truth } from './estimate.js';

/** Wide enough for any network that learned something, narrow enough that a handful of images cannot drive it away. */
const range = { from: 0.05, to: 20 };

/**
 * The temperature that makes the negative log-likelihood of `sigmoid(logit / T)` smallest (Guo et al. 2017), within 0.05 to 20.
 * To be fitted on images that are used neither for training nor for testing.
 *
 * @returns null where all known truths are alike: the likelihood then has no minimum
 */
export function fitTemperature(yTrue: readonly Truth[], logits: readonly number[]): number | null {
  const known = logits.flatMap((logit, image) =>
    yTrue[image] === null || yTrue[image] === undefined ? [] : [{ logit, truth: yTrue[image] }],
  );
  if (new Set(known.map(({ truth }) => truth)).size < 2) return null;
  // log(1 + e^(−z)) without overflow
  const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  return minimise((temperature) =>
    known.reduce((sum, { logit, truth }) => sum + softplus((truth === 1 ? -logit : logit) / temperature), 0),
  );
}

/**
 * The same for one of many classes: `softmax(logits / T)`.
 *
 * @param yTrue place of the class of each image
 * @param logits one row an image
 */
export function fitSoftmaxTemperature(yTrue: readonly number[], logits: readonly (readonly number[])[]): number | null {
  if (new Set(yTrue).size < 2) return null;
  return minimise((temperature) =>
    logits.reduce((sum, row, image) => {
      const most = Math.max(...row);
      const total = row.reduce((all, logit) => all + Math.exp((logit - most) / temperature), 0);
      return sum + Math.log(total) - (row[yTrue[image]!]! - most) / temperature;
    }, 0),
  );
}

/** Golden section over log T; the loss is convex in 1/T, so it has one minimum. */
function minimise(loss: (temperature: number) => number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(range.from);
  let high = Math.log(range.to);
  let left = high - ratio * (high - low);
  let right = low + ratio * (high - low);
  let [lossLeft, lossRight] = [loss(Math.exp(left)), loss(Math.exp(right))];
  for (let step = 0; step < 60; step++) {
    if (lossLeft < lossRight) {
      [high, right, lossRight] = [right, left, lossLeft];
      left = high - ratio * (high - low);
      lossLeft = loss(Math.exp(left));
    } else {
      [low, left, lossLeft] = [left, right, lossRight];
      right = low + ratio * (high - low);
      lossRight = loss(Math.exp(right));
    }
  }
  return Math.exp((low + high) / 2);
}
