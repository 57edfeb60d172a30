import type { GreyImage } from './image.js';
import { resizeBilinear, standardise } from './resize.js';

/** The part of a model's input specification that pixels need; see registry/model-file.ts. */
export interface NetworkInput {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly normalization: 'per-image' | 'imagenet';
}

/** Of 1.2 million photographs, red, green, blue; published weights were trained so (torchvision, fastai `imagenet_stats`). */
const imagenet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] } as const;

/**
 * A picture as the network takes it: squashed to its size, the same grey in each channel, normalised.
 *
 * @returns `channels * height * width`, channel by channel (CHW)
 */
export function networkInput(image: GreyImage, { width, height, channels, normalization }: NetworkInput): Float32Array {
  const grey = resizeBilinear(image, width, height).values;
  const values = normalization === 'per-image' ? standardise(grey) : grey;
  const input = new Float32Array(channels * values.length);
  for (let channel = 0; channel < channels; channel++) {
    if (normalization === 'per-image') input.set(values, channel * values.length);
    else
      input.set(
        values.map((value) => (value - imagenet.mean[channel % 3]!) / imagenet.deviation[channel % 3]!),
        channel * values.length,
      );
  }
  return input;
}
