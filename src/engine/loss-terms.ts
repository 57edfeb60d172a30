import type { Objective, TrainingBatch } from './trainer.js';

/**
 * Where a label becomes a gradient: the parts of the loss that do not depend on the logits z, `batch * outputs` each, so that an engine computes
 *
 * - `one-of-many`: loss `−Σ positive · log softmax(z)`, gradient `softmax(z) · Σ_outputs positive − positive`;
 * - `several`: loss `Σ positive · softplus(−z) + negative · softplus(z)`, gradient `(positive + negative) · σ(z) − positive`.
 */
export interface LossTerms {
  readonly positive: Float32Array;
  /** Zeros for `one-of-many`. */
  readonly negative: Float32Array;
}

/**
 * The parts of the weighted mean that Objective describes.
 *
 * @throws RangeError for targets outside [0, 1], weights that are negative or not finite, wrong lengths, or no weight above 0
 */
export function lossTerms(objective: Objective, { targets, weights, input: { batch } }: TrainingBatch, outputs: number): LossTerms {
  const classWeights = objective.classWeights ?? Array.from({ length: outputs }, () => 1);
  const perTarget = objective.kind === 'several';
  const weightOf = (index: number): number =>
    weights === undefined ? 1 : perTarget ? weights[index]! : weights[Math.floor(index / outputs)]!;
  check('targets', targets, batch * outputs);
  if (targets.some((value) => value > 1)) throw new RangeError('targets lie between 0 and 1');
  if (weights) check('weights', weights, perTarget ? batch * outputs : batch);
  let sum = 0;
  for (let index = 0; index < batch * outputs; index++)
    sum += weightOf(index) * (perTarget ? 1 : targets[index]! * classWeights[index % outputs]!);
  if (!(sum > 0)) throw new RangeError('no target of the batch has a weight above 0');
  const smoothing = objective.kind === 'one-of-many' ? (objective.labelSmoothing ?? 0) : 0;
  const positive = targets.map(
    (target, index) => (weightOf(index) * classWeights[index % outputs]! * (target * (1 - smoothing) + smoothing / outputs)) / sum,
  );
  return {
    positive,
    negative: perTarget ? targets.map((target, index) => (weightOf(index) * (1 - target)) / sum) : new Float32Array(batch * outputs),
  };
}

function check(what: string, values: Float32Array, length: number): void {
  if (values.length !== length) throw new RangeError(`expected ${length} ${what}, found ${values.length}`);
  const wrong = values.findIndex((value) => !(Number.isFinite(value) && value >= 0));
  if (wrong >= 0) throw new RangeError(`expected ${what} that are finite and not negative, found ${values[wrong]} at ${wrong}`);
}
