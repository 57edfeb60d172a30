import type { GreyImage } from './image.js';
import { equaliseGrey } from './equalise.js';
import { framed, type FrameSpecification } from './input-frame.js';
import { extremes, standardise } from './resize.js';

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
export interface NetworkInput extends Omit<FrameSpecification, 'outside'> {
  readonly channels: number;
  /** After the resize each grey value becomes its rank (pixels/equalise.ts). */
  readonly equalise?: boolean | undefined;
  readonly normalization: Normalization;
}

/** Of 1.2 million photographs, red, green, blue; published weights were trained so (torchvision, fastai `imagenet_stats`). */
export const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], scale: 1 } as const;

/**
 * A picture as the network takes it: squashed, padded or cut to its size, equalised if the specification says so, and normalised. The
 * same grey is in each channel, unless the picture has planes.
 *
 * @param image a picture, or the frame that `inputFrame` made of it
 * @returns `channels * height * width`, channel by channel (CHW)
 */
export function networkInput(image: GreyImage, input: NetworkInput): Float32Array {
  const { channels, equalise, normalization } = input;
  const frame = inputFrame(image, input);
  const planes = (frame.planes ?? [frame.values]).map((grey) => (equalise ? equaliseGrey(grey, { most: 1 }) : grey));
  const size = frame.values.length;
  const result = new Float32Array(channels * size);
  for (let channel = 0; channel < channels; channel++)
    result.set(normalised(planes[channel % planes.length]!, normalization, channel), channel * size);
  return result;
}

/** The grey picture that the network sees, before it is normalised. */
export function inputFrame(image: GreyImage, input: Omit<NetworkInput, 'channels'>): GreyImage {
  return framed(image, frameOf(input));
}

/** How the picture is framed: as the input states, and what lies beyond its edge by its normalisation. */
export function frameOf({
  normalization,
  width,
  height,
  fit,
  shorterSide,
  padding,
  resize,
  eightBit,
}: Omit<NetworkInput, 'channels'>): FrameSpecification {
  // scikit-image pads with 0 after torchxrayvision has brought the picture to -1024 to 1024
  const range = typeof normalization === 'object' && 'range' in normalization ? normalization.range : undefined;
  const outside = range && Math.min(1, Math.max(0, -range[0] / (range[1] - range[0])));
  return { width, height, fit, shorterSide, padding, resize, eightBit, outside };
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
    const [darkest, brightest] = extremes(grey);
    const extent = brightest - darkest;
    return grey.map((value) => (extent > 0 ? low + ((value - darkest) / extent) * (high - low) : low));
  }
  const { mean, std, scale } = normalization;
  const [own, deviation] = [mean[channel] ?? mean[0]!, std[channel] ?? std[0]!];
  return grey.map((value) => (value * scale - own) / deviation);
}
