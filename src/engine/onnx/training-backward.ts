import { inputsOf, type ConcatLayer, type LayerNode, type LinearLayer, type PoolLayer, type ReluLayer } from '../../network/architecture.js';
import { batchNormGradients } from './batch-norm-gradients.js';
import { convGradients } from './conv-gradients.js';
import { valueShape, type TrainingScope } from './training-scope.js';

/** Gradients of the loss, by the name of the tensor. */
export type Gradients = ReadonlyMap<string, string>;

/**
 * The way back (reverse-mode differentiation) from the logits through every layer at or before which something is
 * trained; layers whose gradient nobody needs are not visited.
 *
 * @param atLogits value of the loss's gradient at the logits
 */
export function emitBackward(scope: TrainingScope, atLogits: string): Gradients {
  const { architecture, plan } = scope;
  const shares = new Map<string, Shares>([[architecture.logits, { values: [atLogits], scales: [], shifts: [] }]]);
  const gradients = new Map<string, string>();
  for (const layer of [...architecture.layers].reverse()) {
    const found = shares.get(layer.name);
    if (!found || !plan.needsGradient(layer.name)) continue;
    const add: Receiver = {
      tensor: (part, value) => gradients.set(`${layer.name}.${part}`, value),
      input: (name, value) => sharesOf(name).values.push(value),
      affine: (name, scale, shift) => {
        sharesOf(name).scales.push(scale);
        sharesOf(name).shifts.push(shift);
      },
    };
    if (layer.kind === 'concat') divide(scope, layer, found, add);
    else backward(scope, layer, gradientOf(scope, layer.name, found), add);
  }
  return gradients;

  function sharesOf(name: string): Shares {
    return shares.get(name) ?? shares.set(name, { values: [], scales: [], shifts: [] }).get(name)!;
  }
}

/** What the readers of a value hand back: the gradient is the sum of the values, and of the value itself times the scales plus the shifts. */
interface Shares {
  readonly values: string[];
  /** Per channel, [1, C, 1, 1]. */
  readonly scales: string[];
  readonly shifts: string[];
}

/** Takes what a layer hands back. */
export interface Receiver {
  tensor(part: 'weight' | 'bias', gradient: string): void;
  input(name: string, gradient: string): void;
  /**
   * A part of the gradient that is `scale · x + shift` of the input x itself, both per channel, as a batch norm has it. Where
   * many batch norms read one value (DenseNet) these are added up as vectors and multiplied out once.
   */
  affine(name: string, scale: string, shift: string): void;
}

function total({ onnx }: TrainingScope, values: readonly string[]): string {
  return values.length === 1 ? values[0]! : onnx.node(values.length === 2 ? 'Add' : 'Sum', values);
}

function gradientOf(scope: TrainingScope, name: string, { values, scales, shifts }: Shares): string {
  if (scales.length === 0) return total(scope, values);
  const { onnx } = scope;
  const channels = scope.sizes.get(name)!.channels;
  const vector = (parts: readonly string[]): string => onnx.node('Reshape', [total(scope, parts), onnx.integers(channels)]);
  const constant = (value: number): string => onnx.floats(Array.from({ length: channels }, () => value));
  // with mean 0 and variance 1 the operator is scale · x + shift in one pass
  const affine = onnx.node('BatchNormalization', [scope.values.get(name)!, vector(scales), vector(shifts), constant(0), constant(1)], { attributes: { epsilon: { float: 0 } } });
  return total(scope, [...values, affine]);
}

/** Each input of a concatenation gets its channels of everything. */
function divide(scope: TrainingScope, { inputs }: ConcatLayer, { values, scales, shifts }: Shares, add: Receiver): void {
  const { onnx, plan, sizes } = scope;
  const widths = onnx.integers(...inputs.map((name) => sizes.get(name)!.channels));
  const split = (parts: readonly string[]): readonly string[] =>
    parts.length === 0 ? [] : onnx.nodeOf('Split', [total(scope, parts), widths], inputs.length, { attributes: { axis: 1 } });
  const [value, scale, shift] = [split(values), split(scales), split(shifts)];
  for (const [index, name] of inputs.entries()) {
    if (!plan.needsGradient(name)) continue;
    if (value.length > 0) add.input(name, value[index]!);
    if (scale.length > 0) add.affine(name, scale[index]!, shift[index]!);
  }
}

