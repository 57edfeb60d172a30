import type { Objective } from '../engine/trainer.js';
import type { TrainingItem } from './epoch-plan.js';

export interface ValidationFigures {
  /** Mean cross-entropy in nats, without class weights and label smoothing; labels count by their origin. */
  readonly loss: number;
  /** 0 to 1. One-of-many: share of images whose most probable class is right; several: share of known labels that are right at a probability of 0.5. */
  readonly accuracy: number;
}

/**
 * Loss and accuracy on the validation split, computed here, because an engine computes the loss of training batches only.
 *
 * @param logits `items * outputs`
 */
export function validationFigures(items: readonly TrainingItem[], logits: Float32Array, kind: Objective['kind']): ValidationFigures {
  let loss = 0;
  let right = 0;
  let count = 0;
  items.forEach(({ truth, weights }, image) => {
    const weightOf = (output: number): number => weights?.[output] ?? 1;
    const row = logits.subarray(image * truth.length, (image + 1) * truth.length);
    if (kind === 'one-of-many') {
      const actual = truth.indexOf(1);
      const most = row.reduce((highest, value) => Math.max(highest, value), -Infinity);
      const weight = weightOf(actual);
      loss += weight * (most + Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0)) - row[actual]!);
      right += row[actual] === most ? weight : 0;
      count += weight;
      return;
    }
    truth.forEach((holds, output) => {
      if (holds === null) return;
      const signed = holds === 1 ? -row[output]! : row[output]!;
      // log(1 + e^x) without overflow
      const weight = weightOf(output);
      loss += weight * (Math.max(signed, 0) + Math.log1p(Math.exp(-Math.abs(signed))));
      right += row[output]! > 0 === (holds === 1) ? weight : 0;
      count += weight;
    });
  });
  return { loss: loss / count, accuracy: right / count };
}
