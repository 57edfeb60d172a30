import type { GreyImage } from './image.js';
import { tapsFor, type ResizeFilter, type Taps } from './resize-taps.js';

/**
 * Resizes as Pillow's `Image.resize(…, BILINEAR)` does for mode 'F': a triangle filter whose support grows with the
 * reduction, horizontally first (libImaging/Resample.c; sums in float64, rounded to float32 after each pass). Pillow is what
 * the training pipeline of the origin resizes with, so a network sees the same picture in training and inference.
 *
 * @returns `width` × `height`, same range as the input; pixelAspect follows the change of shape
 */
export function resizeBilinear(image: GreyImage, width: number, height: number): GreyImage {
  return resizeWith(image, width, height, { filter: 'bilinear-antialias' });
}

export interface ResizeOptions {
  readonly filter: ResizeFilter;
  /** Whole grey levels of 8 bits before and after each pass, as Pillow computes with pictures of mode 'L'; the antialiased filters only. */
  readonly eightBit?: boolean | undefined;
  /** Of `gaussian-bilinear`: the grey beyond the edge; absent: the picture goes on mirrored. */
  readonly outside?: number | undefined;
}

/** Resizes with a filter of choice. @returns as resizeBilinear */
export function resizeWith(image: GreyImage, width: number, height: number, options: ResizeOptions): GreyImage {
  const values = options.eightBit ? resizedBytes(image, width, height, options.filter) : resizedFloats(image, width, height, options);
  return {
    width,
    height,
    values: values === image.values ? image.values.slice() : values,
    pixelAspect: (image.pixelAspect * (image.height / height)) / (image.width / width),
  };
}

function resizedFloats(image: GreyImage, width: number, height: number, { filter, outside }: ResizeOptions): Float32Array {
  // with the grey beyond the edge as 0, weights that do not add up to 1 leave the rest to it
  const shift = filter === 'gaussian-bilinear' ? (outside ?? 0) : 0;
  const mirror = outside === undefined;
  const given = shift === 0 ? image.values : image.values.map((value) => value - shift);
  const across =
    image.width === width ? given : resizeRows(given, image.width, image.height, width, tapsFor(filter, image.width, width, mirror));
  const values =
    image.height === height ? across : resizeColumns(across, width, image.height, height, tapsFor(filter, image.height, height, mirror));
  if (filter !== 'gaussian-bilinear' || values === given) return shift === 0 ? values : values.map((value) => value + shift);
  return clipped(values, shift, image.values, outside);
}

/** As scikit-image clips: what the weights at the edge leave to the outside goes no further than the picture's own values, if the outside is seen nowhere as such. */
function clipped(values: Float32Array, shift: number, given: Float32Array, outside: number | undefined): Float32Array {
  let [low, high] = extremes(given);
  const [darkest, brightest] = extremes(values);
  if (outside !== undefined && (outside < low || outside > high) && darkest + shift <= outside && outside <= brightest + shift)
    [low, high] = [Math.min(low, outside), Math.max(high, outside)];
  return values.map((value) => Math.min(high, Math.max(low, value + shift)));
}

/** The darkest and the brightest of some values. */
export function extremes(values: Float32Array): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function resizeRows(values: Float32Array, width: number, height: number, newWidth: number, taps: Taps): Float32Array {
  const { starts, counts, weights } = taps;
  const result = new Float32Array(newWidth * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < newWidth; x++) {
      const from = y * width + starts[x]!;
      const at = x * taps.size;
      const count = counts[x]!;
      let sum = 0;
      for (let k = 0; k < count; k++) sum += values[from + k]! * weights[at + k]!;
      result[to++] = sum;
    }
  }
  return result;
}

function resizeColumns(values: Float32Array, width: number, height: number, newHeight: number, taps: Taps): Float32Array {
  const { starts, counts, weights, size } = taps;
  const result = new Float32Array(width * newHeight);
  const sums = new Float64Array(width);
  for (let y = 0; y < newHeight; y++) {
    sums.fill(0);
    for (let k = 0; k < counts[y]!; k++) {
      const weight = weights[y * size + k]!;
      const from = (starts[y]! + k) * width;
      for (let x = 0; x < width; x++) sums[x]! += values[from + x]! * weight;
    }
    result.set(sums, y * width);
  }
  return result;
}

/** Bits behind the point of a weight: PRECISION_BITS of libImaging/Resample.c. */
const one = 2 ** 22;

/** Pillow's `ImagingResample*_8bpc`: whole weights, and a byte after each pass. */
function resizedBytes(image: GreyImage, width: number, height: number, filter: ResizeFilter): Float32Array {
  const whole = (taps: Taps): Taps => ({
    ...taps,
    weights: taps.weights.map((weight) => Math.trunc(weight * one + (weight < 0 ? -0.5 : 0.5))),
  });
  const toByte = (sum: number): number => Math.min(255, Math.max(0, Math.floor((sum + one / 2) / one)));
  const bytes = image.values.map((value) => Math.round(Math.min(1, Math.max(0, value)) * 255));
  // sums of bytes by weights of 22 bits are exact in float64, and so is float32 of what toByte makes of them
  const across =
    image.width === width ? bytes : mapped(bytes, image.width, image.height, width, whole(tapsFor(filter, image.width, width)), toByte);
  const down =
    image.height === height
      ? across
      : transposed(
          mapped(
            transposed(across, width, image.height),
            image.height,
            width,
            height,
            whole(tapsFor(filter, image.height, height)),
            toByte,
          ),
          height,
          width,
        );
  return down.map((value) => value / 255);
}

function mapped(
  values: Float32Array,
  width: number,
  height: number,
  newWidth: number,
  taps: Taps,
  round: (sum: number) => number,
): Float32Array {
  const result = new Float32Array(newWidth * height);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < newWidth; x++) {
      let sum = 0;
      for (let k = 0; k < taps.counts[x]!; k++) sum += values[y * width + taps.starts[x]! + k]! * taps.weights[x * taps.size + k]!;
      result[to++] = round(sum);
    }
  return result;
}

function transposed(values: Float32Array, width: number, height: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) result[x * height + y] = values[y * width + x]!;
  return result;
}

/** (x − mean) / max(standard deviation, 0.001), population standard deviation, sums in float64. */
export function standardise(values: Float32Array): Float32Array {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  const deviation = Math.max(Math.sqrt(squares / values.length), 1e-3);
  return values.map((value) => (value - mean) / deviation);
}
