import { networkInput, type ConvLayer } from '../../network/architecture.js';
import { layerSizes } from '../../network/layer-sizes.js';
import type { TrainerOptions } from '../trainer.js';
import { trainingPlan, type TrainedTensor, type TrainingPlan } from '../training-plan.js';
import { isBlockedConv } from './blocked-conv.js';
import { channelAffine } from './channel-affine.js';
import { layoutsOf } from './channel-blocks.js';
import { graph } from './graph.js';
import { emitBackward } from './training-backward.js';
import { emitForward } from './training-forward.js';
import { emitLoss } from './training-loss.js';
import { trainingNames } from './training-names.js';
import type { BatchStatistics, TrainingScope } from './training-scope.js';

export interface TrainingModel {
  readonly bytes: Uint8Array;
  readonly plan: TrainingPlan;
  /** Weights of convolutions, [O, I, kernel, kernel], that go in and whose gradients come out as [kernel², O, I]. */
  readonly tapMajor: ReadonlySet<string>;
  /** Of every trained tensor, as the graph has it. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * Forward pass in training mode, loss, and the gradient of every trained tensor, as an ONNX model of fixed size.
 *
 * Inputs: `input` [batch, C, height, width]; `positive` and `negative` [batch, outputs] (see LossTerms); a mask for every
 * dropout layer; every trained tensor under its own name. What is not trained is constant, so onnxruntime prepares it once.
 * Outputs: `loss` [1], `logits`, `batchMeans` and `batchVariances` (biased) if any, `gradient:<tensor>`.
 *
 * @param block channels that lie together (see Layouts); undefined for a graph that every provider understands
 */
export function trainingModel(options: TrainerOptions, block: number | undefined): TrainingModel {
  const { network, objective, batch, height, width } = options;
  const { architecture, tensors } = network;
  const plan = trainingPlan(architecture, options);
  const onnx = graph(`${architecture.name}, training`);
  // channel by channel (MobileNet) there is nothing to be won, and narrow layers between would have to be turned round and back
  const convs = architecture.layers.filter((layer): layer is ConvLayer => layer.kind === 'conv');
  const layouts = layoutsOf(onnx, convs.every(({ groups }) => groups === 1) ? block : undefined);
  const tapMajor = new Set(convs.filter((layer) => isBlockedConv({ layouts, plan }, layer)).map(({ name }) => `${name}.weight`));
  const shapeOf = ({ name, shape }: TrainedTensor): readonly number[] => (tapMajor.has(name) ? [shape[2]! * shape[3]!, shape[0]!, shape[1]!] : shape);
  const shapes = new Map(plan.trained.map((tensor) => [tensor.name, shapeOf(tensor)]));
  const declared = new Set<string>();
  const scope: TrainingScope = {
    onnx,
    architecture,
    plan,
    batch,
    sizes: layerSizes(architecture, height, width),
    layouts,
    values: new Map([[networkInput, networkInput]]),
    deferred: new Map(),
    value: (name) => {
      const affine = scope.deferred.get(name);
      if (affine) {
        scope.deferred.delete(name);
        scope.values.set(name, channelAffine(scope, affine));
      }
      return scope.values.get(name)!;
    },
    plain: (name) => layouts.plain(scope.value(name)),
    statistics: new Map<string, BatchStatistics>(),
    moments: new Map(),
    kept: new Map(),
    constant: (name) => tensors.get(name)!,
    tensor: (name) => {
      if (declared.has(name)) return name;
      declared.add(name);
      const shape = shapes.get(name);
      if (shape) return onnx.input(name, shape);
      const { shape: fixed, data } = tensors.get(name)!;
      return onnx.weight(name, fixed, data);
    },
  };
  onnx.input(networkInput, [batch, architecture.inputChannels, height, width]);
  for (const layer of architecture.layers) emitForward(scope, layer);
  const logits = scope.value(architecture.logits);
  const { loss, gradient } = emitLoss(scope, objective, logits);
  const gradients = emitBackward(scope, gradient);
  onnx.output(loss, trainingNames.loss, [1]);
  onnx.output(logits, trainingNames.logits, [batch, architecture.outputs]);
  for (const [name, shape] of shapes) onnx.output(gradients.get(name)!, trainingNames.gradient(name), shape);
  const statistics = [...scope.statistics.values()];
  if (statistics.length > 0) {
    const flat = (values: readonly string[]): string => {
      const vectors = values.map((value) => onnx.node('Reshape', [value, onnx.integers(-1)]));
      return vectors.length === 1 ? vectors[0]! : onnx.node('Concat', vectors, { attributes: { axis: 0 } });
    };
    onnx.output(flat(statistics.map(({ mean }) => mean)), trainingNames.means, ['channels']);
    onnx.output(flat(statistics.map(({ variance }) => variance)), trainingNames.variances, ['channels']);
  }
  return { bytes: onnx.encode(), plan, tapMajor, shapes };
}
