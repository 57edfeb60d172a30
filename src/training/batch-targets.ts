import type { Objective } from '../engine/trainer.js';
import type { TrainingItem } from './epoch-plan.js';

/** Which images of a batch have their lungs covered, and the output that is no finding (the input guard), if there is one. */
export interface Lungless {
  readonly lungless: readonly boolean[];
  readonly guardOutput?: number | undefined;
}

/** As the trainer takes them: targets `items * outputs`, weights as many for `several`, `items` for `one-of-many`; weights (0 to 1) only if a label of the batch is unknown or counts less than 1. */
export interface BatchTargets {
  readonly targets: Float32Array;
  readonly weights?: Float32Array;
}

/**
 * From labels to the targets of the loss: 1 and 0, smoothed for `several` (Szegedy et al. 2016, arXiv 1512.00567 §7; for `one-of-many`
 * the engine smooths). An image whose lungs are covered shows no finding: its targets are even odds, 0.5 each or 1 / outputs. An
 * unknown label has weight 0, one of a less reliable origin a smaller weight (lib/label-origin.ts). The engine turns targets into loss and gradient: engine/loss-terms.ts.
 *
 * @param items the images of the batch, in its order
 * @param labelSmoothing 0 to 1
 */
export function batchTargets(
  items: readonly TrainingItem[],
  kind: Objective['kind'],
  labelSmoothing: number,
  { lungless, guardOutput }: Lungless = { lungless: [] },
): BatchTargets {
  const truths = items.flatMap(({ truth }) => truth);
  const smooth = (truth: 0 | 1 | null): number =>
    kind === 'several' ? (truth ?? 0) * (1 - labelSmoothing) + labelSmoothing / 2 : (truth ?? 0);
  const targets = Float32Array.from(truths, smooth);
  items.forEach(({ truth }, item) => {
    if (lungless[item])
      truth.forEach(
        (_, output) => output !== guardOutput && (targets[item * truth.length + output] = kind === 'several' ? 0.5 : 1 / truth.length),
      );
  });
  const weightOf = ({ truth, weights }: TrainingItem, output: number): number => (truth[output] === null ? 0 : (weights?.[output] ?? 1));
  const weights = Float32Array.from(
    kind === 'several'
      ? items.flatMap((item) => item.truth.map((_, output) => weightOf(item, output)))
      : items.map((item) => weightOf(item, item.truth.indexOf(1))),
  );
  return weights.some((weight) => weight !== 1) ? { targets, weights } : { targets };
}
