import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Jobs } from '../jobs/jobs.js';
import type { PacsStudies } from '../reporting/ports.js';
import { shadowQueue } from '../retraining/queues.js';
import { queueShadowPrediction } from '../retraining/start-shadow-predictions.js';
import type { ServingLines } from '../serving/serving-lines.js';
import type { ResultRow } from '../store/results.js';
import type { Store } from '../store/store.js';
import { statesOfStudies } from './job-states.js';
import type { ArchiveWork, QueuedState, QueuedStudy } from './ports.js';

interface ShadowWorkPorts {
  readonly studies: Pick<PacsStudies, 'findStudies'>;
  readonly store: Pick<Store, 'results' | 'shadow' | 'studies'>;
  readonly serving: Pick<ServingLines, 'lines'>;
  readonly jobs: Pick<Jobs, 'send' | 'statesOf'>;
}

/** Predictions of the challengers for studies of the archive that have a report. Nothing is written to the PACS. */
export function shadowWork({ studies, store, serving, jobs }: ShadowWorkPorts): ArchiveWork {
  const send = async (current: ResultRow, to: Pick<Jobs, 'send'>): Promise<void> => {
    const known = await store.studies.find(current.studyInstanceUID);
    const arrival = { callingAeTitle: known?.remoteAet ?? undefined, calledAeTitle: known?.calledAet ?? undefined };
    await queueShadowPrediction(
      { studyInstanceUID: current.studyInstanceUID as StudyInstanceUID, arrival },
      resultOf(current),
      serving,
      to,
    );
  };
  const keysOf = async (current: ResultRow): Promise<readonly string[]> => {
    const keys: string[] = [];
    await send(current, { send: async (_queue, _payload, { key }) => (keys.push(key), 'queued') });
    return keys;
  };
  /** Keys of the predictions that are missing for the images of the current result; undefined if no challenger predicts for it. */
  const missing = async (current: ResultRow): Promise<readonly string[] | undefined> => {
    const keys = await keysOf(current);
    if (keys.length === 0) return undefined;
    const predicted = (await store.shadow.ofStudy(current.studyInstanceUID)).filter((row) => row.inputKey === current.inputKey);
    return keys.filter((key) => !predicted.some((row) => key.split('/')[1] === row.modelVersion));
  };

  const examine: ArchiveWork['examine'] = async (studyInstanceUID, rule) => {
    if ((await studies.findStudies(studyInstanceUID)).length === 0) return { state: 'vanished' };
    const current = await store.results.currentResult(studyInstanceUID);
    if (current?.outcome !== 'reported' || (rule !== undefined && current.rule !== rule)) return { state: 'skipped' };
    const jobKeys = await missing(current);
    if (jobKeys === undefined) return { state: 'skipped' };
    return jobKeys.length > 0 ? { state: 'needed', jobKeys } : { state: 'unchanged' };
  };

  /** Of a study without jobs. */
  const stateOf = async ({ studyInstanceUID }: QueuedStudy): Promise<QueuedState> => {
    const examined = await examine(studyInstanceUID, undefined);
    if (examined.state === 'needed') return { state: 'repeat', jobKeys: examined.jobKeys };
    return examined.state === 'unchanged' ? { state: 'done' } : examined;
  };

  return {
    isReady: () => challengersOf(serving).length > 0,
    examine,
    async queue(studyInstanceUID) {
      const current = await store.results.currentResult(studyInstanceUID);
      if (current) await send(current, jobs);
    },
    statesOf: (queued) => statesOfStudies(queued, [shadowQueue], jobs, stateOf),
  };
}

/** The versions that predict in shadow, of all lines. */
export function challengersOf({ lines }: Pick<ServingLines, 'lines'>): readonly string[] {
  return [...new Set([...lines.values()].flatMap((line) => line.challenger()?.version ?? []))];
}

/** As queueShadowPrediction reads a result of the index. */
function resultOf({ outcome, rule, modelVersion, findings, otherFindings }: ResultRow): Parameters<typeof queueShadowPrediction>[1] {
  return { outcome, rule: rule ?? undefined, modelVersion: modelVersion ?? '', findings, otherFindings };
}
