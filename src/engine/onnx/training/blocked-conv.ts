import type { ConvLayer } from '../../../network/architecture.js';
import type { LayerSize } from '../../../network/layer-sizes.js';
import { blockDomain } from './channel-blocks.js';
import { layerAttributes } from '../layer-attributes.js';
import type { GradientReceiver } from './gradient-receiver.js';
import type { TrainingScope } from './training-scope.js';

/** Padding in the same number on all sides. */
export type BlockedConvLayer = ConvLayer & { readonly padding: number };

/**
 * Convolutions that are trained, on values in channel blocks. Of 1 × 1 nothing is gained: in the plain layout they are products of matrices.
 *
 * Their weights stay in memory tap by tap, [kernel², O, I]: what the
 * gradient's products yield, and from where both directions take their filters in whole rows.
 */
export function isBlockedConv({ layouts, plan }: Pick<TrainingScope, 'layouts' | 'plan'>, layer: ConvLayer): layer is BlockedConvLayer {
  return (
    plan.trains(layer) &&
    layer.padding !== 'same' &&
    !layer.bias &&
    layer.groups === 1 &&
    layer.kernel > 1 &&
    layouts.fits(layer.inputChannels) &&
    layouts.fits(layer.outputChannels)
  );
}

export function blockedConv(scope: TrainingScope, layer: BlockedConvLayer): string {
  const { onnx, layouts } = scope;
  const made = onnx.node('Conv', [layouts.blocked(scope.value(layer.input), layer.inputChannels), filter(scope, layer)], {
    domain: blockDomain,
    attributes: layerAttributes(layer),
  });
  return layouts.mark(made, layer.outputChannels);
}

/** Whether a convolution has too few input channels for a block (the first of a network), but yields whole ones: its input stays plain. */
export function isBlockedStem({ layouts, plan }: Pick<TrainingScope, 'layouts' | 'plan'>, layer: ConvLayer): boolean {
  return (
    plan.trains(layer) &&
    !layer.bias &&
    layer.groups === 1 &&
    layer.inputChannels < (layouts.block ?? 0) &&
    layouts.fits(layer.outputChannels)
  );
}

export function blockedStem(scope: TrainingScope, layer: ConvLayer): string {
  const { onnx, layouts } = scope;
  const { inputChannels, outputChannels, kernel, name } = layer;
  const block = layouts.block!;
  const apart = onnx.node('Reshape', [
    scope.tensor(`${name}.weight`),
    onnx.integers(outputChannels / block, block, inputChannels, kernel, kernel),
  ]);
  const last = onnx.node('Reshape', [
    onnx.node('Transpose', [apart], { attributes: { perm: [0, 2, 3, 4, 1] } }),
    onnx.integers(outputChannels, inputChannels, kernel, kernel),
  ]);
  return layouts.mark(
    onnx.node('Conv', [scope.plain(layer.input), last], {
      domain: blockDomain,
      attributes: layerAttributes(layer, scope.sizes.get(layer.input)!),
    }),
    outputChannels,
  );
}

/** See convGradients for what is computed. */
export function blockedConvGradients(scope: TrainingScope, layer: BlockedConvLayer, gradient: string, add: GradientReceiver): void {
  add.tensorLater('weight', () => weightGradient(scope, layer, gradient));
  if (scope.plan.needsGradient(layer.input)) add.input(layer.input, inputGradient(scope, layer, gradient));
}

