import { networkInputName, type ConvLayer } from '../../../network/architecture.js';
import { layerSizes } from '../../../network/layer-sizes.js';
import type { TrainerOptions } from '../../trainer.js';
import { trainingPlan, type TrainedTensor, type TrainingPlan } from '../../training-plan.js';
import { isBlockedConv } from './blocked-conv.js';
import { channelAffine } from './channel-affine.js';
import { layoutsOf } from './channel-blocks.js';
import type { Graph } from '../graph.js';
import { emitBackward, type Gradients } from './training-backward.js';
import { emitForward } from './training-forward.js';
import { emitLossAndGradient } from './loss-and-gradient.js';
import { trainingNames } from './training-names.js';
import type { BatchStatistics, TrainingScope } from './training-scope.js';

/** What a provider can do, and so how the same step is written for it. */
export interface GraphTraits {
  /** Channels that lie together (see Layouts); undefined for a graph that every provider understands. */
  readonly block: number | undefined;
  /** Whether the processor's kernels compute it: what they have fast others lack, or have slowly. */
  readonly processor: boolean;
  /** Whether it is WebGPU, which lacks some operators (see TrainingScope). */
  readonly webgpu: boolean;
}

export interface TrainingGraph {
  readonly plan: TrainingPlan;
  /** Of every trained tensor, named as `trained` named it. */
  readonly gradients: Gradients;
  /** Weights of convolutions, [O, I, kernel, kernel], that go in and whose gradients come out as [kernel², O, I]. */
  readonly tapMajor: ReadonlySet<string>;
  /** Of every trained tensor, as the graph has it. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * Forward pass in training mode, loss, and the gradient of every trained tensor, for a batch of fixed size.
 *
 * Inputs: `input` [batch, C, height, width]; `positive` and `negative` [batch, outputs] (see LossTerms); a mask for every
 * dropout layer. What is not trained is constant, so onnxruntime prepares it once.
 * Outputs: `loss` [1], `logits`, `batchMeans` and `batchVariances` (biased) if any.
 *
 * @param trained the value of a trained tensor, of the given shape, called once for each tensor
 */
export function emitTrainingGraph(
  onnx: Graph,
  options: TrainerOptions,
  { block, processor, webgpu }: GraphTraits,
  trained: (name: string, shape: readonly number[]) => string,
): TrainingGraph {
  const { network, objective, batch, height, width } = options;
  const { architecture, tensors } = network;
  const plan = trainingPlan(architecture, options);
  // where channels are convolved by themselves (MobileNet), the narrow layers between would have to be turned round and back
  const convs = architecture.layers.filter((layer): layer is ConvLayer => layer.kind === 'conv');
  const layouts = layoutsOf(onnx, convs.every(({ groups }) => groups === 1) ? block : undefined);
  const tapMajor = new Set(convs.filter((layer) => isBlockedConv({ layouts, plan }, layer)).map(({ name }) => `${name}.weight`));
  const flat = new Set(convs.filter((layer) => layer.flat).map(({ name }) => `${name}.weight`));
  const shapeOf = ({ name, shape }: Pick<TrainedTensor, 'name' | 'shape'>): readonly number[] => {
    if (flat.has(name)) return [...shape, 1, 1];
    return tapMajor.has(name) ? [shape[2]! * shape[3]!, shape[0]!, shape[1]!] : shape;
  };
  const shapes = new Map(plan.trained.map((tensor) => [tensor.name, shapeOf(tensor)]));
  const declared = new Map<string, string>();
  const declare = (name: string): string => {
    const shape = shapes.get(name);
    if (shape) return trained(name, shape);
    const { shape: fixed, data } = tensors.get(name)!;
    return onnx.weight(name, flat.has(name) ? [...fixed, 1, 1] : fixed, data);
  };
  const scope: TrainingScope = {
    onnx,
    architecture,
    plan,
    batch,
    sizes: layerSizes(architecture, height, width),
    layouts,
    depthwiseBlock: processor ? block : undefined,
    processor,
    webgpu,
    values: new Map([[networkInputName, networkInputName]]),
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
      const known = declared.get(name) ?? declare(name);
      declared.set(name, known);
      return known;
    },
  };
  onnx.input(networkInputName, [batch, architecture.inputChannels, height, width]);
  for (const layer of architecture.layers) emitForward(scope, layer);
  const logits = scope.value(architecture.logits);
  const { loss, gradient } = emitLossAndGradient(scope, objective, logits);
  const gradients = emitBackward(scope, gradient);
  onnx.output(loss, trainingNames.loss, [1]);
  onnx.output(logits, trainingNames.logits, [batch, architecture.outputs]);
  const statistics = [...scope.statistics.values()];
  if (statistics.length > 0) {
    const flat = (values: readonly string[]): string => {
      const vectors = values.map((value) => onnx.node('Reshape', [value, onnx.integers(-1)]));
      return vectors.length === 1 ? vectors[0]! : onnx.node('Concat', vectors, { attributes: { axis: 0 } });
    };
    onnx.output(flat(statistics.map(({ mean }) => mean)), trainingNames.means, ['channels']);
    onnx.output(flat(statistics.map(({ variance }) => variance)), trainingNames.variances, ['channels']);
  }
  return { plan, gradients, tapMajor, shapes };
}
