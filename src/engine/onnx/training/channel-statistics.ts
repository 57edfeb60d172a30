import { channelAffine } from './channel-affine.js';
import { blockDomain } from './channel-blocks.js';
import type { ChannelMoments, TrainingScope } from './training-scope.js';
import { normAxes, valueShape } from './training-scope.js';

/**
 * Mean and biased variance of each channel of a layer's output over the batch, [1, C, 1, 1] (or [1, C] after pooling).
 *
 * Of a concatenation they are those of its parts: in a dense block every channel is measured once, not once for each of the
 * layers that read it.
 */
export function channelStatistics(scope: TrainingScope, name: string): ChannelMoments {
  const known = scope.moments.get(name);
  if (known) return known;
  const layer = scope.architecture.layers.find((candidate) => candidate.name === name);
  const found = layer?.kind === 'concat' ? joined(scope, layer.inputs) : measured(scope, name);
  scope.moments.set(name, found);
  return found;
}

function joined(scope: TrainingScope, names: readonly string[]): ChannelMoments {
  const parts = names.map((name) => channelStatistics(scope, name));
  const join = (values: readonly string[]): string => scope.onnx.node('Concat', values, { attributes: { axis: 1 } });
  return { mean: join(parts.map(({ mean }) => mean)), variance: join(parts.map(({ variance }) => variance)) };
}

function measured(scope: TrainingScope, name: string): ChannelMoments {
  const { onnx } = scope;
  const value = scope.value(name);
  const shape = valueShape(scope, name);
  const share = onnx.floats([shape[1]! / shape.reduce((product, size) => product * size, 1)], []);
  if (scope.layouts.isBlocked(value)) {
    const channels = shape[1]!;
    const mean = onnx.node('ReduceMean', [channelMeans(scope, value)], { attributes: { axes: [0], keepdims: 1 } });
    const centred = channelAffine(scope, {
      value,
      channels,
      scale: onnx.floats(Array.from({ length: channels }, () => 1)),
      shift: onnx.node('Neg', [mean]),
    });
    return { mean, variance: onnx.node('Mul', [channelProducts(scope, centred, centred, shape), share]) };
  }
  const mean = onnx.node('ReduceMean', [value], { attributes: { axes: normAxes(scope, name), keepdims: 1 } });
  // of centred values: the mean of the squares less the square of the mean would cancel where channels are far from zero
  const centred = onnx.node('Sub', [value, mean]);
  return { mean, variance: onnx.node('Mul', [channelProducts(scope, centred, centred, shape), share]) };
}

/**
 * The sum of products of two values of one shape over all but the channels, [1, C, 1, 1] (or [1, C]).
 *
 * As a product of matrices of one row each it needs no intermediate of the values' size.
 */
export function channelProducts(scope: TrainingScope, one: string, other: string, shape: readonly number[]): string {
  const { onnx, layouts, webgpu } = scope;
  if (layouts.isBlocked(one)) return blockProducts(scope, one, other, shape);
  const [batch, channels, height, width] = shape as readonly [number, number, number?, number?];
  if (height === undefined || width === undefined)
    return onnx.node('ReduceSum', [onnx.node('Mul', [one, other]), onnx.integers(0)], { attributes: { keepdims: 1 } });
  // a product of rows is one thread's work on a GPU
  if (webgpu)
    return onnx.node(
      'ReduceSum',
      [onnx.node('ReduceSum', [onnx.node('Mul', [one, other]), onnx.integers(2, 3)], { attributes: { keepdims: 1 } }), onnx.integers(0)],
      { attributes: { keepdims: 1 } },
    );
  const rows = (value: string): string => onnx.node('Reshape', [layouts.plain(value), onnx.integers(batch * channels, 1, height * width)]);
  const products = onnx.node('FusedMatMul', [rows(one), rows(other)], { attributes: { transB: 1 }, domain: 'com.microsoft' });
  return onnx.node('ReduceSum', [onnx.node('Reshape', [products, onnx.integers(batch, channels, 1, 1)]), onnx.integers(0)], {
    attributes: { keepdims: 1 },
  });
}

/** The sum of a plain value over all but the channels, [1, C, 1, 1] (or [1, C]). */
export function channelSums({ onnx }: TrainingScope, value: string, shape: readonly number[]): string {
  return onnx.node('ReduceSum', [value, onnx.integers(...shape.map((_, axis) => axis).filter((axis) => axis !== 1))], {
    attributes: { keepdims: 1 },
  });
}

/** The same of values in blocks. */
function blockProducts(scope: TrainingScope, one: string, other: string, shape: readonly number[]): string {
  const { onnx, layouts } = scope;
  const places = shape[2]! * shape[3]!;
  const means = channelMeans(scope, layouts.eachValue('Mul', [one, other]));
  return onnx.node('Mul', [onnx.node('ReduceSum', [means, onnx.integers(0)], { attributes: { keepdims: 1 } }), onnx.floats([places], [])]);
}

/** Of each channel of each picture, [N, C, 1, 1]: of so small a value both layouts are one. */
export function channelMeans({ onnx, layouts }: TrainingScope, value: string): string {
  return onnx.node('GlobalAveragePool', [value], layouts.isBlocked(value) ? { domain: blockDomain } : {});
}
