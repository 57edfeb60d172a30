import type { AnalysisRequestRow } from '../store/analysis-requests.js';
import type { ReportJob, ResultIndex, StudyEvents } from './ports.js';

/**
 * The study counts as done once the other stories know its current result: a job that is repeated after a crash tells them again.
 *
 * @param request that the job found when it began
 */
export async function endReport(
  { studyInstanceUID, contentKey }: ReportJob,
  request: AnalysisRequestRow | undefined,
  { studies, requests }: Pick<ResultIndex, 'studies' | 'requests'>,
  events: Pick<StudyEvents, 'onIndexed'>,
): Promise<void> {
  await events.onIndexed(studyInstanceUID);
  if (request?.isOpen) await requests.close(request);
  await studies.setDone(studyInstanceUID, contentKey);
}
