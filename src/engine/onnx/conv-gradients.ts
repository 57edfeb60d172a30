import type { ConvLayer } from '../../network/architecture.js';
import type { Receiver } from './training-backward.js';
import type { TrainingScope } from './training-scope.js';

/**
 * Gradients of a cross-correlation, for as many groups as channels (each channel by itself) or one.
 *
 * The weight's is a sum over the places where the kernel lay: for each tap (i, j) of the kernel the product of the
 * output's gradient with the input as that tap saw it. The input's is the correlation with the kernel turned round
 * (stride 1) or the transposed convolution (else).
 */
export function convGradients(scope: TrainingScope, layer: ConvLayer, gradient: string, add: Receiver): void {
  if (layer.groups !== 1 && layer.groups !== layer.inputChannels) throw new Error(`the gradient of ${layer.groups} groups (${layer.name}) is not described`);
  if (scope.plan.trains(layer)) add.tensor('weight', weightGradient(scope, layer, gradient));
  if (scope.plan.needsGradient(layer.input)) add.input(layer.input, inputGradient(scope, layer, gradient));
}

function weightGradient(scope: TrainingScope, layer: ConvLayer, gradient: string): string {
  const { onnx, batch } = scope;
  const { kernel, groups, inputChannels, outputChannels } = layer;
  const { height, width } = scope.sizes.get(layer.name)!;
  const taps = inputAtTaps(scope, layer);
  const places = height * width;
  if (groups === 1) {
    const rows = onnx.node('Reshape', [gradient, onnx.integers(batch, outputChannels, places)]);
    const products = taps.map((tap) => {
      const columns = onnx.node('Reshape', [tap, onnx.integers(batch, inputChannels, places)]);
      const product = onnx.node('FusedMatMul', [rows, columns], { attributes: { transB: 1 }, domain: 'com.microsoft' });
      return onnx.node('ReduceSum', [product, onnx.integers(0)], { attributes: { keepdims: 0 } });
    });
    return collect(scope, products, [outputChannels, inputChannels, kernel, kernel]);
  }
  const rows = onnx.node('Reshape', [gradient, onnx.integers(batch * outputChannels, 1, places)]);
  const products = taps.map((tap) => {
    const columns = onnx.node('Reshape', [tap, onnx.integers(batch * outputChannels, 1, places)]);
    const product = onnx.node('FusedMatMul', [rows, columns], { attributes: { transB: 1 }, domain: 'com.microsoft' });
    return onnx.node('ReduceSum', [onnx.node('Reshape', [product, onnx.integers(batch, outputChannels, 1)]), onnx.integers(0)], { attributes: { keepdims: 0 } });
  });
  return collect(scope, products, [outputChannels, 1, kernel, kernel]);
}

/** The input as each tap of the kernel saw it, [N, I, output height, output width], row by row. */
function inputAtTaps(scope: TrainingScope, { name, input, kernel, stride, padding }: ConvLayer): readonly string[] {
  const { onnx } = scope;
  const from = scope.sizes.get(input)!;
  const to = scope.sizes.get(name)!;
  const value = scope.values.get(input)!;
  if (kernel === 1 && stride === 1 && padding === 0) return [value];
  const past = (size: number, places: number): number => Math.max(0, (places - 1) * stride + kernel - size - padding);
  const padded = padding === 0 ? value : onnx.node('Pad', [value, onnx.integers(0, 0, padding, padding, 0, 0, past(from.height, to.height), past(from.width, to.width))]);
  const offsets = Array.from({ length: kernel }, (_, index) => index);
  return offsets.flatMap((row) =>
    offsets.map((column) => {
      const ends = onnx.integers(row + (to.height - 1) * stride + 1, column + (to.width - 1) * stride + 1);
      return onnx.node('Slice', [padded, onnx.integers(row, column), ends, onnx.integers(2, 3), onnx.integers(stride, stride)]);
    }),
  );
}

/** One [O, I] for each tap → [O, I, kernel, kernel]. */
function collect({ onnx }: TrainingScope, taps: readonly string[], shape: readonly number[]): string {
  if (taps.length === 1) return onnx.node('Reshape', [taps[0]!, onnx.integers(...shape)]);
  const last = taps.map((tap) => onnx.node('Unsqueeze', [tap, onnx.integers(2)]));
  return onnx.node('Reshape', [onnx.node('Concat', last, { attributes: { axis: 2 } }), onnx.integers(...shape)]);
}

function inputGradient(scope: TrainingScope, layer: ConvLayer, gradient: string): string {
  const { onnx } = scope;
  const { kernel, stride, padding, groups } = layer;
  const weight = scope.tensor(`${layer.name}.weight`);
  const from = scope.sizes.get(layer.input)!;
  const to = scope.sizes.get(layer.name)!;
  if (stride === 1 && padding < kernel) {
    const swapped = groups === 1 ? onnx.node('Transpose', [weight], { attributes: { perm: [1, 0, 2, 3] } }) : weight;
    const beyond = Number.MIN_SAFE_INTEGER;
    const turned = kernel === 1 ? swapped : onnx.node('Slice', [swapped, onnx.integers(-1, -1), onnx.integers(beyond, beyond), onnx.integers(2, 3), onnx.integers(-1, -1)]);
    const pads = Array.from({ length: 4 }, () => kernel - 1 - padding);
    return onnx.node('Conv', [gradient, turned], { attributes: { kernel_shape: [kernel, kernel], pads, group: groups } });
  }
  const missing = (size: number, places: number): number => size - ((places - 1) * stride + kernel - 2 * padding);
  return onnx.node('ConvTranspose', [gradient, weight], {
    attributes: {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      output_padding: [missing(from.height, to.height), missing(from.width, to.width)],
      group: groups,
    },
  });
}