/** [O / block, I / block, kernel², block of I, block of O], under the shape of a filter: the blocks of the turned one, each transposed. */
function filter(scope: TrainingScope, layer: BlockedConvLayer): string {
  const {
    onnx,
    layouts: { block },
  } = scope;
  const { inputChannels, outputChannels, kernel } = layer;
  const [inner, outer, taps] = [inputChannels / block!, outputChannels / block!, kernel ** 2];
  const blocks = onnx.node('Reshape', [turnedFilter(scope, layer), onnx.integers(-1, block!, block!)]);
  // exact, and on all threads, which Transpose is not
  const unit = onnx.floats(
    Array.from({ length: block! ** 2 }, (_, index) => Number(index % (block! + 1) === 0)),
    [block!, block!],
  );
  const transposed = onnx.node('Reshape', [
    onnx.node('FusedMatMul', [blocks, unit], { attributes: { transA: 1 }, domain: 'com.microsoft' }),
    onnx.integers(-1, block! ** 2),
  ]);
  const order = Array.from({ length: inner * outer * taps }, (_, index) => {
    const [to, from, tap] = [Math.floor(index / (inner * taps)), Math.floor(index / taps) % inner, index % taps];
    return (from * outer + to) * taps + (taps - 1 - tap);
  });
  return onnx.node('Reshape', [
    onnx.node('Gather', [transposed, onnx.indices(Int32Array.from(order))], { attributes: { axis: 0 } }),
    onnx.integers(outputChannels, inputChannels, kernel, kernel),
  ]);
}

/** Input and output exchanged and the taps turned round, [I / block, O / block, kernel², block of O, block of I]: rows of the weights in a new order. */
function turnedFilter(scope: TrainingScope, layer: BlockedConvLayer): string {
  const {
    onnx,
    layouts: { block },
  } = scope;
  const { inputChannels, outputChannels, kernel, name } = layer;
  const key = `filter:${name}`;
  const known = scope.kept.get(key);
  if (known !== undefined) return known;
  const [inner, outer, taps] = [inputChannels / block!, outputChannels / block!, kernel ** 2];
  const order: number[] = [];
  for (let from = 0; from < inner; from++) {
    for (let to = 0; to < outer; to++) {
      for (let tap = taps - 1; tap >= 0; tap--) {
        for (let within = 0; within < block!; within++) order.push((tap * outputChannels + to * block! + within) * inner + from);
      }
    }
  }
  const rows = onnx.node('Reshape', [scope.tensor(`${name}.weight`), onnx.integers(-1, block!)]);
  const made = onnx.node('Reshape', [
    onnx.node('Gather', [rows, onnx.indices(Int32Array.from(order))], { attributes: { axis: 0 } }),
    onnx.integers(inputChannels, outputChannels, kernel, kernel),
  ]);
  scope.kept.set(key, made);
  return made;
}

function inputGradient(scope: TrainingScope, layer: BlockedConvLayer, gradient: string): string {
  const { onnx, layouts } = scope;
  const { kernel, stride, padding, inputChannels, outputChannels } = layer;
  if (stride === 1 && padding < kernel) {
    const pads = Array.from({ length: 4 }, () => kernel - 1 - padding);
    const attributes = { kernel_shape: [kernel, kernel], pads };
    return layouts.mark(
      onnx.node('Conv', [layouts.blocked(gradient, outputChannels), turnedFilter(scope, layer)], { domain: blockDomain, attributes }),
      inputChannels,
    );
  }
  const from = scope.sizes.get(layer.input)!;
  const to = scope.sizes.get(layer.name)!;
  const missing = (size: number, places: number): number => size - ((places - 1) * stride + kernel - 2 * padding);
  const swapped = onnx.node('Transpose', [scope.tensor(`${layer.name}.weight`)], { attributes: { perm: [1, 2, 0] } });
  return onnx.node(
    'ConvTranspose',
    [layouts.plain(gradient), onnx.node('Reshape', [swapped, onnx.integers(outputChannels, inputChannels, kernel, kernel)])],
    {
      attributes: {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
        output_padding: [missing(from.height, to.height), missing(from.width, to.width)],
      },
    },
  );
}

/**
 * For each tap the product of the output's gradient, [O, places], with the input as the tap saw it, [places, I]; or, where that is
 * less to move, of the input, [I, places], with the gradient as the rotated tap reads it, [places, O]. Either way as
 * onnxruntime's matrix product takes its factors without turning them.
 */
