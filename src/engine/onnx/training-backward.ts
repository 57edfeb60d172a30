import { inputsOf, type BatchNormLayer, type LayerNode, type LinearLayer, type PoolLayer, type ReluLayer } from '../../network/architecture.js';
import { convGradients } from './conv-gradients.js';
import { normAxes, valueShape, type TrainingScope } from './training-scope.js';

/** Gradients of the loss, by the name of the tensor. */
export type Gradients = ReadonlyMap<string, string>;

/**
 * The way back (reverse-mode differentiation) from the logits through every layer at or before which something is
 * trained; layers whose gradient nobody needs are not visited.
 *
 * @param atLogits value of the loss's gradient at the logits
 */
export function emitBackward(scope: TrainingScope, atLogits: string): Gradients {
  const { onnx, architecture, plan } = scope;
  const shares = new Map<string, string[]>([[architecture.logits, [atLogits]]]);
  const gradients = new Map<string, string>();
  for (const layer of [...architecture.layers].reverse()) {
    const found = shares.get(layer.name);
    if (!found || !plan.needsGradient(layer.name)) continue;
    const gradient = found.length === 1 ? found[0]! : onnx.node(found.length === 2 ? 'Add' : 'Sum', found);
    const add: Receiver = {
      tensor: (part, value) => gradients.set(`${layer.name}.${part}`, value),
      input: (name, value) => (shares.get(name) ?? shares.set(name, []).get(name)!).push(value),
    };
    backward(scope, layer, gradient, add);
  }
  return gradients;
}

/** Takes what a layer hands back. */
export interface Receiver {
  tensor(part: 'weight' | 'bias', gradient: string): void;
  input(name: string, gradient: string): void;
}

function backward(scope: TrainingScope, layer: LayerNode, gradient: string, add: Receiver): void {
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
    case 'concat': {
      const widths = layer.inputs.map((name) => scope.sizes.get(name)!.channels);
      const parts = onnx.nodeOf('Split', [gradient, onnx.integers(...widths)], widths.length, { attributes: { axis: 1 } });
      return layer.inputs.forEach((name, index) => plan.needsGradient(name) && add.input(name, parts[index]!));
    }
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

/**
 * With x̂ = (x − mean) · inverse and M values a channel: `dbias = Σ dy`, `dweight = Σ dy · x̂`,
 * `dx = weight · inverse · (dy − dbias / M − x̂ · dweight / M)`.
 */
function batchNormGradients(scope: TrainingScope, layer: BatchNormLayer, gradient: string, add: Receiver): void {
  const { onnx, plan, values } = scope;
  const statistics = scope.statistics.get(layer.name);
  const axes = normAxes(scope, layer.name);
  const perChannel = onnx.integers(1, layer.channels, ...axes.slice(1).map(() => 1));
  const weight = onnx.node('Reshape', [scope.tensor(`${layer.name}.weight`), perChannel]);
  if (!statistics) {
    const { data } = scope.constant(`${layer.name}.running_var`);
    const inverse = onnx.floats([...data].map((variance) => 1 / Math.sqrt(variance + layer.epsilon)), [1, layer.channels, ...axes.slice(1).map(() => 1)]);
    return add.input(layer.input, onnx.node('Mul', [gradient, onnx.node('Mul', [weight, inverse])]));
  }
  const { mean, inverse } = statistics;
  const normal = onnx.node('Mul', [onnx.node('Sub', [values.get(layer.input)!, mean]), inverse]);
  const sum = (value: string): string => onnx.node('ReduceSum', [value, onnx.integers(...axes)], { attributes: { keepdims: 1 } });
  const dWeight = sum(onnx.node('Mul', [gradient, normal]));
  const dBias = sum(gradient);
  add.tensor('weight', onnx.node('Reshape', [dWeight, onnx.integers(layer.channels)]));
  add.tensor('bias', onnx.node('Reshape', [dBias, onnx.integers(layer.channels)]));
  if (!plan.needsGradient(layer.input)) return;
  const shape = valueShape(scope, layer.name);
  const share = onnx.floats([layer.channels / shape.reduce((product, size) => product * size, 1)], []);
  const part = (value: string): string => onnx.node('Mul', [value, share]);
  const inner = onnx.node('Sub', [onnx.node('Sub', [gradient, part(dBias)]), onnx.node('Mul', [normal, part(dWeight)])]);
  add.input(layer.input, onnx.node('Mul', [inner, onnx.node('Mul', [weight, inverse])]));
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
