import { textOf, type DataSet } from '../dicom/data-set.js';
import { derivedUid, isUsableUid } from '../dicom/uid.js';

const identifying = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID', 'SOPClassUID'] as const;

/**
 * Replaces UIDs that are missing or unusable, as in many de-identified files: such an image can be analysed if no document has to
 * reference it. Images that have the other UIDs in common get the same new ones, so that the slices of one CT stay together.
 *
 * @param source distinguishes files that contain no UID at all
 */
export function withIdentity(dataSet: DataSet, source: string): DataSet {
  const [study, series] = [textOf(dataSet, 'StudyInstanceUID'), textOf(dataSet, 'SeriesInstanceUID')];
  const group = study ?? textOf(dataSet, 'FrameOfReferenceUID') ?? series ?? source;
  const origins = {
    StudyInstanceUID: group,
    SeriesInstanceUID: series ?? group,
    SOPInstanceUID: textOf(dataSet, 'SOPInstanceUID') ?? source,
    SOPClassUID: textOf(dataSet, 'SOPClassUID') ?? textOf(dataSet, 'Modality') ?? '',
  };
  const missing = identifying.filter((keyword) => !isUsableUid(textOf(dataSet, keyword) ?? ''));
  return { ...dataSet, ...Object.fromEntries(missing.map((keyword) => [keyword, derivedUid('no identity', keyword, origins[keyword])])) };
}
