import { itemsOf } from '../dicom/data-set.js';
import type { DataSet } from '../dicom/data-set.js';

/**
 * The data set of one frame as if it were an image of its own: macros of the Shared and the Per-Frame Functional Groups
 * Sequence (PS3.3 §C.7.6.16) laid over the image's attributes. A single-frame image is returned as it is.
 * @param frameNumber 1-based
 */
export function frameDataSet(dataSet: DataSet, frameNumber: number): DataSet {
  const shared = itemsOf(dataSet, 'SharedFunctionalGroupsSequence')[0];
  const own = itemsOf(dataSet, 'PerFrameFunctionalGroupsSequence')[frameNumber - 1];
  if (!shared && !own) return dataSet;
  const macros = [shared, own].flatMap((groups) => (groups ? macroNames.flatMap((name) => itemsOf(groups, name).slice(0, 1)) : []));
  return Object.assign({}, dataSet, ...macros) as DataSet;
}

const macroNames = [
  'PixelValueTransformationSequence',
  'FrameVOILUTSequence',
  'PlanePositionSequence',
  'PlaneOrientationSequence',
  'PixelMeasuresSequence',
  'CTImageFrameTypeSequence',
  'FrameContentSequence',
  'CTReconstructionSequence',
  'FrameDisplayShutterSequence',
  'FrameAnatomySequence',
];
