import type { LayerNormLayer } from '../../../network/architecture.js';
import { channelProducts, channelSums } from './channel-statistics.js';
import type { GradientReceiver } from './gradient-receiver.js';
import { valueShape, type TrainingScope } from './training-scope.js';

/** `weight · x̂ + bias` with x̂ = (x − mean) / √(variance + epsilon) over the channels of each place; x̂ and the inverse deviation are kept. */
export function layerNorm(scope: TrainingScope, { name, input, epsilon }: LayerNormLayer): string {
  const { onnx, kept } = scope;
  const x = scope.plain(input);
  const centred = onnx.node('Sub', [x, overChannels(scope, x)]);
  const variance = overChannels(scope, onnx.node('Mul', [centred, centred]));
  const inverse = onnx.node('Reciprocal', [onnx.node('Sqrt', [onnx.node('Add', [variance, onnx.floats([epsilon], [])])])]);
  const normalised = onnx.node('Mul', [centred, inverse]);
  kept.set(normalisedOf(name), normalised).set(inverseOf(name), inverse);
  const [weight, bias] = [vector(scope, name, 'weight'), vector(scope, name, 'bias')];
  return onnx.node('Add', [onnx.node('Mul', [normalised, weight]), bias]);
}

/** `dbias = Σ dy`, `dweight = Σ dy · x̂`; with g = weight · dy: `dx = inverse · (g − mean(g) − x̂ · mean(g · x̂))`, the means over channels. */
export function layerNormGradients(scope: TrainingScope, layer: LayerNormLayer, gradient: string, add: GradientReceiver): void {
  const { onnx, plan, kept } = scope;
  const { name, input, channels } = layer;
  const normalised = kept.get(normalisedOf(name))!;
  const shape = valueShape(scope, name);
  if (plan.trains(layer)) {
    const flat = (value: string): string => onnx.node('Reshape', [value, onnx.integers(channels)]);
    add.tensor('weight', flat(channelProducts(scope, gradient, normalised, shape)));
    add.tensor('bias', flat(channelSums(scope, gradient, shape)));
  }
  if (!plan.needsGradient(input)) return;
  const weighted = onnx.node('Mul', [gradient, vector(scope, name, 'weight')]);
  const along = onnx.node('Mul', [normalised, overChannels(scope, onnx.node('Mul', [weighted, normalised]))]);
  const across = onnx.node('Sub', [onnx.node('Sub', [weighted, overChannels(scope, weighted)]), along]);
  add.input(input, onnx.node('Mul', [across, kept.get(inverseOf(name))!]));
}

const normalisedOf = (name: string): string => `normalised:${name}`;
const inverseOf = (name: string): string => `inverse:${name}`;

function overChannels({ onnx }: TrainingScope, value: string): string {
  return onnx.node('ReduceMean', [value], { attributes: { axes: [1], keepdims: 1 } });
}

/** A tensor of the layer in the shape that its values have, [1, C, 1, 1] or [1, C]. */
function vector(scope: TrainingScope, name: string, part: 'weight' | 'bias'): string {
  const [, channels, ...places] = valueShape(scope, name);
  return scope.onnx.node('Reshape', [scope.tensor(`${name}.${part}`), scope.onnx.integers(1, channels!, ...places.map(() => 1))]);
}
