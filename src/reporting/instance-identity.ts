import { textOf, type DataSet } from '../dicom/data-set.js';
import { derivedUid, isUsableUid } from '../dicom/uid.js';

const identifying = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID', 'SOPClassUID'] as const;

/**
 * An image that does not say which one it is, as de-identified files often do not, or says it by something that is no UID: it can
 * be judged all the same where no document has to name it. UIDs are made up for it, the same for images that have the rest in
 * common, so that the slices of one CT stay together.
 *
 * @param source tells files apart that say nothing at all
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
