import type { Config } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Jobs } from '../jobs/jobs.js';
import type { ReportPorts, StudyResult, StudyToReport } from '../reporting/ports.js';
import { untilAborted } from '../reporting/until-aborted.js';
import type { Serving } from '../serving/model-serving.js';
import type { Store } from '../store/store.js';
import { shadowQueue } from './queues.js';
import { predictInShadow } from './shadow-prediction.js';

/** Queues a prediction of the challenger, if there is one, for a study that the champion has just reported. Nothing waits for it. */
export async function queueShadowPrediction(
  { studyInstanceUID, arrival: { callingAeTitle, calledAeTitle } }: StudyToReport,
  { outcome }: Pick<StudyResult, 'outcome'>,
  serving: Pick<Serving, 'challenger'>,
  jobs: Pick<Jobs, 'send'>,
): Promise<void> {
  const challenger = serving.challenger();
  if (!challenger || outcome !== 'reported') return;
  await jobs.send(
    shadowQueue,
    {
      studyInstanceUID,
      challenger: challenger.version,
      ...(callingAeTitle ? { callingAeTitle } : {}),
      ...(calledAeTitle ? { calledAeTitle } : {}),
    },
    { key: `${studyInstanceUID}/${challenger.version}`, priority: -100 },
  );
}

/**
 * Starts the worker of shadow predictions, one study at a time. A prediction that fails is tried again and then dropped: no report
 * depends on it.
 *
 * @param unlessDeleted runs work on a study, which has not failed if the study was deleted meanwhile
 */
export async function startShadowPredictions(
  reportPorts: Omit<ReportPorts, 'model' | 'reader'>,
  unlessDeleted: <Outcome>(studyInstanceUID: string, work: () => Promise<Outcome>) => Promise<Outcome | undefined>,
  serving: Pick<Serving, 'acquireChallenger'>,
  store: Pick<Store, 'results' | 'shadow'>,
  jobs: Pick<Jobs, 'work'>,
  config: Pick<Config, 'work'>,
): Promise<void> {
  const { log } = reportPorts;
  await jobs.work(
    shadowQueue,
    async ({ payload: { studyInstanceUID, challenger, callingAeTitle, calledAeTitle }, signal }) => {
      const acquired = serving.acquireChallenger(challenger);
      if (!acquired) return;
      try {
        const study = { studyInstanceUID: studyInstanceUID as StudyInstanceUID, arrival: { callingAeTitle, calledAeTitle } };
        const prediction = await unlessDeleted(studyInstanceUID, () =>
          predictInShadow(study, untilAborted({ ...reportPorts, model: () => acquired.model, reader: acquired.reader }, signal)),
        );
        const reported = await store.results.currentResult(studyInstanceUID);
        // If images arrived in between, their own report queues another prediction.
        if (!prediction || !reported?.modelVersion || reported.inputKey !== prediction.inputKey) return;
        await store.shadow.record({
          studyInstanceUID,
          modelVersion: challenger,
          inputKey: prediction.inputKey,
          championVersion: reported.modelVersion,
          predictedAt: reportPorts.clock.now(),
          outcome: prediction.outcome,
          findings: prediction.findings,
          championFindings: reported.findings.map(({ name, probability, decision }) => ({ name, probability, decision })),
        });
      } finally {
        acquired.release();
      }
    },
    {
      concurrency: 1,
      timeLimitMs: config.work.studyTimeoutMs,
      retry: { maxAttempts: config.work.maxAttempts, unlimited: ['pacs-unreachable', 'database-unavailable'] },
      onExhausted: async ({ payload }, failure) =>
        log.warn('the challenger could not predict a study', {
          study: payload.studyInstanceUID,
          challenger: payload.challenger,
          code: failure.code,
        }),
    },
  );
}
