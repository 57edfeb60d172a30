import { inputsOf, type Architecture, type BatchNormLayer, type ConvLayer, type ScaleLayer } from '../../../network/architecture.js';
import type { Tensor, Tensors } from '../../../network/safetensors.js';

/** A convolution with what follows it folded in: `y = conv(x, weight) + bias`. */
export interface FoldedConv {
  readonly weight: Tensor;
  readonly bias: Float32Array;
}

/** What is a factor and a summand for each channel outside training. */
export type FoldableLayer = BatchNormLayer | ScaleLayer;

/** A layer as it is outside training: `y = scale · x + shift`, per channel. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** `scale = weight / √(running_var + epsilon)`, `shift = bias − running_mean · scale`, in double precision. */
export function batchNormAffine(layer: BatchNormLayer, tensors: Tensors): Affine {
  const [weight, bias, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (part) => tensors.get(`${layer.name}.${part}`)!.data,
  );
  const scale = Float64Array.from(
    { length: layer.channels },
    (_, channel) => weight![channel]! / Math.sqrt(variance![channel]! + layer.epsilon),
  );
  const shift = Float64Array.from({ length: layer.channels }, (_, channel) => bias![channel]! - mean![channel]! * scale[channel]!);
  return { scale, shift };
}

/**
 * The convolutions whose only reader is a batch norm or a scale, by the name of that layer.
 *
 * DenseNet normalises before it convolves: there only some of the batch norms qualify.
 */
export function foldableLayers(architecture: Architecture): ReadonlyMap<string, ConvLayer> {
  const readers = new Map<string, number>();
  for (const layer of architecture.layers) for (const name of inputsOf(layer)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const convs = new Map(architecture.layers.flatMap((layer) => (layer.kind === 'conv' ? [[layer.name, layer] as const] : [])));
  const foldable = new Map<string, ConvLayer>();
  for (const layer of architecture.layers) {
    if (layer.kind !== 'batch-norm' && layer.kind !== 'scale') continue;
    const conv = convs.get(layer.input);
    if (conv && readers.get(conv.name) === 1) foldable.set(layer.name, conv);
  }
  return foldable;
}

/** @returns the weight in the shape that it has without the fold */
export function foldIntoConv(conv: ConvLayer, layer: FoldableLayer, tensors: Tensors): FoldedConv {
  const { scale, shift } = affineOf(layer, tensors);
  const { shape, data } = tensors.get(`${conv.name}.weight`)!;
  const own = tensors.get(`${conv.name}.bias`)?.data;
  const perOutput = data.length / conv.outputChannels;
  const weight = new Float32Array(data.length);
  for (let channel = 0, index = 0; channel < conv.outputChannels; channel++) {
    const factor = scale[channel]!;
    for (const end = index + perOutput; index < end; index++) weight[index] = data[index]! * factor;
  }
  const bias = Float32Array.from(shift, (value, channel) => value + (conv.bias ? own![channel]! * scale[channel]! : 0));
  return { weight: { shape, data: weight }, bias };
}

function affineOf(layer: FoldableLayer, tensors: Tensors): Affine {
  if (layer.kind === 'batch-norm') return batchNormAffine(layer, tensors);
  return { scale: Float64Array.from(tensors.get(`${layer.name}.layer_scale`)!.data), shift: new Float64Array(layer.channels) };
}
