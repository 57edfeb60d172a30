import type { ConvLayer } from '../../../network/architecture.js';
import { paddingAlong } from '../../../network/conv-padding.js';
import { blockedConvGradients, isBlockedConv } from './blocked-conv.js';
import { depthwiseConv, depthwiseCorrelation, isDepthwiseInBlocks } from './depthwise-conv.js';
import type { GradientReceiver } from './gradient-receiver.js';
import type { TrainingScope } from './training-scope.js';

/**
 * Gradients of a cross-correlation, for as many groups as channels (each channel by itself) or one.
 *
 * The weight's is a sum over the places where the kernel lay: for each tap (i, j) of the kernel the product of the
 * output's gradient with the input as that tap saw it. The input's is the correlation with the kernel turned round
 * (stride 1) or the transposed convolution (else).
 */
export function convGradients(scope: TrainingScope, layer: ConvLayer, gradient: string, add: GradientReceiver): void {
  if (isBlockedConv(scope, layer)) return blockedConvGradients(scope, layer, gradient, add);
  if (layer.groups !== 1 && layer.groups !== layer.inputChannels)
    throw new Error(`the gradient of ${layer.groups} groups (${layer.name}) is not described`);
  const plain = scope.layouts.plain(gradient);
  if (scope.plan.trains(layer)) {
    add.tensorLater('weight', () => weightGradient(scope, layer, plain));
    if (layer.bias)
      add.tensorLater('bias', () => scope.onnx.node('ReduceSum', [plain, scope.onnx.integers(0, 2, 3)], { attributes: { keepdims: 0 } }));
  }
  if (scope.plan.needsGradient(layer.input)) add.input(layer.input, inputGradient(scope, layer, plain));
}

/** Below this number of input channels the products of single taps would be too narrow to be worth their overhead. */
const narrow = 16;

function weightGradient(scope: TrainingScope, layer: ConvLayer, gradient: string): string {
  if (layer.groups > 1) return scope.processor ? correlated(scope, layer, gradient) : channelwise(scope, layer, gradient);
  if (layer.inputChannels < narrow) return allTapsAtOnce(scope, layer, gradient);
  return sumsAreLarge(scope, layer) ? overWholeBatch(scope, layer, gradient) : pictureByPicture(scope, layer, gradient);
}

/** A product for each picture and tap, then their sum. */
function pictureByPicture(scope: TrainingScope, layer: ConvLayer, gradient: string): string {
  const { onnx, batch } = scope;
  const places = placesOf(scope, layer);
  const rows = onnx.node('Reshape', [gradient, onnx.integers(batch, layer.outputChannels, places)]);
  const products = inputAtTaps(scope, layer).map((tap) =>
    sumOverBatch(scope, product(scope, rows, onnx.node('Reshape', [tap, onnx.integers(batch, layer.inputChannels, places)]), 3)),
  );
  return collect(scope, products, [layer.outputChannels, layer.inputChannels, layer.kernel, layer.kernel]);
}

/** Whether the products of single pictures, which are written and added up, have more values than the pictures themselves. */
function sumsAreLarge(scope: TrainingScope, layer: ConvLayer): boolean {
  return (
    layer.inputChannels * layer.outputChannels * layer.kernel ** 2 > placesOf(scope, layer) * (layer.inputChannels + layer.outputChannels)
  );
}

/** With channels before pictures a product runs over the whole batch and nothing is left to be added up. */
function overWholeBatch(scope: TrainingScope, layer: ConvLayer, gradient: string): string {
  const { onnx } = scope;
  const channelsFirst = (value: string): string => onnx.node('Transpose', [value], { attributes: { perm: [1, 0, 2, 3] } });
  const flat = (value: string, channels: number): string => onnx.node('Reshape', [value, onnx.integers(channels, -1)]);
  const rows = flat(channelsFirst(gradient), layer.outputChannels);
  const taps = inputAtTaps(scope, layer, channelsFirst(scope.plain(layer.input)));
  return collect(
    scope,
    taps.map((tap) => product(scope, rows, flat(tap, layer.inputChannels), 2)),
    [layer.outputChannels, layer.inputChannels, layer.kernel, layer.kernel],
  );
}

