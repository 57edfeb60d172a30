import type { CodedConcept } from '../dicom/code.js';
import { numberOf, textOf, type DataSet } from '../dicom/data-set.js';
import { isUid } from '../dicom/uid.js';
import { codes } from './codes.js';
import { code, container, date, image, num, time, uidref, type ContentItem } from './content-item.js';
import { legalDate, legalTime } from './legal-value.js';
import type { ImageReference } from './references.js';

/**
 * TID 1600 Image Library (PS3.16) with one group of TID 1601 entries: the images that were analysed.
 *
 * @param dataSets of these images, for the descriptors
 */
export function imageLibrary(images: readonly ImageReference[], dataSets: readonly DataSet[] = []): readonly ContentItem[] {
  if (images.length === 0) return [];
  const bySopInstance = new Map(dataSets.map((one) => [textOf(one, 'SOPInstanceUID'), one]));
  const entries = images.map((one) => image('CONTAINS', undefined, one, descriptorsOf(bySopInstance.get(one.sopInstanceUID) ?? {})));
  return [container('CONTAINS', codes.imageLibrary, [container('CONTAINS', codes.imageLibraryGroup, entries)], '1600')];
}

/** CID 29 by Modality (0008,0060), for what a chest image can be. */
const modalities: Readonly<Record<string, CodedConcept>> = {
  CR: codes.computedRadiography,
  DX: codes.digitalRadiography,
  RG: codes.radiographicImaging,
  RF: codes.radiofluoroscopy,
  CT: codes.computedTomography,
};

/** TID 1602 Image Library Entry Descriptors. Modality is mandatory (row 1): without a known one there are none. */
function descriptorsOf(dataSet: DataSet): readonly ContentItem[] {
  const modality = modalities[textOf(dataSet, 'Modality') ?? ''];
  if (!modality) return [];
  const frameOfReference = textOf(dataSet, 'FrameOfReferenceUID') ?? '';
  return [
    code('HAS ACQ CONTEXT', codes.modality, modality),
    ...dated(codes.studyDate, codes.studyTime, dataSet, 'Study'),
    ...dated(codes.contentDate, codes.contentTime, dataSet, 'Content'),
    ...dated(codes.acquisitionDate, codes.acquisitionTime, dataSet, 'Acquisition'),
    ...(isUid(frameOfReference) ? [uidref('HAS ACQ CONTEXT', codes.frameOfReferenceUid, frameOfReference)] : []),
    ...pixelCount(codes.pixelDataRows, dataSet, 'Rows'),
    ...pixelCount(codes.pixelDataColumns, dataSet, 'Columns'),
  ];
}

function dated(
  dateName: CodedConcept,
  timeName: CodedConcept,
  dataSet: DataSet,
  prefix: 'Study' | 'Content' | 'Acquisition',
): readonly ContentItem[] {
  const [day, hour] = [legalDate(textOf(dataSet, `${prefix}Date`) ?? ''), legalTime(textOf(dataSet, `${prefix}Time`) ?? '')];
  if (day === '') return [];
  return [date('HAS ACQ CONTEXT', dateName, day), ...(hour === '' ? [] : [time('HAS ACQ CONTEXT', timeName, hour)])];
}

function pixelCount(name: CodedConcept, dataSet: DataSet, keyword: 'Rows' | 'Columns'): readonly ContentItem[] {
  const value = numberOf(dataSet, keyword);
  return value !== undefined && Number.isInteger(value) && value > 0 ? [num('HAS ACQ CONTEXT', name, String(value), codes.pixels)] : [];
}
