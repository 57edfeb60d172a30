import type { AnalysisRequestRow } from '../store/analysis-requests.js';
import type { ReportJob, ReportPorts, ResultIndex, StoryPorts, StudyEvents } from './ports.js';
import { checkReadiness, isReported } from './study-intake.js';

type DuePorts = Pick<StoryPorts & ReportPorts, 'studies' | 'index' | 'settings' | 'model' | 'models'>;

/**
 * Whether the study of this job is still to be reported. One that is to be analysed again is, while its images are those of its result,
 * that result is by another version, and the version of the job is deployed; what has become of it otherwise is known to intake or to
 * the archive.
 */
export async function isReportDue(job: ReportJob, { studies, index, settings, model, models }: DuePorts): Promise<boolean> {
  const { pacsStudyId, reanalysisWith } = job;
  if (reanalysisWith === undefined) return !(await isReported(job, studies, index, settings.routing));
  const deployed = [model(), ...(models?.().models ?? []).map((one) => one.model)];
  if (!deployed.some(({ version }) => version === reanalysisWith)) return false;
  const readiness = await checkReadiness(pacsStudyId, studies, index, settings.routing, reanalysisWith);
  return readiness.state === 'ready' && readiness.reanalysisWith !== undefined;
}

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
