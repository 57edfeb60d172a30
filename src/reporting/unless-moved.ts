import { Fault } from '../errors.js';
import type { PacsStudies, ReportJob, StudyQueue } from './ports.js';

/**
 * Reports a study, unless the PACS has it under another id than that of the job, or under two: Orthanc gives it a new id when its
 * Patient ID is corrected, and answers 404 while it has both. Then the job has not failed: intake of the other id
 * decides what is left to do.
 *
 * @returns undefined if the study has another id
 * @throws what `work` throws, if it has not
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
