import { probabilityOf } from './probability.js';
import type { FeatureGateRule, Rules } from './rules.js';

/** Whether one image is of the kind that the network was trained for (the input guard, not the promotion gate). */
export interface GateResult {
  readonly accepted: boolean;
  /** Probability of the network's own guard output, 0 to 1; null if it has none. */
  readonly gateProbability: number | null;
  /** Mahalanobis distance of the embedding from the images that the guard was fitted on, without unit; null if none was fitted. */
  readonly distance: number | null;
  /** Why it was refused, as a phrase for a report. */
  readonly reason?: string;
}

/**
 * `√((e − m)ᵀ P (e − m))`: how far an embedding lies from the training images (Lee et al. 2018, arXiv 1807.03888).
 *
 * @throws RangeError if embedding, mean and precision do not belong together
 */
export function mahalanobisDistance(embedding: Float32Array, { mean, precision }: Pick<FeatureGateRule, 'mean' | 'precision'>): number {
  const features = mean.length;
  if (embedding.length !== features || precision.length !== features * features) {
    throw new RangeError(
      `expected an embedding of ${features} and a precision of ${features * features} values, found ${embedding.length} and ${precision.length}`,
    );
  }
  const centred = Float64Array.from(embedding, (value, index) => value - mean[index]!);
  let sum = 0;
  for (let row = 0; row < features; row++) {
    let product = 0;
    for (let column = 0; column < features; column++) product += precision[row * features + column]! * centred[column]!;
    sum += product * centred[row]!;
  }
  // rounding may leave a tiny negative number at the mean itself
  return Math.sqrt(Math.max(sum, 0));
}

/** @param logits of one picture, in the order of the rules */
export function gateOf(logits: Float32Array, embedding: Float32Array, { outputs, gate }: Rules): GateResult {
  const distance = gate ? mahalanobisDistance(embedding, gate) : null;
  const index = outputs.findIndex(({ kind }) => kind === 'gate');
  const rule = outputs[index];
  const gateProbability = rule?.kind === 'gate' ? probabilityOf(logits[index]!, rule) : null;
  const reasons = [
    rule?.kind === 'gate' &&
      !(gateProbability! >= rule.acceptFrom) &&
      `it does not look like ${rule.name} (${percent(gateProbability!)}, needed ${percent(rule.acceptFrom)})`,
    gate !== undefined &&
      distance !== null &&
      !(distance <= gate.maxDistance) &&
      `it is unlike the training images (distance ${distance.toFixed(1)}, allowed ${gate.maxDistance.toFixed(1)})`,
  ].filter((reason) => reason !== false);
  const accepted = reasons.length === 0;
  return { accepted, gateProbability, distance, ...(accepted ? {} : { reason: reasons.join('; ') }) };
}

function percent(probability: number): string {
  return `${(probability * 100).toFixed(1)} %`;
}