/** One product with all taps behind each other. */
function allTapsAtOnce(scope: TrainingScope, layer: ConvLayer, gradient: string): string {
  const { onnx, batch } = scope;
  const { kernel, inputChannels, outputChannels } = layer;
  const places = placesOf(scope, layer);
  const taps = inputAtTaps(scope, layer).map((tap) => onnx.node('Reshape', [tap, onnx.integers(batch, inputChannels, 1, places)]));
  const columns = taps.length === 1 ? taps[0]! : onnx.node('Concat', taps, { attributes: { axis: 2 } });
  const rows = onnx.node('Reshape', [gradient, onnx.integers(batch, outputChannels, places)]);
  const sum = sumOverBatch(
    scope,
    product(scope, rows, onnx.node('Reshape', [columns, onnx.integers(batch, inputChannels * taps.length, places)]), 3),
  );
  return onnx.node('Reshape', [sum, onnx.integers(outputChannels, inputChannels, kernel, kernel)]);
}

/**
 * Every channel of every picture by itself, as a correlation of the input with the output's gradient: its step is the dilation, and it yields
 * a value for each tap. Faster than a product for each tap (docs/reference/benchmarks.md).
 */
function correlated(scope: TrainingScope, layer: ConvLayer, gradient: string): string {
  const { onnx, batch } = scope;
  const { name, input, outputChannels, kernel, stride } = layer;
  const from = scope.sizes.get(input)!;
  const to = scope.sizes.get(name)!;
  const [[top], [left]] = [paddingAlong(layer, from.height), paddingAlong(layer, from.width)];
  const past = (size: number, places: number, before: number): number => (places - 1) * stride + kernel - size - before;
  const [bottom, right] = [past(from.height, to.height, top), past(from.width, to.width, left)];
  const planes = batch * outputChannels;
  const attributes = {
    kernel_shape: [to.height, to.width],
    dilations: [stride, stride],
    pads: [top, left, Math.max(0, bottom), Math.max(0, right)],
  };
  const value = scope.plain(input);
  const made = isDepthwiseInBlocks(scope, layer)
    ? depthwiseCorrelation(scope, { ...from, value }, { ...to, value: gradient }, outputChannels, attributes)
    : onnx.node(
        'Conv',
        [
          onnx.node('Reshape', [value, onnx.integers(1, planes, from.height, from.width)]),
          onnx.node('Reshape', [gradient, onnx.integers(planes, 1, to.height, to.width)]),
        ],
        { attributes: { ...attributes, group: planes } },
      );
  // rows and columns at the end that no step of the kernel reached
  const taps =
    bottom < 0 || right < 0 ? onnx.node('Slice', [made, onnx.integers(0, 0), onnx.integers(kernel, kernel), onnx.integers(2, 3)]) : made;
  return sumOverBatch(scope, onnx.node('Reshape', [taps, onnx.integers(batch, outputChannels, 1, kernel, kernel)]));
}

/** Every channel by itself: a product for each tap. */
function channelwise(scope: TrainingScope, layer: ConvLayer, gradient: string): string {
  const { onnx, batch } = scope;
  const { outputChannels, kernel } = layer;
  const rows = (value: string): string => onnx.node('Reshape', [value, onnx.integers(batch * outputChannels, 1, placesOf(scope, layer))]);
  const products = inputAtTaps(scope, layer).map((tap) =>
    sumOverBatch(scope, onnx.node('Reshape', [product(scope, rows(gradient), rows(tap), 3), onnx.integers(batch, outputChannels, 1)])),
  );
  return collect(scope, products, [outputChannels, 1, kernel, kernel]);
}

function placesOf({ sizes }: TrainingScope, { name }: ConvLayer): number {
  const { height, width } = sizes.get(name)!;
  return height * width;
}

/** `one · otherᵀ` of the last two of this number of axes. */
function product({ onnx, webgpu }: TrainingScope, one: string, other: string, axes: 2 | 3): string {
  if (webgpu) return onnx.node('MatMul', [one, onnx.node('Transpose', [other], { attributes: { perm: axes === 2 ? [1, 0] : [0, 2, 1] } })]);
  return onnx.node('FusedMatMul', [one, other], { attributes: { transB: 1 }, domain: 'com.microsoft' });
}

function sumOverBatch({ onnx }: TrainingScope, value: string): string {
  return onnx.node('ReduceSum', [value, onnx.integers(0)], { attributes: { keepdims: 0 } });
}

