import type { ReportJob, ResultIndex, StudyEvents } from './ports.js';

/** The study counts as done once the other stories know its current result: a job that is repeated after a crash tells them again. */
export async function endReport(
  { studyInstanceUID, contentKey }: ReportJob,
  { studies }: Pick<ResultIndex, 'studies'>,
  events: Pick<StudyEvents, 'onIndexed'>,
): Promise<void> {
  await events.onIndexed(studyInstanceUID);
  await studies.setDone(studyInstanceUID, contentKey);
}
