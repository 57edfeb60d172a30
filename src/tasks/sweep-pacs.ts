import { textOf, type DataSet } from '../dicom/data-set.js';
import type { Log } from '../log.js';

export interface SweepTools {
  /** QIDO-RS study search, one page. */
  searchForStudies(query: Readonly<Record<string, string>>, page: { readonly limit: number; readonly offset: number }): Promise<readonly DataSet[]>;
  /** Of these studies, the ones of which the index has no result; one that is in the queue already is merged there. */
  withoutResult(studyInstanceUIDs: readonly string[]): Promise<readonly string[]>;
  /** By Study Instance UID. */
  enqueueStudy(studyInstanceUID: string): Promise<void>;
  readonly log: Log;
}

const pageSize = 100;
const modalities = ['CR', 'DX', 'CT'];

/**
 * Looks for studies of the last days that should have a result and have none, whatever the reason: a lost event, a
 * database restored from an old copy, a change log that was cleared.
 *
 * @param since first Study Date looked at
 * @returns the number of studies queued
 */
export async function sweepOnce(since: Date, tools: SweepTools): Promise<number> {
  let queued = 0;
  for (const modality of modalities) {
    for (let offset = 0; ; offset += pageSize) {
      const page = await tools.searchForStudies({ ModalitiesInStudy: modality, StudyDate: `${dicomDate(since)}-` }, { limit: pageSize, offset });
      const uids = page.map((study) => textOf(study, 'StudyInstanceUID')).filter((uid) => uid !== undefined);
      for (const uid of await tools.withoutResult(uids)) {
        await tools.enqueueStudy(uid);
        queued++;
      }
      if (page.length < pageSize) break;
    }
  }
  if (queued > 0) tools.log.info('sweep found studies without a result', { studies: queued });
  return queued;
}

/** DA (PS3.5 §6.2): YYYYMMDD. */
function dicomDate(date: Date): string {
  return `${date.getFullYear()}${String(date.getMonth() + 1).padStart(2, '0')}${String(date.getDate()).padStart(2, '0')}`;
}
