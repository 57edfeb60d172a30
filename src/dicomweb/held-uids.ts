import { textsOf, type DataSet } from '../dicom/data-set.js';
import { isUsableUid, quotedUid } from '../dicom/uid.js';

/** What names a study, a series and an instance: it becomes part of addresses, keys of the index, file names and log lines. */
const identifying = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID', 'SOPClassUID'] as const;

/** The data set with its identifying UIDs in the form that may go anywhere (see quotedUid): senders write what they like into them. */
export function withHeldUids(dataSet: DataSet): DataSet {
  const held = identifying.flatMap((keyword) => {
    // Several values are one text with backslashes in it: the first alone could be the UID of another study.
    const uid = textsOf(dataSet, keyword).join('\\').replace(/\0+$/, '');
    return uid === '' || (uid === dataSet[keyword] && isUsableUid(uid)) ? [] : [[keyword, quotedUid(uid)] as const];
  });
  return held.length === 0 ? dataSet : { ...dataSet, ...Object.fromEntries(held) };
}
