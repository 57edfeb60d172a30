import type { LayerNode, PoolLayer } from '../../../network/architecture.js';
import { layerAttributes } from '../layer-attributes.js';
import { elementCodes } from '../schema.js';
import { valueShape, type TrainingScope } from './training-scope.js';

type MaxPoolLayer = PoolLayer<'max-pool'> | Extract<LayerNode, { readonly kind: 'global-max-pool' }>;

/** Where the windows of a pooling lie; of a global one the only window is the picture. */
interface Windows {
  readonly kernel: readonly [height: number, width: number];
  readonly stride: number;
  readonly padding: number;
}

function windowsOf({ sizes }: TrainingScope, layer: MaxPoolLayer): Windows {
  if (layer.kind === 'max-pool') return { kernel: [layer.kernel, layer.kernel], stride: layer.stride, padding: layer.padding };
  const { height, width } = sizes.get(layer.input)!;
  return { kernel: [height, width], stride: 1, padding: 0 };
}

/** The maxima, [N, C, h, w], plain; what their gradient needs is kept. */
export function maxPool(scope: TrainingScope, layer: MaxPoolLayer): string {
  const { onnx, plan, webgpu } = scope;
  const attributes = layer.kind === 'max-pool' ? layerAttributes(layer) : { kernel_shape: windowsOf(scope, layer).kernel };
  const wanted = plan.needsGradient(layer.input);
  const [pooled, indices] = onnx.nodeOf('MaxPool', [scope.plain(layer.input)], wanted && !webgpu ? 2 : 1, { attributes });
  if (wanted) scope.kept.set(layer.name, indices ?? pooled!);
  return pooled!;
}

/** The gradient put back where the maxima were, summed where windows overlap; of equal maxima the first gets it, as PyTorch has it. */
export function maxPoolGradient(scope: TrainingScope, layer: MaxPoolLayer, gradient: string): string {
  const kept = scope.kept.get(layer.name)!;
  if (!scope.webgpu) return scattered(scope, layer.input, gradient, kept);
  return layer.kind === 'max-pool' ? byMasks(scope, layer, gradient, kept) : atFirstOfAll(scope, layer.input, gradient, kept);
}

function scattered(scope: TrainingScope, input: string, gradient: string, indices: string): string {
  const { onnx } = scope;
  const shape = valueShape(scope, input);
  const flat = onnx.integers(-1);
  const zeros = onnx.node('Expand', [onnx.floats([0]), onnx.integers(shape.reduce((product, size) => product * size, 1))]);
  const made = onnx.node('ScatterElements', [zeros, onnx.node('Reshape', [indices, flat]), onnx.node('Reshape', [gradient, flat])], {
    attributes: { axis: 0, reduction: 'add' },
  });
  return onnx.node('Reshape', [made, onnx.integers(...shape)]);
}

/** 1 where two values are the same, else 0. */
function same({ onnx }: TrainingScope, one: string, other: string): string {
  return onnx.node('Cast', [onnx.node('Equal', [one, other])], { attributes: { to: elementCodes.float32 } });
}

/**
 * WebGPU's pooling does not return where the maxima are: each tap of the window in turn takes the gradient where it
 * holds the maximum and no tap before it did. What the taps took is put back at their rows and columns.
 */
function byMasks(
  scope: TrainingScope,
  { name, input, kernel, stride, padding }: PoolLayer<'max-pool'>,
  gradient: string,
  maxima: string,
): string {
  const { onnx, batch, sizes } = scope;
  const { channels, height, width } = sizes.get(input)!;
  const { height: rows, width: columns } = sizes.get(name)!;
  // as large as all taps of all windows reach, in whole strides
  const reach = (places: number, size: number): number => Math.max((places - 1 + Math.ceil(kernel / stride)) * stride, padding + size);
  const [tall, wide] = [reach(rows, height), reach(columns, width)];
  const padded = onnx.node('Pad', [
    scope.plain(input),
    onnx.integers(0, 0, padding, padding, 0, 0, tall - height - padding, wide - width - padding),
    onnx.floats([lowest], []),
  ]);
  const offsets = Array.from({ length: kernel }, (_, index) => index);
  const taken: string[] = [];
  let free: string | undefined;
  for (const row of offsets) {
    for (const column of offsets) {
      const ends = onnx.integers(row + (rows - 1) * stride + 1, column + (columns - 1) * stride + 1);
      const seen = onnx.node('Slice', [padded, onnx.integers(row, column), ends, onnx.integers(2, 3), onnx.integers(stride, stride)]);
      const equal = same(scope, seen, maxima);
      const first = free === undefined ? equal : onnx.node('Mul', [equal, free]);
      free = free === undefined ? onnx.node('Sub', [onnx.floats([1], []), first]) : onnx.node('Sub', [free, first]);
      taken.push(placed(onnx.node('Mul', [gradient, first]), row, column));
    }
  }
  const whole = taken.reduce((sum, one) => onnx.node('Add', [sum, one]));
  return onnx.node('Slice', [
    whole,
    onnx.integers(padding, padding),
    onnx.integers(padding + height, padding + width),
    onnx.integers(2, 3),
  ]);

  /** Every value at the place of its window's tap, zeros between. */
  function placed(values: string, row: number, column: number): string {
    const apart = onnx.node('Pad', [
      onnx.node('Reshape', [values, onnx.integers(batch * channels, rows, 1, columns, 1)]),
      onnx.integers(0, 0, 0, 0, 0, 0, 0, stride - 1, 0, stride - 1),
    ]);
    const grid = onnx.node('Reshape', [apart, onnx.integers(batch, channels, rows * stride, columns * stride)]);
    const [rest, beside] = [tall - rows * stride - row, wide - columns * stride - column];
    // a last tap may have zeros beyond the frame, which negative padding takes away
    return onnx.node('Pad', [grid, onnx.integers(0, 0, row, column, 0, 0, rest, beside)]);
  }
}

/** Below every value of a picture's features. */
const lowest = -3.4e38;

/** Of a global pooling: at the first place that holds the maximum. */
function atFirstOfAll(scope: TrainingScope, input: string, gradient: string, maxima: string): string {
  const { onnx, batch, sizes } = scope;
  const { channels, height, width } = sizes.get(input)!;
  const places = height * width;
  const equal = same(
    scope,
    onnx.node('Reshape', [scope.plain(input), onnx.integers(batch * channels, places)]),
    onnx.node('Reshape', [maxima, onnx.integers(batch * channels, 1)]),
  );
  // earlier places count more, so that the largest product is that of the first
  const order = onnx.floats(
    Array.from({ length: places }, (_, index) => places - index),
    [1, places],
  );
  const ranked = onnx.node('Mul', [equal, order]);
  const first = same(scope, ranked, onnx.node('ReduceMax', [ranked], { attributes: { axes: [1], keepdims: 1 } }));
  return onnx.node('Reshape', [
    onnx.node('Mul', [first, onnx.node('Reshape', [gradient, onnx.integers(batch * channels, 1)])]),
    onnx.integers(batch, channels, height, width),
  ]);
}
