import { networkInput, type NetworkInput } from '../pixels/network-input.js';
import { applyAugmentation } from './apply-augmentation.js';
import { drawAugmentation, type AugmentationSettings } from './augmentation.js';
import { readCachedPicture } from './picture-cache.js';
import { drawsOf } from './random.js';

/** One picture of one training batch; everything it depends on. */
export interface PictureTask {
  /** Of the cache, 8 bits a pixel. */
  readonly file: string;
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  readonly input: NetworkInput;
  readonly settings: AugmentationSettings;
  readonly seed: number;
  readonly epoch: number;
  /** Place of the picture in its epoch: with seed and epoch, all that its augmentation depends on. */
  readonly position: number;
}

/** `channels * height * width` values as the network takes them: augmented, then what service does to a picture. Blocking. */
export function trainingPicture(task: PictureTask): Float32Array {
  const { width, height } = task.input;
  return networkInput({ width, height, values: greyTrainingPicture(task), pixelAspect: 1 }, task.input);
}

/** The same before it is normalised, `width * height` values in [0, 1]: for people. */
export function greyTrainingPicture({ file, sourceWidth, sourceHeight, input, settings, seed, epoch, position }: PictureTask): Float32Array {
  const augmentation = drawAugmentation(settings, drawsOf('augmentation', seed, epoch, position));
  const values = readCachedPicture(file, sourceWidth, sourceHeight);
  return applyAugmentation({ width: sourceWidth, height: sourceHeight, values, most: 255 }, augmentation, input.width, input.height);
}
