import { inputsOf, type ConcatLayer, type LayerNode, type LinearLayer, type PoolLayer } from '../../../network/architecture.js';
import { batchNormGradients } from './batch-norm-gradients.js';
import { channelAffine } from './channel-affine.js';
import { gateGradients, scaleGradients, spatialMeanGradient } from './channel-factors.js';
import { convGradients } from './conv-gradients.js';
import type { GradientReceiver } from './gradient-receiver.js';
import { layerNormGradients } from './layer-norm.js';
import { maxPoolGradient } from './max-pool.js';
import { slopeOf } from './slopes.js';
import type { TrainingScope } from './training-scope.js';

/** Gradients of the loss, by the name of the tensor. */
export type Gradients = ReadonlyMap<string, string>;

/**
 * The backward pass (reverse-mode differentiation) from the logits through every layer at or before which something is
 * trained; layers whose gradient is not needed are not visited.
 *
 * @param atLogits value of the loss's gradient at the logits
 */
export function emitBackward(scope: TrainingScope, atLogits: string): Gradients {
  const { architecture, plan } = scope;
  const shares = new Map<string, Shares>([[architecture.logits, { values: [atLogits], scales: [], shifts: [] }]]);
  const gradients = new Map<string, string>();
  const later: (() => void)[] = [];
  for (const layer of [...architecture.layers].reverse()) {
    const found = shares.get(layer.name);
    if (!found || !plan.needsGradient(layer.name)) continue;
    const add: GradientReceiver = {
      tensor: (part, value) => gradients.set(`${layer.name}.${part}`, value),
      tensorLater: (part, value) => later.push(() => gradients.set(`${layer.name}.${part}`, value())),
      input: (name, value) => sharesOf(name).values.push(value),
      affine: (name, scale, shift) => {
        sharesOf(name).scales.push(scale);
        sharesOf(name).shifts.push(shift);
      },
    };
    if (layer.kind === 'concat') divide(scope, layer, found, add);
    else backward(scope, layer, gradientOf(scope, layer.name, found), add);
  }
  for (const emit of later.reverse()) emit();
  return gradients;

  function sharesOf(name: string): Shares {
    return shares.get(name) ?? shares.set(name, { values: [], scales: [], shifts: [] }).get(name)!;
  }
}

/** What the consumers of a value contribute: its gradient is the sum of the values, and of the value itself times the scales plus the shifts. */
interface Shares {
  readonly values: string[];
  /** Per channel, [1, C, 1, 1]. */
  readonly scales: string[];
  readonly shifts: string[];
}

function total({ layouts }: TrainingScope, values: readonly string[]): string {
  return values.length === 1 ? values[0]! : layouts.eachValue(values.length === 2 ? 'Add' : 'Sum', values);
}

function gradientOf(scope: TrainingScope, name: string, { values, scales, shifts }: Shares): string {
  const { onnx, layouts } = scope;
  if (scales.length === 0) {
    const sum = total(scope, values);
    const value = scope.values.get(name);
    return value === undefined ? sum : layouts.like(sum, value);
  }
  const channels = scope.sizes.get(name)!.channels;
  const vector = (parts: readonly string[]): string => onnx.node('Reshape', [total(scope, parts), onnx.integers(channels)]);
  return channelAffine(scope, {
    value: scope.value(name),
    channels,
    scale: vector(scales),
    shift: vector(shifts),
    plus: values.length === 0 ? undefined : total(scope, values),
  });
}

/** Each input of a concatenation gets its channels of everything. */
function divide(scope: TrainingScope, { inputs }: ConcatLayer, { values, scales, shifts }: Shares, add: GradientReceiver): void {
  const { onnx, plan, sizes, layouts } = scope;
  const widths = onnx.integers(...inputs.map((name) => sizes.get(name)!.channels));
  const split = (parts: readonly string[]): readonly string[] => {
    if (parts.length === 0) return [];
    const whole = total(scope, parts);
    // a value that lies in blocks is cut in blocks, or not at all
    const blocked = layouts.isBlocked(whole) && inputs.every((name) => layouts.fits(sizes.get(name)!.channels));
    const made = onnx.nodeOf('Split', [blocked ? whole : layouts.plain(whole), widths], inputs.length, { attributes: { axis: 1 } });
    return blocked ? made.map((part, index) => layouts.mark(part, sizes.get(inputs[index]!)!.channels)) : made;
  };
  const [value, scale, shift] = [split(values), split(scales), split(shifts)];
  for (const [index, name] of inputs.entries()) {
    if (!plan.needsGradient(name)) continue;
    if (value.length > 0) add.input(name, value[index]!);
    if (scale.length > 0) add.affine(name, scale[index]!, shift[index]!);
  }
}

