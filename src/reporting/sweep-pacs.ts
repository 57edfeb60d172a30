import { isOutage } from '../errors.js';
import type { Log } from '../log.js';
import { everyStudy, type SearchForStudies } from './every-study.js';
import type { ResultIndex } from './ports.js';

/** Modality of series that can be analysed. */
export const analysedModalities: readonly string[] = ['CR', 'DX', 'CT'];

/**
 * Searches for studies of the last days that should have a result and have none, whatever the reason: a lost event, a database
 * restored from an old copy, a change log that was cleared.
 *
 * @param since first Study Date of the search
 * @param enqueueStudy by Study Instance UID; a study that is in the queue already is not queued twice
 * @returns the number of studies queued
 */
export async function sweepPacs(
  since: Date,
  searchForStudies: SearchForStudies,
  results: Pick<ResultIndex['results'], 'withoutResult'>,
  enqueueStudy: (studyInstanceUID: string) => Promise<void>,
  log: Log,
): Promise<number> {
  let queued = 0;
  const failed: string[] = [];
  for await (const uids of everyStudy(searchForStudies, { StudyDate: `${dicomDate(since)}-` }, analysedModalities)) {
    for (const uid of await results.withoutResult(uids)) {
      try {
        await enqueueStudy(uid);
        queued++;
      } catch (error) {
        if (isOutage(error)) throw error;
        failed.push(uid);
      }
    }
  }
  if (failed.length > 0)
    log.warn('the sweep could not queue some studies and went on with the others', { count: failed.length, studies: failed.slice(0, 20) });
  if (queued > 0) log.info('the sweep found studies without a result', { studies: queued });
  return queued;
}

/** DA (PS3.5 §6.2): YYYYMMDD. */
function dicomDate(date: Date): string {
  return `${date.getFullYear()}${String(date.getMonth() + 1).padStart(2, '0')}${String(date.getDate()).padStart(2, '0')}`;
}
