import { blockDomain } from './channel-blocks.js';
import type { ChannelAffine, TrainingScope } from './training-scope.js';

/** In one pass over the values, where they lie in blocks also with what is added and a ReLU (a convolution of each channel by itself). */
export function channelAffine(scope: TrainingScope, { value, channels, scale, shift, plus }: ChannelAffine, relu = false): string {
  const { onnx, layouts } = scope;
  const vector = (name: string): string => onnx.node('Reshape', [name, onnx.integers(channels)]);
  if (layouts.isBlocked(value)) {
    const inputs = [
      value,
      onnx.node('Reshape', [scale, onnx.integers(channels, 1, 1, 1)]),
      vector(shift),
      ...(plus === undefined ? [] : [layouts.blocked(plus, channels)]),
    ];
    const attributes = { kernel_shape: [1, 1], group: channels, ...(relu ? { activation: 'Relu' } : {}) };
    return layouts.mark(onnx.node('Conv', inputs, { domain: blockDomain, attributes }), channels);
  }
  const constant = (number: number): string => onnx.floats(Array.from({ length: channels }, () => number));
  // with mean 0 and variance 1 the operator is scale · x + shift in one pass, where Mul and Add would make two
  const made = onnx.node('BatchNormalization', [value, vector(scale), vector(shift), constant(0), constant(1)], {
    attributes: { epsilon: { float: 0 } },
  });
  const sum = plus === undefined ? made : layouts.eachValue('Add', [made, plus]);
  return relu ? layouts.eachValue('Relu', [sum]) : sum;
}
