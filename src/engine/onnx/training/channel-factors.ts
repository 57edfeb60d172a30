import type { GateLayer, LayerNode, ScaleLayer } from '../../../network/architecture.js';
import { channelMeans, channelProducts } from './channel-statistics.js';
import type { GradientReceiver } from './gradient-receiver.js';
import { valueShape, type TrainingScope } from './training-scope.js';

/** The mean over places, [N, C, 1, 1]. */
export function spatialMean(scope: TrainingScope, { input }: Extract<LayerNode, { kind: 'spatial-mean' }>): string {
  return channelMeans(scope, scope.plain(input));
}

export function spatialMeanGradient({ onnx, batch, sizes }: TrainingScope, input: string, gradient: string): string {
  const { channels, height, width } = sizes.get(input)!;
  const each = onnx.node('Mul', [gradient, onnx.floats([1 / (height * width)], [])]);
  return onnx.node('Expand', [each, onnx.integers(batch, channels, height, width)]);
}

/** A value times a factor for each channel of each picture. */
export function gate({ onnx, plain }: TrainingScope, { inputs }: GateLayer): string {
  return onnx.node('Mul', inputs.map(plain));
}

export function gateGradients(scope: TrainingScope, { inputs: [value, factor] }: GateLayer, gradient: string, add: GradientReceiver): void {
  const { onnx, plan, plain } = scope;
  if (plan.needsGradient(value)) add.input(value, onnx.node('Mul', [gradient, plain(factor)]));
  if (plan.needsGradient(factor)) add.input(factor, placeProducts(scope, gradient, plain(value), value));
}

/** The sum over places of the products of two values, [N, C, 1, 1]. */
function placeProducts({ onnx, batch, sizes, webgpu }: TrainingScope, one: string, other: string, layer: string): string {
  if (webgpu) return onnx.node('ReduceSum', [onnx.node('Mul', [one, other]), onnx.integers(2, 3)], { attributes: { keepdims: 1 } });
  const { channels, height, width } = sizes.get(layer)!;
  const rows = (value: string): string => onnx.node('Reshape', [value, onnx.integers(batch * channels, 1, height * width)]);
  const products = onnx.node('FusedMatMul', [rows(one), rows(other)], { attributes: { transB: 1 }, domain: 'com.microsoft' });
  return onnx.node('Reshape', [products, onnx.integers(batch, channels, 1, 1)]);
}

/** A value times a learned factor for each channel. */
export function scaled(scope: TrainingScope, layer: ScaleLayer): string {
  return scope.onnx.node('Mul', [scope.plain(layer.input), factorOf(scope, layer)]);
}

export function scaleGradients(scope: TrainingScope, layer: ScaleLayer, gradient: string, add: GradientReceiver): void {
  const { onnx, plan, plain } = scope;
  const { input, name, channels } = layer;
  if (plan.trains(layer)) {
    const products = channelProducts(scope, gradient, plain(input), valueShape(scope, name));
    add.tensor('layer_scale', onnx.node('Reshape', [products, onnx.integers(channels, 1, 1)]));
  }
  if (plan.needsGradient(input)) add.input(input, onnx.node('Mul', [gradient, factorOf(scope, layer)]));
}

function factorOf({ onnx, tensor }: TrainingScope, { name, channels }: ScaleLayer): string {
  return onnx.node('Reshape', [tensor(`${name}.layer_scale`), onnx.integers(1, channels, 1, 1)]);
}
