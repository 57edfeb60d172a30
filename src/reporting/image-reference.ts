import { numberOf, textOf, type DataSet } from '../dicom/data-set.js';
import type { SeriesInstanceUID, SOPClassUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { isUsableUid } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { ImageReference } from '../sr/report-content.js';

/**
 * The reference by which a document names an image.
 *
 * @param frameNumber 1-based; given only for multi-frame images
 * @throws Fault `dicom-attribute` when one of the four identifying UIDs is missing or cannot be used (see isUsableUid)
 */
export function referenceTo(instance: DataSet, frameNumber?: number): ImageReference {
  return {
    studyInstanceUID: uid(instance, 'StudyInstanceUID') as StudyInstanceUID,
    seriesInstanceUID: uid(instance, 'SeriesInstanceUID') as SeriesInstanceUID,
    sopClassUID: uid(instance, 'SOPClassUID') as SOPClassUID,
    sopInstanceUID: uid(instance, 'SOPInstanceUID') as SOPInstanceUID,
    ...(frameNumber !== undefined && (numberOf(instance, 'NumberOfFrames') ?? 1) > 1 ? { frameNumber } : {}),
  };
}

function uid(instance: DataSet, keyword: string): string {
  const text = textOf(instance, keyword);
  if (text !== undefined && isUsableUid(text)) return text;
  const sopInstanceUID = textOf(instance, 'SOPInstanceUID');
  throw new Fault('dicom-attribute', `expected a UID, found ${text === undefined ? 'nothing' : 'something else'}`, {
    attribute: keyword,
    ...(sopInstanceUID && keyword !== 'SOPInstanceUID' ? { sopInstanceUID } : {}),
  });
}
