import type { BatchNormLayer } from '../../../network/architecture.js';
import { channelAffine } from './channel-affine.js';
import { channelMeans, channelProducts } from './channel-statistics.js';
import type { GradientReceiver } from './gradient-receiver.js';
import { normAxes, valueShape, type TrainingScope } from './training-scope.js';

/**
 * With x̂ = (x − mean) · inverse and M values a channel: `dbias = Σ dy`, `dweight = Σ dy · x̂ = inverse · (Σ dy · x − mean · Σ dy)`,
 * `dx = weight · inverse · (dy − dbias / M − x̂ · dweight / M)`, taken apart into `a · dy + b · x + c` with a, b, c per channel.
 */
export function batchNormGradients(scope: TrainingScope, layer: BatchNormLayer, gradient: string, add: GradientReceiver): void {
  const { onnx, plan, layouts } = scope;
  const statistics = scope.statistics.get(layer.name);
  const axes = normAxes(scope, layer.name);
  const perChannel = [1, layer.channels, ...axes.slice(1).map(() => 1)];
  const weight = onnx.node('Reshape', [scope.tensor(`${layer.name}.weight`), onnx.integers(...perChannel)]);
  const times = (...factors: readonly [string, ...string[]]): string =>
    factors.reduce((product, factor) => onnx.node('Mul', [product, factor]));
  if (!statistics) {
    const { data } = scope.constant(`${layer.name}.running_var`);
    const inverse = onnx.floats(
      [...data].map((variance) => 1 / Math.sqrt(variance + layer.epsilon)),
      perChannel,
    );
    return add.input(layer.input, times(scope.layouts.plain(gradient), times(weight, inverse)));
  }
  const { mean, inverse } = statistics;
  const shape = valueShape(scope, layer.name);
  const dBias = layouts.isBlocked(gradient)
    ? times(
        onnx.node('ReduceSum', [channelMeans(scope, gradient), onnx.integers(0)], { attributes: { keepdims: 1 } }),
        onnx.floats([shape[2]! * shape[3]!], []),
      )
    : onnx.node('ReduceSum', [gradient, onnx.integers(...axes)], { attributes: { keepdims: 1 } });
  const products = channelProducts(scope, gradient, scope.value(layer.input), shape);
  const dWeight = times(inverse, onnx.node('Sub', [products, times(mean, dBias)]));
  add.tensor('weight', onnx.node('Reshape', [dWeight, onnx.integers(layer.channels)]));
  add.tensor('bias', onnx.node('Reshape', [dBias, onnx.integers(layer.channels)]));
  if (!plan.needsGradient(layer.input)) return;
  const a = times(weight, inverse);
  const part = onnx.floats([-layer.channels / shape.reduce((product, size) => product * size, 1)], []);
  const b = times(a, inverse, dWeight, part);
  const c = onnx.node('Sub', [times(a, dBias, part), times(b, mean)]);
  add.input(
    layer.input,
    layouts.isBlocked(gradient)
      ? channelAffine(scope, {
          value: gradient,
          channels: layer.channels,
          scale: a,
          shift: onnx.floats(Array.from({ length: layer.channels }, () => 0)),
        })
      : times(gradient, a),
  );
  add.affine(layer.input, b, c);
}
