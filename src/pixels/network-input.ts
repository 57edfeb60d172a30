import type { GreyImage } from './image.js';
import { equaliseGrey } from './equalise.js';
import { resizeBilinear, standardise } from './resize.js';

/** Black and white of a range. */
type Range = readonly [number, number];

/** See registry/input-file.ts. */
export type Normalization =
  | 'per-image'
  | 'imagenet'
  | { readonly range: Range }
  | { readonly imageRange: Range }
  | { readonly mean: readonly number[]; readonly std: readonly number[]; readonly scale: 1 | 255 };

/** The part of a model's input specification that pixels need; see registry/input-file.ts. */
export interface NetworkInput {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** After the resize each grey value becomes its rank (pixels/equalise.ts). */
  readonly equalise?: boolean | undefined;
  readonly normalization: Normalization;
}

/** Of 1.2 million photographs, red, green, blue; published weights were trained so (torchvision, fastai `imagenet_stats`). */
export const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], scale: 1 } as const;

/**
 * A picture as the network takes it: squashed to its size, equalised if the specification says so, the same grey in each channel, normalised.
 *
 * @returns `channels * height * width`, channel by channel (CHW)
 */
export function networkInput(image: GreyImage, { width, height, channels, equalise, normalization }: NetworkInput): Float32Array {
  const resized = resizeBilinear(image, width, height).values;
  const grey = equalise ? equaliseGrey(resized, { most: 1 }) : resized;
  const input = new Float32Array(channels * grey.length);
  for (let channel = 0; channel < channels; channel++) input.set(normalised(grey, normalization, channel), channel * grey.length);
  return input;
}

/** @param grey 0 to 1 @returns what one channel of the network takes */
function normalised(grey: Float32Array, normalization: Normalization, channel: number): Float32Array {
  if (normalization === 'per-image') return standardise(grey);
  if (normalization === 'imagenet') return normalised(grey, imagenet, channel % 3);
  if ('range' in normalization) {
    const [low, high] = normalization.range;
    return grey.map((value) => low + value * (high - low));
  }
  if ('imageRange' in normalization) {
    const [low, high] = normalization.imageRange;
    const [darkest, brightest] = grey.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)] as const, [
      Infinity,
      -Infinity,
    ] as readonly [number, number]);
    const extent = brightest - darkest;
    return grey.map((value) => (extent > 0 ? low + ((value - darkest) / extent) * (high - low) : low));
  }
  const { mean, std, scale } = normalization;
  const [own, deviation] = [mean[channel] ?? mean[0]!, std[channel] ?? std[0]!];
  return grey.map((value) => (value * scale - own) / deviation);
}
