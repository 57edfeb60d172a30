import type { Log } from '../log.js';
import type { ResultIndex, StudyEvents, StudyQueue } from './ports.js';

/**
 * Removes a study that the PACS no longer contains from the index, and what was derived from its images. Failed jobs about it run
 * once more and find nothing to do. May be repeated.
 */
export async function removeStudy(
  studyInstanceUID: string,
  { studies }: Pick<ResultIndex, 'studies'>,
  queue: Pick<StudyQueue, 'failedJobs' | 'retryFailedJob'>,
  events: Pick<StudyEvents, 'onStudyChanged'>,
  log: Log,
): Promise<void> {
  const wasKnown = await studies.forget(studyInstanceUID);
  await events.onStudyChanged(studyInstanceUID);
  for (const job of await queue.failedJobs()) if (job.studyInstanceUID === studyInstanceUID) await queue.retryFailedJob(job.id);
  if (wasKnown)
    log.info('a study was deleted from the PACS; its results and labels were removed from the index', { study: studyInstanceUID });
}
