import type { Objective } from '../engine/trainer.js';
import type { TrainingItem } from './epoch-plan.js';

/** Which pictures of a batch have their lungs covered, and the output that is no finding, if there is one. */
export interface Lungless {
  readonly lungless: readonly boolean[];
  readonly guardOutput?: number | undefined;
}

/** As the trainer takes them: `items * outputs`; weights only where something is unknown. */
export interface BatchTargets {
  readonly targets: Float32Array;
  readonly weights?: Float32Array;
}

/** Targets and weights of a batch. Of a picture without lungs no finding can be told: even odds. */
export function batchTargets(
  items: readonly TrainingItem[],
  kind: Objective['kind'],
  labelSmoothing: number,
  { lungless, guardOutput }: Lungless = { lungless: [] },
): BatchTargets {
  const truths = items.flatMap(({ truth }) => truth);
  // one of many: the trainer smooths itself
  const smooth = (truth: 0 | 1 | null): number =>
    kind === 'several' ? (truth ?? 0) * (1 - labelSmoothing) + labelSmoothing / 2 : (truth ?? 0);
  const targets = Float32Array.from(truths, smooth);
  items.forEach(({ truth }, item) => {
    if (lungless[item])
      truth.forEach(
        (_, output) => output !== guardOutput && (targets[item * truth.length + output] = kind === 'several' ? 0.5 : 1 / truth.length),
      );
  });
  return kind === 'several' && truths.includes(null)
    ? { targets, weights: Float32Array.from(truths, (truth) => (truth === null ? 0 : 1)) }
    : { targets };
}

export interface ValidationFigures {
  /** Cross-entropy, without weights and smoothing. */
  readonly loss: number;
  /** One of many: images called rightly; several: known findings called rightly at even odds. */
  readonly accuracy: number;
}

/** @param logits `items * outputs` */
export function validationFigures(items: readonly TrainingItem[], logits: Float32Array, kind: Objective['kind']): ValidationFigures {
  let loss = 0;
  let right = 0;
  let count = 0;
  items.forEach(({ truth }, image) => {
    const row = logits.subarray(image * truth.length, (image + 1) * truth.length);
    if (kind === 'one-of-many') {
      const actual = truth.indexOf(1);
      const most = row.reduce((highest, value) => Math.max(highest, value), -Infinity);
      loss += most + Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0)) - row[actual]!;
      right += row[actual] === most ? 1 : 0;
      count++;
      return;
    }
    truth.forEach((holds, output) => {
      if (holds === null) return;
      const signed = holds === 1 ? -row[output]! : row[output]!;
      // log(1 + e^x) without overflow
      loss += Math.max(signed, 0) + Math.log1p(Math.exp(-Math.abs(signed)));
      right += row[output]! > 0 === (holds === 1) ? 1 : 0;
      count++;
    });
  });
  return { loss: loss / count, accuracy: right / count };
}
