import { isOutage } from '../errors.js';
import type { Log } from '../log.js';
import { everyStudy, type SearchForStudies } from './every-study.js';

export interface SweepPorts {
  readonly searchForStudies: SearchForStudies;
  /** Of these studies, the ones of which the index has no result; one that is in the queue already is merged there. */
  withoutResult(studyInstanceUIDs: readonly string[]): Promise<readonly string[]>;
  /** By Study Instance UID. */
  enqueueStudy(studyInstanceUID: string): Promise<void>;
  readonly log: Log;
}

const modalities = ['CR', 'DX', 'CT'];

/**
 * Looks for studies of the last days that should have a result and have none, whatever the reason: a lost event, a
 * database restored from an old copy, a change log that was cleared.
 *
 * @param since first Study Date looked at
 * @returns the number of studies queued
 */
export async function sweepOnce(since: Date, tools: SweepPorts): Promise<number> {
  let queued = 0;
  const passedOver: string[] = [];
  for await (const uids of everyStudy(
    (query, page) => tools.searchForStudies(query, page),
    { StudyDate: `${dicomDate(since)}-` },
    modalities,
  )) {
    for (const uid of await tools.withoutResult(uids)) {
      try {
        await tools.enqueueStudy(uid);
        queued++;
      } catch (error) {
        if (isOutage(error)) throw error;
        passedOver.push(uid);
      }
    }
  }
  if (passedOver.length > 0)
    tools.log.warn('sweep cannot queue studies, and goes on with the others', {
      count: passedOver.length,
      studies: passedOver.slice(0, 20),
    });
  if (queued > 0) tools.log.info('sweep found studies without a result', { studies: queued });
  return queued;
}

/** DA (PS3.5 §6.2): YYYYMMDD. */
function dicomDate(date: Date): string {
  return `${date.getFullYear()}${String(date.getMonth() + 1).padStart(2, '0')}${String(date.getDate()).padStart(2, '0')}`;
}
