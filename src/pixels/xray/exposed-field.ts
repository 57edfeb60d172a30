import { cropped, type Box, type GreyImage } from '../image.js';
import { collimatedBox } from './collimation.js';
import { contentBox } from './content-box.js';

/**
 * The exposed part of a radiograph: without a flat border (`contentBox`) and then without the shadow of a collimator (`collimatedBox`).
 * DICOM files and picture files, in reporting and in training, all pass through this function.
 *
 * @returns a box in pixels of `image`; the whole picture where neither is found
 */
export function exposedField(image: GreyImage): Box {
  const content = contentBox(image);
  const exposed = collimatedBox(cropped(image, content));
  return {
    left: content.left + exposed.left,
    top: content.top + exposed.top,
    right: content.left + exposed.right,
    bottom: content.top + exposed.bottom,
  };
}
