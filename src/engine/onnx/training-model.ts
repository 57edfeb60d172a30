import { networkInput } from '../../network/architecture.js';
import { layerSizes } from '../../network/layer-sizes.js';
import type { TrainerOptions } from '../trainer.js';
import { trainingPlan, type TrainingPlan } from '../training-plan.js';
import { graph } from './graph.js';
import { emitBackward } from './training-backward.js';
import { emitForward } from './training-forward.js';
import { emitLoss } from './training-loss.js';
import { trainingNames } from './training-names.js';
import type { BatchStatistics, TrainingScope } from './training-scope.js';

export interface TrainingModel {
  readonly bytes: Uint8Array;
  readonly plan: TrainingPlan;
}

/**
 * Forward pass in training mode, loss, and the gradient of every trained tensor, as an ONNX model of fixed size.
 *
 * Inputs: `input` [batch, C, height, width]; `positive` and `negative` [batch, outputs] (see LossTerms); a mask for every
 * dropout layer; every trained tensor under its own name. What is not trained is constant, so onnxruntime prepares it once.
 * Outputs: `loss` [1], `logits`, `batchMeans` and `batchVariances` (biased) if any, `gradient:<tensor>`.
 */
export function trainingModel(options: TrainerOptions): TrainingModel {
  const { network, objective, batch, height, width } = options;
  const { architecture, tensors } = network;
  const plan = trainingPlan(architecture, options);
  const onnx = graph(`${architecture.name}, training`);
  const trained = new Map(plan.trained.map(({ name, shape }) => [name, shape]));
  const declared = new Set<string>();
  const scope: TrainingScope = {
    onnx,
    architecture,
    plan,
    batch,
    sizes: layerSizes(architecture, height, width),
    values: new Map([[networkInput, networkInput]]),
    statistics: new Map<string, BatchStatistics>(),
    moments: new Map(),
    kept: new Map(),
    constant: (name) => tensors.get(name)!,
    tensor: (name) => {
      if (declared.has(name)) return name;
      declared.add(name);
      const shape = trained.get(name);
      if (shape) return onnx.input(name, shape);
      const { shape: fixed, data } = tensors.get(name)!;
      return onnx.weight(name, fixed, data);
    },
  };
  onnx.input(networkInput, [batch, architecture.inputChannels, height, width]);
  for (const layer of architecture.layers) emitForward(scope, layer);
  const logits = scope.values.get(architecture.logits)!;
  const { loss, gradient } = emitLoss(scope, objective, logits);
  const gradients = emitBackward(scope, gradient);
  onnx.output(loss, trainingNames.loss, [1]);
  onnx.output(logits, trainingNames.logits, [batch, architecture.outputs]);
  for (const { name, shape } of plan.trained) onnx.output(gradients.get(name)!, trainingNames.gradient(name), shape);
  const statistics = [...scope.statistics.values()];
  if (statistics.length > 0) {
    const flat = (values: readonly string[]): string => {
      const vectors = values.map((value) => onnx.node('Reshape', [value, onnx.integers(-1)]));
      return vectors.length === 1 ? vectors[0]! : onnx.node('Concat', vectors, { attributes: { axis: 0 } });
    };
    onnx.output(flat(statistics.map(({ mean }) => mean)), trainingNames.means, ['channels']);
    onnx.output(flat(statistics.map(({ variance }) => variance)), trainingNames.variances, ['channels']);
  }
  return { bytes: onnx.encode(), plan };
}
