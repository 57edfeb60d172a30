import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Jobs } from '../jobs/jobs.js';
import type { StoryPorts } from '../reporting/ports.js';
import { isSkippedByRules } from '../reporting/result-models.js';
import { shadowQueue } from '../retraining/queues.js';
import type { BackfillRow } from '../store/backfills.js';
import type { Store } from '../store/store.js';
import { statesOfStudies } from './job-states.js';
import type { ArchiveWork, QueuedState, QueuedStudy } from './ports.js';
import { ruleOf } from './report-work.js';

interface TrialWorkPorts extends Pick<StoryPorts, 'studies' | 'settings' | 'pacs'> {
  readonly store: Pick<Store, 'results' | 'shadow' | 'studies'>;
  readonly jobs: Pick<Jobs, 'send' | 'statesOf'>;
}

/** Jobs after which a study still has no prediction: no rule takes it. More than one, because jobs are lost when a process ends. */
const maxPredictions = 3;

/**
 * Predictions of one registered version, deployed or not, for studies with and without a result. Nothing is written to the PACS.
 *
 * @param model the version
 */
export function trialWork(
  { createdAt }: Pick<BackfillRow, 'createdAt'>,
  model: string,
  { studies, settings, pacs, store, jobs }: TrialWorkPorts,
): ArchiveWork {
  /** A prediction for the images of the current result, or of this trial. */
  const isPredicted = async (studyInstanceUID: string): Promise<boolean> => {
    const [current, rows] = await Promise.all([store.results.currentResult(studyInstanceUID), store.shadow.ofStudy(studyInstanceUID)]);
    return rows.some((row) => row.modelVersion === model && (row.inputKey === current?.inputKey || row.predictedAt >= createdAt));
  };

  const examine: ArchiveWork['examine'] = async (studyInstanceUID, rule) => {
    const [pacsStudyId] = await studies.findStudies(studyInstanceUID);
    if (pacsStudyId === undefined) return { state: 'vanished' };
    if (await isPredicted(studyInstanceUID)) return { state: 'unchanged' };
    const current = await store.results.currentResult(studyInstanceUID);
    if (current && isSkippedByRules(current)) return { state: 'skipped' };
    if (rule !== undefined) {
      const taken =
        current?.outcome === 'reported'
          ? current.rule
          : await ruleOf(studyInstanceUID as StudyInstanceUID, pacsStudyId, { studies, settings, pacs });
      if (taken !== rule) return { state: 'skipped' };
    }
    return { state: 'needed', jobKeys: [keyOf(studyInstanceUID, model)] };
  };

  /** Of a study without jobs. */
  const stateOf = async ({ studyInstanceUID, attempts }: QueuedStudy): Promise<QueuedState> => {
    const examined = await examine(studyInstanceUID, undefined);
    if (examined.state === 'unchanged') return { state: 'done' };
    if (examined.state !== 'needed') return examined;
    return attempts < maxPredictions ? { state: 'repeat', jobKeys: examined.jobKeys } : { state: 'skipped' };
  };

  return {
    isReady: () => true,
    examine,
    async queue(studyInstanceUID) {
      const known = await store.studies.find(studyInstanceUID);
      const [callingAeTitle, calledAeTitle] = [known?.remoteAet, known?.calledAet];
      await jobs.send(
        shadowQueue,
        {
          studyInstanceUID,
          challenger: model,
          isTrial: true,
          ...(callingAeTitle ? { callingAeTitle } : {}),
          ...(calledAeTitle ? { calledAeTitle } : {}),
        },
        { key: keyOf(studyInstanceUID, model), priority: -100 },
      );
    },
    statesOf: (queued) => statesOfStudies(queued, [shadowQueue], jobs, stateOf),
  };
}

/** Not that of a challenger's job, which drops a study without a result. */
function keyOf(studyInstanceUID: string, model: string): string {
  return `${studyInstanceUID}/${model}/trial`;
}
