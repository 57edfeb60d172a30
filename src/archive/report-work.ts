import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault, isOutage } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import { intakeQueue, reportQueue } from '../reporting/queues.js';
import type { StoryPorts } from '../reporting/ports.js';
import { checkReadiness } from '../reporting/study-intake.js';
import { route } from '../routing/match.js';
import { seriesFactsOf } from '../routing/series-facts.js';
import { isOwnDocument } from '../sr/own-document.js';
import { statesOfStudies } from './job-states.js';
import type { ArchiveWork, ExaminedStudy, QueuedState, QueuedStudy } from './ports.js';

type ReportWorkPorts = Pick<StoryPorts, 'studies' | 'index' | 'queue' | 'settings' | 'pacs'>;

/** With which model version studies that have a result are analysed again, and whether it is deployed now. */
export interface ReanalysisModel {
  readonly version: string;
  isDeployed(): boolean;
}

/**
 * Jobs after which a study still has a result by other models: none of the deployed ones that see its images is the given version. More
 * than one, because jobs are lost when a process ends.
 */
const maxReanalyses = 3;

/**
 * Reports of studies of the archive: they are queued for intake, as studies that arrive are, but behind these.
 *
 * @param model without it only studies without a current result are analysed
 */
export function reportWork(ports: ReportWorkPorts, jobs: Pick<Jobs, 'statesOf'>, model?: ReanalysisModel): ArchiveWork {
  const { index, queue } = ports;

  /** Of a study without jobs. */
  const stateOf = async ({ studyInstanceUID, attempts }: QueuedStudy): Promise<QueuedState> => {
    let examined: ExaminedStudy;
    try {
      examined = await examine(studyInstanceUID, undefined, ports, model?.version);
    } catch (error) {
      // Known at the next step.
      if (error instanceof Fault && error.retryable && !isOutage(error)) return { state: 'pending' };
      throw error;
    }
    if (examined.state === 'needed') {
      if (!model) return { state: 'repeat', jobKeys: examined.jobKeys };
      // Another version was promoted meanwhile: the study waits until this one is deployed again, or the backfill is cancelled.
      if (!model.isDeployed()) return { state: 'pending' };
      if (attempts < maxReanalyses) return { state: 'repeat', jobKeys: examined.jobKeys };
      if ((await examine(studyInstanceUID, undefined, ports)).state === 'needed') return { state: 'repeat', jobKeys: examined.jobKeys };
      return { state: 'skipped' };
    }
    if (examined.state !== 'unchanged') return examined;
    const current = await index.results.currentResult(studyInstanceUID);
    return { state: current?.outcome === 'reported' ? 'done' : current?.outcome === 'skipped' ? 'skipped' : 'failed' };
  };

  return {
    isReady: () => model?.isDeployed() ?? true,
    examine: (studyInstanceUID, rule) => examine(studyInstanceUID, rule, ports, model?.version),
    async queue(_studyInstanceUID, pacsStudyIds) {
      for (const pacsStudyId of pacsStudyIds)
        await queue.intake({ pacsStudyId, ...(model ? { reanalysisWith: model.version } : {}) }, { isBacklog: true });
    },
    statesOf: (queued) => statesOfStudies(queued, [intakeQueue, reportQueue], jobs, stateOf),
  };
}

async function examine(
  studyInstanceUID: string,
  rule: string | undefined,
  { studies, index, settings, pacs }: Omit<ReportWorkPorts, 'queue'>,
  reanalysisWith?: string,
): Promise<ExaminedStudy> {
  const pacsStudyIds = await studies.findStudies(studyInstanceUID);
  const [pacsStudyId] = pacsStudyIds;
  if (pacsStudyId === undefined) return { state: 'vanished' };
  // Two patients have it: intake reports the fault, as for a study that arrives.
  if (pacsStudyIds.length > 1) return { state: 'needed', jobKeys: pacsStudyIds };
  try {
    const readiness = await checkReadiness(pacsStudyId, studies, index, settings.routing, reanalysisWith);
    if (readiness.state === 'deleted') return { state: 'vanished' };
    if (readiness.state === 'unchanged') return { state: 'unchanged' };
    if (rule !== undefined && (await ruleOf(studyInstanceUID as StudyInstanceUID, pacsStudyId, { studies, settings, pacs })) !== rule)
      return { state: 'skipped' };
  } catch (error) {
    // Deleted while it was read.
    if (error instanceof Fault && error.code === 'pacs-not-found') return { state: 'vanished' };
    // Intake reports a fault that stays.
    if (rule !== undefined || !(error instanceof Fault) || error.retryable || isOutage(error)) throw error;
  }
  return { state: 'needed', jobKeys: pacsStudyIds };
}

/** The rule that takes the study, by all of its attributes. */
export async function ruleOf(
  studyInstanceUID: StudyInstanceUID,
  pacsStudyId: string,
  { studies, settings, pacs }: Pick<ReportWorkPorts, 'studies' | 'settings' | 'pacs'>,
): Promise<string | undefined> {
  const [instances, study] = await Promise.all([pacs.retrieveStudyMetadata(studyInstanceUID), studies.study(pacsStudyId)]);
  const facts = seriesFactsOf(
    instances.filter((one) => !isOwnDocument(one)),
    study ? await studies.arrivalOf(study.series) : {},
  );
  const decision = route(settings.routing, facts);
  return decision.action === 'none' ? undefined : decision.rule.name;
}
