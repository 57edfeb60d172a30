import type { Jobs } from '../jobs/jobs.js';
import { outageLog } from '../reporting/outage-log.js';
import type { StoryPorts } from '../reporting/ports.js';
import type { SearchForStudies } from '../reporting/every-study.js';
import type { TrainingPatients } from '../retraining/training-patients.js';
import type { ServingLines } from '../serving/serving-lines.js';
import type { BackfillRow } from '../store/backfills.js';
import type { Store } from '../store/store.js';
import { advanceBackfills } from './archive-story.js';
import { stepMs } from './backfill-pace.js';
import type { ArchiveWork } from './ports.js';
import { reportWork } from './report-work.js';
import { challengersOf, shadowWork } from './shadow-work.js';
import { recordTrialStudy } from './trial-study.js';
import { trialWork } from './trial-work.js';

/**
 * Starts the periodic step of backfills; several processes may, then the first one takes each study.
 *
 * @param trainingPatients of a model version
 */
export function startBackfills(
  story: StoryPorts,
  store: Store,
  serving: Pick<ServingLines, 'lines'>,
  searchForStudies: SearchForStudies,
  trainingPatients: (version: string) => Promise<TrainingPatients>,
  jobs: Jobs,
  timeZone: string,
): void {
  const { clock, log, studies, settings, pacs, siteOf } = story;
  const trialPorts = { studies, pacs, settings, siteOf, store, trainingPatients: perVersion(trainingPatients) };
  const isDeployed = (version: string): boolean => [...serving.lines.values()].some((line) => line.champion()?.version === version);
  const workOf = (backfill: BackfillRow): ArchiveWork => {
    const { id, shadow, model } = backfill;
    if (!shadow) return reportWork(story, jobs, model === null ? undefined : { version: model, isDeployed: () => isDeployed(model) });
    const work =
      model === null ? shadowWork({ studies, store, serving, jobs }) : trialWork(backfill, model, { studies, settings, pacs, store, jobs });
    return {
      ...work,
      recordForReport: (studyInstanceUID) =>
        recordTrialStudy(id, studyInstanceUID, model === null ? challengersOf(serving) : [model], trialPorts),
    };
  };
  const ports = { backfills: store.backfills, searchForStudies, workOf, clock, timeZone, log };
  const outages = outageLog(log);
  jobs.every(stepMs, 'backfill', (signal) => outages('backfill', () => advanceBackfills(ports, signal)));
}

/** A version is content: what it was trained on never changes. Only the last version is remembered. */
function perVersion(trainingPatients: (version: string) => Promise<TrainingPatients>): (version: string) => Promise<TrainingPatients> {
  let last: { readonly version: string; readonly patients: TrainingPatients } | undefined;
  return async (version) => {
    if (last?.version !== version) last = { version, patients: await trainingPatients(version) };
    return last.patients;
  };
}
