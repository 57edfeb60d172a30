import type { Log } from '../log.js';
import { removeStudy } from './remove-study.js';
import type { PacsStudies, ResultIndex, StudyEvents, StudyQueue } from './ports.js';

/** The PACS's id of a study no longer exists. The study may have another one: Orthanc gives it a new id when its Patient ID is corrected. */
export async function followDeletedStudy(
  pacsStudyId: string,
  studies: Pick<PacsStudies, 'findStudies'>,
  index: Pick<ResultIndex, 'studies'>,
  queue: StudyQueue,
  events: Pick<StudyEvents, 'onStudyChanged'>,
  log: Log,
): Promise<void> {
  const known = await index.studies.ofOrthancId(pacsStudyId);
  const [id] = known ? await studies.findStudies(known.studyInstanceUID) : [];
  if (known && id === undefined) return removeStudy(known.studyInstanceUID, index, queue, events, log);
  // Failed jobs of the former id run once more: they find the study under its new id, or nothing to do.
  for (const job of await queue.failedJobs()) if (job.pacsStudyId === pacsStudyId) await queue.retryFailedJob(job.id);
  if (id !== undefined && id !== pacsStudyId) await queue.intake({ pacsStudyId: id });
}