function backward(scope: TrainingScope, layer: Exclude<LayerNode, ConcatLayer>, gradient: string, add: Receiver): void {
  const { onnx, plan } = scope;
  if (layer.kind === 'conv') return convGradients(scope, layer, gradient, add);
  if (layer.kind === 'batch-norm') return batchNormGradients(scope, layer, gradient, add);
  if (layer.kind === 'linear') return linearGradients(scope, layer, gradient, add);
  if (!inputsOf(layer).some(plan.needsGradient)) return;
  switch (layer.kind) {
    case 'relu':
      return add.input(layer.input, onnx.node('Mul', [gradient, slope(scope, layer)]));
    case 'dropout':
      return add.input(layer.input, onnx.node('Mul', [gradient, scope.kept.get(layer.name)!]));
    case 'max-pool':
    case 'global-max-pool':
      return add.input(layer.input, atMaxima(scope, layer.input, gradient, scope.kept.get(layer.name)!));
    case 'average-pool':
      return add.input(layer.input, spread(scope, layer, gradient));
    case 'global-average-pool': {
      const [batch, channels, height, width] = valueShape(scope, layer.input) as readonly [number, number, number, number];
      const each = onnx.node('Mul', [onnx.node('Reshape', [gradient, onnx.integers(batch, channels, 1, 1)]), onnx.floats([1 / (height * width)], [])]);
      return add.input(layer.input, onnx.node('Expand', [each, onnx.integers(batch, channels, height, width)]));
    }
    case 'add':
      return layer.inputs.forEach((name) => plan.needsGradient(name) && add.input(name, gradient));
  }
}

/** 1 where a ReLU let its input through, 0 where not (at the kinks too, as PyTorch has it). */
function slope({ onnx, values }: TrainingScope, layer: ReluLayer): string {
  const output = values.get(layer.name)!;
  const above = onnx.node('Sign', [output]);
  if (layer.ceiling === undefined) return above;
  return onnx.node('Mul', [above, onnx.node('Sign', [onnx.node('Sub', [onnx.floats([layer.ceiling], []), output])])]);
}

function linearGradients({ onnx, plan, values, tensor }: TrainingScope, layer: LinearLayer, gradient: string, add: Receiver): void {
  if (plan.trains(layer)) {
    add.tensor('weight', onnx.node('Gemm', [gradient, values.get(layer.input)!], { attributes: { transA: 1 } }));
    add.tensor('bias', onnx.node('ReduceSum', [gradient, onnx.integers(0)], { attributes: { keepdims: 0 } }));
  }
  if (plan.needsGradient(layer.input)) add.input(layer.input, onnx.node('MatMul', [gradient, tensor(`${layer.name}.weight`)]));
}

/** The gradient put back where the maxima were, summed where windows overlap. */
function atMaxima(scope: TrainingScope, input: string, gradient: string, indices: string): string {
  const { onnx } = scope;
  const shape = valueShape(scope, input);
  const flat = onnx.integers(-1);
  const zeros = onnx.node('Expand', [onnx.floats([0]), onnx.integers(shape.reduce((product, size) => product * size, 1))]);
  const scattered = onnx.node('ScatterElements', [zeros, onnx.node('Reshape', [indices, flat]), onnx.node('Reshape', [gradient, flat])], { attributes: { axis: 0, reduction: 'add' } });
  return onnx.node('Reshape', [scattered, onnx.integers(...shape)]);
}

/** Windows of an average pooling that neither overlap nor leave gaps: every value gets its part; an uneven rest gets nothing. */
function spread(scope: TrainingScope, { name, input, kernel, stride, padding }: PoolLayer<'average-pool'>, gradient: string): string {
  if (kernel !== stride || padding !== 0) throw new Error(`the gradient of average pooling ${kernel}/${stride}/${padding} (${name}) is not described`);
  const { onnx } = scope;
  const [batch, channels, height, width] = valueShape(scope, input) as readonly [number, number, number, number];
  const [, , rows, columns] = valueShape(scope, name) as readonly [number, number, number, number];
  const each = onnx.node('Mul', [onnx.node('Reshape', [gradient, onnx.integers(batch, channels, rows, 1, columns, 1)]), onnx.floats([1 / kernel ** 2], [])]);
  const wide = onnx.node('Expand', [each, onnx.integers(batch, channels, rows, kernel, columns, kernel)]);
  const whole = onnx.node('Reshape', [wide, onnx.integers(batch, channels, rows * kernel, columns * kernel)]);
  const rest = [height - rows * kernel, width - columns * kernel] as const;
  return rest.some((size) => size > 0) ? onnx.node('Pad', [whole, onnx.integers(0, 0, 0, 0, 0, 0, ...rest)]) : whole;
}