function weightGradient(scope: TrainingScope, layer: BlockedConvLayer, gradient: string): string {
  const { onnx } = scope;
  const { inputChannels, outputChannels, kernel, stride, padding, name, input } = layer;
  const from = scope.sizes.get(input)!;
  const to = scope.sizes.get(name)!;
  const value = scope.value(input);
  if (stride > 1 || outputChannels >= inputChannels || padding >= kernel)
    return tapProducts(scope, { value: gradient, size: to }, { value, size: from, kernel, stride, padding, turned: false });
  const turned = tapProducts(
    scope,
    { value, size: from },
    { value: gradient, size: to, kernel, stride, padding: kernel - 1 - padding, turned: true },
  );
  return onnx.node('Transpose', [turned], { attributes: { perm: [0, 2, 1] } });
}

interface Still {
  readonly value: string;
  readonly size: LayerSize;
}

/** What is seen through the taps of a kernel. */
interface Seen extends Still {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly turned: boolean;
}

/** [kernel², channels of the one, channels of the other]: over the places of the whole batch, or picture by picture with a sum at the end where that sum is small. */
function tapProducts(scope: TrainingScope, still: Still, seen: Seen): string {
  const { onnx, batch, layouts } = scope;
  const { channels, height, width } = still.size;
  const places = height * width;
  const values = seen.kernel ** 2 * channels * seen.size.channels;
  const byPicture = values <= places * (channels + seen.size.channels);
  const plain = layouts.plain(still.value);
  const left = byPicture
    ? onnx.node('Reshape', [plain, onnx.integers(batch, 1, channels, places)])
    : onnx.node('Reshape', [
        onnx.node('Transpose', [plain], { attributes: { perm: [1, 0, 2, 3] } }),
        onnx.integers(1, 1, channels, batch * places),
      ]);
  const products = onnx.node('MatMul', [left, atTaps(scope, seen, still.size, byPicture)]);
  if (byPicture) return onnx.node('ReduceSum', [products, onnx.integers(0)], { attributes: { keepdims: 0 } });
  return onnx.node('Reshape', [products, onnx.integers(seen.kernel ** 2, channels, seen.size.channels)]);
}

/**
 * A value as each tap of the kernel sees it from each of the given places: [N, kernel², places, C] by picture or
 * [1, kernel², N · places, C]. Whole rows of channels, picked on all threads, which the cutting operators are not.
 */
function atTaps(scope: TrainingScope, { value, size, kernel, stride, padding, turned }: Seen, to: LayerSize, byPicture: boolean): string {
  const { onnx, batch } = scope;
  const { channels, height, width } = size;
  const reach = (given: number, places: number): number => Math.max(padding + given, (places - 1) * stride + kernel);
  const [rows, columns] = [reach(height, to.height), reach(width, to.width)];
  const last = channelsLast(scope, value, channels);
  const padded =
    rows === height && columns === width
      ? last
      : onnx.node('Pad', [last, onnx.integers(0, padding, padding, 0, 0, rows - padding - height, columns - padding - width, 0)]);
  const places = to.height * to.width;
  const taps = kernel ** 2;
  const [pictures, together] = byPicture ? [batch, 1] : [1, batch];
  const order = new Int32Array(batch * taps * places);
  let next = 0;
  for (let picture = 0; picture < pictures; picture++) {
    for (let tap = 0; tap < taps; tap++) {
      const seenFrom = turned ? taps - 1 - tap : tap;
      for (let one = picture; one < picture + together; one++) {
        for (let place = 0; place < places; place++) {
          const row = Math.floor(place / to.width) * stride + Math.floor(seenFrom / kernel);
          order[next++] = (one * rows + row) * columns + (place % to.width) * stride + (seenFrom % kernel);
        }
      }
    }
  }
  const picked = onnx.node('Gather', [onnx.node('Reshape', [padded, onnx.integers(-1, channels)]), onnx.indices(order)], {
    attributes: { axis: 0 },
  });
  return onnx.node('Reshape', [picked, onnx.integers(pictures, taps, together * places, channels)]);
}

/** [N, H, W, C]. */
function channelsLast({ onnx, layouts }: TrainingScope, value: string, channels: number): string {
  if (!layouts.isBlocked(value)) return onnx.node('Transpose', [value], { attributes: { perm: [0, 2, 3, 1] } });
  return onnx.node('ReorderOutput', [value], { domain: blockDomain, attributes: { channels, channels_last: 1 } });
}
