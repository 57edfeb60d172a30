import { standardise } from '../pixels/resize.js';
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
  /** Of the network's input. */
  readonly width: number;
  readonly height: number;
  readonly settings: AugmentationSettings;
  readonly seed: number;
  readonly epoch: number;
  /** Place of the picture in its epoch: with seed and epoch, all that its augmentation depends on. */
  readonly position: number;
}

/** `width * height` values as the network takes them: augmented, then standardised by the picture's own mean and deviation. Blocking. */
export function trainingPicture(task: PictureTask): Float32Array {
  return standardise(greyTrainingPicture(task));
}

/** The same before it is standardised, in [0, 1]: for people. */
export function greyTrainingPicture({ file, sourceWidth, sourceHeight, width, height, settings, seed, epoch, position }: PictureTask): Float32Array {
  const augmentation = drawAugmentation(settings, drawsOf('augmentation', seed, epoch, position));
  const values = readCachedPicture(file, sourceWidth, sourceHeight);
  return applyAugmentation({ width: sourceWidth, height: sourceHeight, values, most: 255 }, augmentation, width, height);
}
