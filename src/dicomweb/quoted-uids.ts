import { textsOf, type DataSet } from '../dicom/data-set.js';
import { isUsableUid, quotedUid } from '../dicom/uid.js';

/** The identifiers of study, series and instance become part of addresses, keys of the index, file names and log lines. */
const identifying = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID', 'SOPClassUID'] as const;

/** The data set with its identifying UIDs in a form that is safe in addresses and names (see quotedUid): senders write any text into them. */
export function withQuotedUids(dataSet: DataSet): DataSet {
  const changed = identifying.flatMap((keyword) => {
    // Several values are one text with backslashes in it: the first alone could be the UID of another study.
    const uid = textsOf(dataSet, keyword).join('\\').replace(/\0+$/, '');
    return uid === '' || (uid === dataSet[keyword] && isUsableUid(uid)) ? [] : [[keyword, quotedUid(uid)] as const];
  });
  return changed.length === 0 ? dataSet : { ...dataSet, ...Object.fromEntries(changed) };
}
