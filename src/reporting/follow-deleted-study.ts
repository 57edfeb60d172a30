import type { Log } from '../log.js';
import { removeStoredDocuments } from './erased-study.js';
import { removeStudy } from './remove-study.js';
import type { PacsStudies, ResultIndex, StoryPorts, StudyEvents, StudyQueue } from './ports.js';
import type { ErasedStudy } from './study-intake.js';

/** The study of a job was deleted, or its data were erased. */
export async function followRemoval(
  pacsStudyId: string,
  readiness: { readonly state: 'deleted' } | ErasedStudy,
  ports: StoryPorts,
): Promise<void> {
  const { studies, index, queue, events, log } = ports;
  if (readiness.state === 'erased') await removeStoredDocuments(readiness, ports);
  else await followDeletedStudy(pacsStudyId, studies, index, queue, events, log);
}

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