function backward(scope: TrainingScope, layer: Exclude<LayerNode, ConcatLayer>, gradient: string, add: GradientReceiver): void {
  const { onnx, plan, layouts } = scope;
  if (layer.kind === 'conv') return convGradients(scope, layer, gradient, add);
  if (layer.kind === 'batch-norm') return batchNormGradients(scope, layer, gradient, add);
  if (layer.kind === 'linear') return linearGradients(scope, layer, gradient, add);
  if (layer.kind === 'layer-norm') return layerNormGradients(scope, layer, layouts.plain(gradient), add);
  if (layer.kind === 'scale') return scaleGradients(scope, layer, layouts.plain(gradient), add);
  if (!inputsOf(layer).some(plan.needsGradient)) return;
  switch (layer.kind) {
    case 'relu':
    case 'silu':
    case 'gelu':
    case 'sigmoid':
      return add.input(layer.input, layouts.eachValue('Mul', [gradient, slopeOf(scope, layer)]));
    case 'spatial-mean':
      return add.input(layer.input, spatialMeanGradient(scope, layer.input, layouts.plain(gradient)));
    case 'gate':
      return gateGradients(scope, layer, layouts.plain(gradient), add);
    case 'dropout':
      return add.input(layer.input, onnx.node('Mul', [gradient, scope.kept.get(layer.name)!]));
    case 'max-pool':
    case 'global-max-pool':
      return add.input(layer.input, maxPoolGradient(scope, layer, layouts.plain(gradient)));
    case 'average-pool':
      return add.input(layer.input, spread(scope, layer, gradient));
    case 'global-average-pool':
      return add.input(layer.input, spreadOverAll(scope, layer, gradient));
    case 'add':
      return layer.inputs.forEach((name) => plan.needsGradient(name) && add.input(name, gradient));
  }
}

function linearGradients({ onnx, plan, plain, tensor }: TrainingScope, layer: LinearLayer, gradient: string, add: GradientReceiver): void {
  if (plan.trains(layer)) {
    add.tensorLater('weight', () => onnx.node('Gemm', [gradient, plain(layer.input)], { attributes: { transA: 1 } }));
    add.tensorLater('bias', () => onnx.node('ReduceSum', [gradient, onnx.integers(0)], { attributes: { keepdims: 0 } }));
  }
  if (plan.needsGradient(layer.input)) add.input(layer.input, onnx.node('MatMul', [gradient, tensor(`${layer.name}.weight`)]));
}

/** A global average's gradient: every value of a channel gets the same part. */
function spreadOverAll(
  { onnx, batch, layouts, sizes, value }: TrainingScope,
  { input }: { readonly input: string },
  gradient: string,
): string {
  const { channels, height, width } = sizes.get(input)!;
  const each = onnx.node('Mul', [gradient, onnx.floats([1 / (height * width)], [])]);
  if (!layouts.isBlocked(value(input)))
    return onnx.node('Expand', [
      onnx.node('Reshape', [each, onnx.integers(batch, channels, 1, 1)]),
      onnx.integers(batch, channels, height, width),
    ]);
  const block = layouts.block!;
  const wide = onnx.node('Expand', [
    onnx.node('Reshape', [each, onnx.integers(batch, channels / block, 1, block)]),
    onnx.integers(batch, channels / block, height * width, block),
  ]);
  return layouts.mark(onnx.node('Reshape', [wide, onnx.integers(batch, channels, height, width)]), channels);
}

/** Windows of an average pooling that neither overlap nor leave gaps: every value gets its part; an uneven rest gets nothing. */
function spread(scope: TrainingScope, { name, input, kernel, stride, padding }: PoolLayer<'average-pool'>, gradient: string): string {
  if (kernel !== stride || padding !== 0)
    throw new Error(`the gradient of average pooling ${kernel}/${stride}/${padding} (${name}) is not described`);
  const { onnx, batch, layouts } = scope;
  const { channels, height, width } = scope.sizes.get(input)!;
  const { height: rows, width: columns } = scope.sizes.get(name)!;
  // planes of vectors: of one value each, or of a block of channels
  const depth = layouts.isBlocked(gradient) ? layouts.block! : 1;
  const planes = (batch * channels) / depth;
  const each = onnx.node('Mul', [
    onnx.node('Reshape', [gradient, onnx.integers(planes, rows, 1, columns, 1, depth)]),
    onnx.floats([1 / kernel ** 2], []),
  ]);
  const wide = onnx.node('Reshape', [
    onnx.node('Expand', [each, onnx.integers(planes, rows, kernel, columns, kernel, depth)]),
    onnx.integers(planes, rows * kernel, columns * kernel, depth),
  ]);
  const rest = [height - rows * kernel, width - columns * kernel] as const;
  const filled = rest.some((size) => size > 0) ? onnx.node('Pad', [wide, onnx.integers(0, 0, 0, 0, 0, ...rest, 0)]) : wide;
  const whole = onnx.node('Reshape', [filled, onnx.integers(batch, channels, height, width)]);
  return depth > 1 ? layouts.mark(whole, channels) : whole;
}
