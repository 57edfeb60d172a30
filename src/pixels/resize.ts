import type { GreyImage } from './image.js';

/** Triangle filter over one output pixel: which inputs, with which weights. */
interface Taps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `size` weights a pixel, unused ones 0. */
  readonly weights: Float64Array;
  readonly size: number;
}

/**
 * Resizes as Pillow's `Image.resize(…, BILINEAR)` does for mode 'F': a triangle filter whose support grows with the
 * reduction, horizontally first (libImaging/Resample.c; sums in float64, rounded to float32 after each pass). Pillow is what
 * the training pipeline of the origin resizes with, so a network sees the same picture in training and inference.
 *
 * @returns `width` × `height`, same range as the input; pixelAspect follows the change of shape
 */
export function resizeBilinear(image: GreyImage, width: number, height: number): GreyImage {
  const across = image.width === width ? image.values : resizeRows(image.values, image.width, image.height, width);
  const values = image.height === height ? across : resizeColumns(across, width, image.height, height);
  return {
    width,
    height,
    values: values === image.values ? image.values.slice() : values,
    pixelAspect: (image.pixelAspect * (image.height / height)) / (image.width / width),
  };
}

/** precompute_coeffs of libImaging/Resample.c. */
function tapsFor(from: number, to: number): Taps {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const size = Math.ceil(support) * 2 + 1;
  const taps = { starts: new Int32Array(to), counts: new Int32Array(to), weights: new Float64Array(to * size), size };
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const distance = Math.abs((k + start - center + 0.5) / support);
      const weight = distance < 1 ? 1 - distance : 0;
      taps.weights[i * size + k] = weight;
      sum += weight;
    }
    if (sum !== 0) for (let k = 0; k < count; k++) taps.weights[i * size + k]! /= sum;
    taps.starts[i] = start;
    taps.counts[i] = count;
  }
  return taps;
}

function resizeRows(values: Float32Array, width: number, height: number, newWidth: number): Float32Array {
  const { starts, counts, weights, size } = tapsFor(width, newWidth);
  const result = new Float32Array(newWidth * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < newWidth; x++) {
      const from = y * width + starts[x]!;
      const taps = x * size;
      const count = counts[x]!;
      let sum = 0;
      for (let k = 0; k < count; k++) sum += values[from + k]! * weights[taps + k]!;
      result[to++] = sum;
    }
  }
  return result;
}

function resizeColumns(values: Float32Array, width: number, height: number, newHeight: number): Float32Array {
  const { starts, counts, weights, size } = tapsFor(height, newHeight);
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
