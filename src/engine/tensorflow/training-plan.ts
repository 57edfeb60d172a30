import { inputsOf, type Architecture, type LayerNode } from '../../network/architecture.js';
import type { TrainerOptions } from '../trainer.js';
import { trainingPlan, type TrainedTensor } from '../training-plan.js';

/** What a pass through the network does with one layer. */
export interface PlannedLayer {
  readonly layer: LayerNode;
  readonly inputs: readonly string[];
  /** Whether its parameters are trained. */
  readonly learns: boolean;
  /** Whether a gradient has to reach its output: it learns, or a layer before it does. */
  readonly reached: boolean;
  /** Whether a gradient has to reach any of its inputs. */
  readonly passesOn: boolean;
  readonly batchStatistics: boolean;
  /** Values that no layer reads after this one, neither in the forward nor in the backward pass. */
  readonly finished: readonly string[];
}

export interface PassPlan {
  readonly layers: readonly PlannedLayer[];
  readonly trained: readonly TrainedTensor[];
}

/** The plan of a training, layer by layer. */
export function passPlan(
  architecture: Architecture,
  options: Pick<TrainerOptions, 'layerGroups' | 'trainFromGroup' | 'frozenBatchNorms'>,
): PassPlan {
  const { trained, trains, batchStatistics, needsGradient } = trainingPlan(architecture, options);
  const lastReader = new Map(architecture.layers.flatMap((layer) => inputsOf(layer).map((name) => [name, layer.name] as const)));
  const readBackwards = new Set(
    architecture.layers.filter(({ name }) => needsGradient(name)).flatMap((layer) => [layer.name, ...inputsOf(layer)]),
  );
  const layers = architecture.layers.map((layer): PlannedLayer => {
    const inputs = inputsOf(layer);
    return {
      layer,
      inputs,
      learns: trains(layer),
      reached: needsGradient(layer.name),
      passesOn: inputs.some(needsGradient),
      batchStatistics: batchStatistics(layer),
      finished: [...new Set(inputs)].filter((name) => lastReader.get(name) === layer.name && !readBackwards.has(name)),
    };
  });
  return { layers, trained };
}
