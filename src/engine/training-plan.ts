import { inputsOf, type Architecture, type LayerNode } from '../network/architecture.js';
import { layerParameters } from '../network/parameters.js';
import type { TrainerOptions } from './trainer.js';

/** A tensor that AdamW changes. */
export interface TrainedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Index of its layer group, and so of its learning rate. */
  readonly group: number;
}

/** What is trained, what has to be known for it, and what can be left out. */
export interface TrainingPlan {
  /** In the order of the layers. */
  readonly trained: readonly TrainedTensor[];
  readonly trains: (layer: LayerNode) => boolean;
  /** Batch norms that use the statistics of the batch and move their running ones. */
  readonly batchStatistics: (layer: LayerNode) => boolean;
  /** Whether the gradient at the layer's output is needed: something at or before it is trained. */
  readonly needsGradient: (name: string) => boolean;
}

type PlanOptions = Pick<TrainerOptions, 'layerGroups' | 'trainFromGroup' | 'frozenBatchNorms'>;

/** @throws RangeError if the groups do not contain every layer with tensors exactly once, or none is trained */
export function trainingPlan(architecture: Architecture, { layerGroups, trainFromGroup, frozenBatchNorms }: PlanOptions): TrainingPlan {
  const groups = new Map<string, number>();
  for (const [group, names] of layerGroups.entries()) {
    for (const name of names) {
      if (groups.has(name)) throw new RangeError(`layer ${name} stands in two layer groups`);
      groups.set(name, group);
    }
  }
  const known = new Set(architecture.layers.map(({ name }) => name));
  for (const name of groups.keys())
    if (!known.has(name)) throw new RangeError(`layer ${name} of a layer group is not in ${architecture.name}`);
  const frozen = (layer: LayerNode): boolean => groups.get(layer.name)! < trainFromGroup;
  const batchStatistics = (layer: LayerNode): boolean => layer.kind === 'batch-norm' && (!frozen(layer) || frozenBatchNorms === 'train');
  const trains = (layer: LayerNode): boolean => learned(layer).length > 0 && (!frozen(layer) || batchStatistics(layer));
  const trained = architecture.layers.flatMap((layer) => {
    if (learned(layer).length > 0 && !groups.has(layer.name)) throw new RangeError(`layer ${layer.name} stands in no layer group`);
    return trains(layer) ? learned(layer).map(({ name, shape }) => ({ name, shape, group: groups.get(layer.name)! })) : [];
  });
  if (trained.length === 0) throw new RangeError(`nothing is trained from group ${trainFromGroup} of ${layerGroups.length} on`);
  const needing = new Set<string>();
  for (const layer of architecture.layers) if (trains(layer) || inputsOf(layer).some((name) => needing.has(name))) needing.add(layer.name);
  return { trained, trains, batchStatistics, needsGradient: (name) => needing.has(name) };
}

const learned = (layer: LayerNode) => layerParameters(layer).filter(({ role }) => role === 'parameter');
