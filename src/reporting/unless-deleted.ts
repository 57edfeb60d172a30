import { Fault } from '../errors.js';
import type { PacsStudies, ReportJob, StudyQueue } from './ports.js';

/** Faults of the infrastructure: they tell nothing about a study. */
export const infrastructureFaults = [
  'pacs-unreachable',
  'pacs-unauthorized',
  'database-unavailable',
  'disk-full',
  'destination-unavailable',
] as const;

/**
 * Work on a study that was deleted meanwhile has not failed: nothing is left to do.
 *
 * @param remove removes the deleted study from the index
 * @returns undefined if the study was deleted
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
    if (!(error instanceof Fault) || infrastructureFaults.some((code) => code === error.code)) throw error;
    const found = await studies.findStudies(studyInstanceUID).catch(() => undefined);
    if (found === undefined || found.length > 0) throw error;
    await remove(studyInstanceUID);
    return undefined;
  }
}

/**
 * Reports a study, unless the PACS has it under another id than that of the job, or under two: Orthanc gives it a new id when its
 * Patient ID is corrected, and answers 404 while it has both. Then the job has not failed: intake of each id decides what is left to do.
 *
 * @returns undefined if the study was deleted or has another id
 */
export async function unlessMoved<Outcome>(
  { pacsStudyId, studyInstanceUID }: Pick<ReportJob, 'pacsStudyId' | 'studyInstanceUID'>,
  studies: Pick<PacsStudies, 'findStudies'>,
  queue: Pick<StudyQueue, 'intake'>,
  work: () => Promise<Outcome>,
): Promise<Outcome | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'pacs-not-found') throw error;
    const found = await studies.findStudies(studyInstanceUID).catch(() => []);
    const others = found.filter((id) => id !== pacsStudyId);
    if (others.length === 0) throw error;
    for (const id of others) await queue.intake({ pacsStudyId: id });
    return undefined;
  }
}