/**
 * The input as each tap of the kernel saw it, [N, I, output height, output width], row by row.
 *
 * Where the stride is more than 1 the input is first taken apart into its phases (every stride-th row and column), so that
 * the many taps are cut out in whole rows.
 *
 * @param value the input, its first two axes in any order
 */
function inputAtTaps(scope: TrainingScope, layer: ConvLayer, value: string = scope.plain(layer.input)): readonly string[] {
  const { name, input, kernel, stride } = layer;
  const { onnx } = scope;
  const from = scope.sizes.get(input)!;
  const to = scope.sizes.get(name)!;
  const [[top], [left]] = [paddingAlong(layer, from.height), paddingAlong(layer, from.width)];
  if (kernel === 1 && stride === 1 && top === 0) return [value];
  const past = (size: number, places: number, before: number): number => Math.max(0, (places - 1) * stride + kernel - size - before);
  const [bottom, right] = [past(from.height, to.height, top), past(from.width, to.width, left)];
  const none = [top, left, bottom, right].every((size) => size === 0);
  const padded = none ? value : onnx.node('Pad', [value, onnx.integers(0, 0, top, left, 0, 0, bottom, right)]);
  const phases = new Map<string, string>();
  const phase = (row: number, column: number): string => {
    if (stride === 1) return padded;
    const key = `${row},${column}`;
    const known =
      phases.get(key) ??
      onnx.node('Slice', [
        padded,
        onnx.integers(row, column),
        onnx.integers(beyond, beyond),
        onnx.integers(2, 3),
        onnx.integers(stride, stride),
      ]);
    phases.set(key, known);
    return known;
  };
  const offsets = Array.from({ length: kernel }, (_, index) => index);
  return offsets.flatMap((row) =>
    offsets.map((column) => {
      const [first, start] = [Math.floor(row / stride), Math.floor(column / stride)];
      const cut = phase(row % stride, column % stride);
      return onnx.node('Slice', [
        cut,
        onnx.integers(first, start),
        onnx.integers(first + to.height, start + to.width),
        onnx.integers(2, 3),
      ]);
    }),
  );
}

/** An end that every axis has reached. */
const beyond = Number.MAX_SAFE_INTEGER;

/** One [O, I] for each tap → [O, I, kernel, kernel]. */
function collect({ onnx }: TrainingScope, taps: readonly string[], shape: readonly number[]): string {
  if (taps.length === 1) return onnx.node('Reshape', [taps[0]!, onnx.integers(...shape)]);
  const last = taps.map((tap) => onnx.node('Unsqueeze', [tap, onnx.integers(2)]));
  return onnx.node('Reshape', [onnx.node('Concat', last, { attributes: { axis: 2 } }), onnx.integers(...shape)]);
}

function inputGradient(scope: TrainingScope, layer: ConvLayer, gradient: string): string {
  const { onnx } = scope;
  const { kernel, stride, groups } = layer;
  const weight = scope.tensor(`${layer.name}.weight`);
  const from = scope.sizes.get(layer.input)!;
  const to = scope.sizes.get(layer.name)!;
  const [[top, bottom], [left, right]] = [paddingAlong(layer, from.height), paddingAlong(layer, from.width)];
  if (stride === 1 && top < kernel) {
    const swapped = groups === 1 ? onnx.node('Transpose', [weight], { attributes: { perm: [1, 0, 2, 3] } }) : weight;
    const turned =
      kernel === 1
        ? swapped
        : onnx.node('Slice', [swapped, onnx.integers(-1, -1), onnx.integers(-beyond, -beyond), onnx.integers(2, 3), onnx.integers(-1, -1)]);
    const pads = [top, left, bottom, right].map((padding) => kernel - 1 - padding);
    const attributes = { kernel_shape: [kernel, kernel], pads };
    if (isDepthwiseInBlocks(scope, layer)) return depthwiseConv(scope, gradient, turned, groups, attributes);
    return onnx.node('Conv', [gradient, turned], { attributes: { ...attributes, group: groups } });
  }
  const missing = (size: number, places: number, padded: number): number => size - ((places - 1) * stride + kernel - padded);
  return onnx.node('ConvTranspose', [gradient, weight], {
    attributes: {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [top, left, bottom, right],
      output_padding: [missing(from.height, to.height, top + bottom), missing(from.width, to.width, left + right)],
      group: groups,
    },
  });
}
