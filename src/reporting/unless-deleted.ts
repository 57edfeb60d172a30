import { Fault } from '../errors.js';
import type { PacsStudies } from './ports.js';

/** Faults of the infrastructure: they tell nothing about a study. */
export const infrastructureFaults = [
  'pacs-unreachable',
  'pacs-unauthorized',
  'database-unavailable',
  'disk-full',
  'destination-unavailable',
] as const;

/**
 * Work on a study that was deleted meanwhile, or whose data were erased, has not failed: nothing is left to do.
 *
 * @param remove removes the deleted study from the index
 * @returns undefined if the study was deleted or erased
 */
export async function unlessDeleted<Outcome>(
  studyInstanceUID: string,
  studies: Pick<PacsStudies, 'findStudies'>,
  remove: (studyInstanceUID: string) => Promise<void>,
  work: () => Promise<Outcome>,
): Promise<Outcome | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault && error.code === 'study-erased') return undefined;
    if (!(error instanceof Fault) || infrastructureFaults.some((code) => code === error.code)) throw error;
    const found = await studies.findStudies(studyInstanceUID).catch(() => undefined);
    if (found === undefined || found.length > 0) throw error;
    await remove(studyInstanceUID);
    return undefined;
  }
}
