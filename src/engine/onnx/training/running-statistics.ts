import type { BatchNormLayer } from '../../../network/architecture.js';
import { layerSizes } from '../../../network/layer-sizes.js';
import type { TrainerOptions } from '../../trainer.js';
import type { TrainingPlan } from '../../training-plan.js';
import type { TrainingTensors } from './training-tensors.js';

/** Of one batch, biased, of the batch norms that use them, one after the other. */
export interface BatchMoments {
  readonly means: Float32Array;
  readonly variances: Float32Array;
}

/** As PyTorch: running = 0.9 running + 0.1 batch, for the mean and the unbiased variance. */
export function runningStatisticsMover(
  { network: { architecture }, batch, height, width }: TrainerOptions,
  plan: TrainingPlan,
): (tensors: TrainingTensors, moments: BatchMoments) => void {
  const sizes = layerSizes(architecture, height, width);
  const norms = architecture.layers.filter((layer): layer is BatchNormLayer => plan.batchStatistics(layer));
  return ({ runningMean, runningVariance }, { means, variances }) => {
    let index = 0;
    for (const { name, channels } of norms) {
      const { height: rows, width: columns } = sizes.get(name)!;
      const count = batch * rows * columns;
      for (const end = index + channels; index < end; index++) {
        runningMean[index]! += 0.1 * (means[index]! - runningMean[index]!);
        runningVariance[index]! += 0.1 * ((variances[index]! * count) / (count - 1) - runningVariance[index]!);
      }
    }
  };
}
