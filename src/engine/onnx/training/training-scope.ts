import type { Architecture } from '../../../network/architecture.js';
import type { LayerSize } from '../../../network/layer-sizes.js';
import type { Tensor } from '../../../network/safetensors.js';
import type { TrainingPlan } from '../../training-plan.js';
import type { Layouts } from './channel-blocks.js';
import type { Graph } from '../graph.js';

/** Of each channel over a batch: names of values, each [1, C, 1, 1] or [1, C]. */
export interface ChannelMoments {
  readonly mean: string;
  /** Not the unbiased one. */
  readonly variance: string;
}

/** Of a batch norm in training. */
export interface BatchStatistics extends ChannelMoments {
  /** 1 / √(variance + epsilon). */
  readonly inverse: string;
}

/** `scale · x + shift` per channel, with what is done to it in the same pass. */
export interface ChannelAffine {
  readonly value: string;
  readonly channels: number;
  /** Any shape of C values. */
  readonly scale: string;
  readonly shift: string;
  /** Added value by value. */
  readonly plus?: string | undefined;
}

/** What the emission of a training graph uses, and what it records for the backward pass. */
export interface TrainingScope {
  readonly onnx: Graph;
  readonly architecture: Architecture;
  readonly plan: TrainingPlan;
  readonly batch: number;
  readonly sizes: ReadonlyMap<string, LayerSize>;
  readonly layouts: Layouts;
  /** Channels in a block for convolutions of every channel by itself; undefined where there are no kernels for them. */
  readonly depthwiseBlock: number | undefined;
  /** Whether the processor computes. */
  readonly processor: boolean;
  /** Whether the WebGPU provider is to have every operator: others would take their values from the device and back. */
  readonly webgpu: boolean;
  /** The ONNX values of layers' outputs, in either layout. */
  readonly values: Map<string, string>;
  /** Outputs of batch norms that no layer has read yet: the ReLU or addition after them may compute them in its own pass. */
  readonly deferred: Map<string, ChannelAffine>;
  /** Of every batch norm that uses the batch's. */
  readonly statistics: Map<string, BatchStatistics>;
  /** Of every layer's output that was measured. */
  readonly moments: Map<string, ChannelMoments>;
  /** What a layer keeps for its gradient: masks of dropout, indices or maxima of pooling, filters. */
  readonly kept: Map<string, string>;
  /** The ONNX value of a layer's output, in either layout. */
  value(layer: string): string;
  /** The same as [N, C, H, W]. */
  plain(layer: string): string;
  /** Name of the value of a tensor: an input of the graph where it is trained, else a constant. */
  tensor(name: string): string;
  /** The value of a tensor that is not trained. */
  constant(name: string): Tensor;
}

/** The shape of a layer's output, [N, C, H, W], or [N, C] after pooling. */
export function valueShape(scope: TrainingScope, name: string): readonly number[] {
  const { channels, height, width } = scope.sizes.get(name)!;
  return pooled(scope, name) ? [scope.batch, channels] : [scope.batch, channels, height, width];
}

/** The axes over which a batch norm takes its statistics. */
export function normAxes(scope: TrainingScope, name: string): readonly number[] {
  return pooled(scope, name) ? [0] : [0, 2, 3];
}

/** Whether a layer yields [N, C]: it comes after a global pooling. */
function pooled({ architecture: { layers, featureMap } }: TrainingScope, name: string): boolean {
  const index = layers.findIndex((layer) => layer.name === name);
  return index > layers.findIndex((layer) => layer.name === featureMap);
}
