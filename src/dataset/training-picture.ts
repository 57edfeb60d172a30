import { wholeFrame } from '../pixels/image.js';
import { networkInput, type NetworkInput } from '../pixels/network-input.js';
import { applyAugmentation } from './apply-augmentation.js';
import { drawAugmentation, type Augmentation, type AugmentationSettings } from './augmentation.js';
import type { SourcePicture } from './apply-augmentation.js';
import { changeBackground, cropToLungs, equalised, placementOf, type PlacedPicture } from './lung-augmentation.js';
import { readCachedPicture } from './picture-cache.js';
import { keyedRandom } from '../lib/seeded-random.js';

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
  /** Given for a frontal chest radiograph, which has lung fields: the file of another one, whose background it may get. */
  readonly otherChest?: string | undefined;
}

/** `channels * height * width` values as the network takes them: augmented, then what service does to a picture. Blocking. */
export function trainingPicture(task: PictureTask): Float32Array {
  const { width, height } = task.input;
  return networkInput({ width, height, values: greyTrainingPicture(task), pixelAspect: 1, frame: wholeFrame }, task.input);
}

/** The same before it is normalised, `width * height` values in [0, 1], for display. */
export function greyTrainingPicture(task: PictureTask): Float32Array {
  const augmentation = augmentationOf(task);
  return applyAugmentation(
    ofLungs(pictureAt(task.file, task, augmentation), task, augmentation),
    augmentation,
    task.input.width,
    task.input.height,
  );
}

type TaskKey = Pick<PictureTask, 'settings' | 'seed' | 'epoch' | 'position'>;

/** What is done to the picture at a place of an epoch. */
function augmentationOf({ settings, seed, epoch, position }: TaskKey): Augmentation {
  return drawAugmentation(settings, keyedRandom('augmentation', seed, epoch, position));
}

/** Whether the lungs of the image at this position are covered, if it has lung fields: then it shows no finding. */
export function coversLungs(task: TaskKey): boolean {
  return augmentationOf(task).lungs?.what === 'covered';
}

function pictureAt(file: string, { sourceWidth, sourceHeight }: PictureTask, { equalise }: Augmentation): SourcePicture {
  const picture: SourcePicture = {
    width: sourceWidth,
    height: sourceHeight,
    values: readCachedPicture(file, sourceWidth, sourceHeight),
    most: 255,
  };
  return equalise === undefined ? picture : equalised(picture, equalise);
}

function ofLungs(picture: SourcePicture, task: PictureTask, { lungs, lungCrop }: Augmentation): SourcePicture {
  const { file, otherChest } = task;
  if (otherChest === undefined || !(lungs ?? lungCrop)) return picture;
  // the position of the lungs is searched in the cached image and stored beside it
  const placed = (name: string, shown: SourcePicture): PlacedPicture => ({
    picture: shown,
    placement: placementOf(name, pictureAt(name, task, {})),
  });
  const own = placed(file, picture);
  const changed = lungs ? changeBackground(own, lungs, () => placed(otherChest, pictureAt(otherChest, task, {}))) : picture;
  return lungCrop ? cropToLungs({ ...own, picture: changed }, lungCrop) : changed;
}
