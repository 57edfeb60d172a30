import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Config } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import { untilAborted } from '../reporting/until-aborted.js';
import { predictInShadow } from './shadow-prediction.js';
import type { ReportPorts, StudyResult, StudyToReport } from '../reporting/ports.js';
import { shadowQueue } from '../reporting/queues.js';
import type { Serving } from '../serving/model-serving.js';
import type { Store } from '../store/store.js';

/** After the champion's report is written: the challenger's turn, if there is one, as a job of its own that nothing waits for. */
export async function queueShadow(
  { studyInstanceUID, arrival: { callingAeTitle, calledAeTitle } }: StudyToReport,
  result: StudyResult,
  serving: Pick<Serving, 'challenger'>,
  jobs: Pick<Jobs, 'send'>,
): Promise<void> {
  const challenger = serving.challenger();
  if (!challenger || result.outcome !== 'reported') return;
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

/** Works on one study at a time, whatever waits; what fails is tried again and then left, because nobody depends on it. */
export async function startShadow(
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
      const held = serving.acquireChallenger(challenger);
      if (!held) return;
      try {
        const study = { studyInstanceUID: studyInstanceUID as StudyInstanceUID, arrival: { callingAeTitle, calledAeTitle } };
        const prediction = await unlessDeleted(studyInstanceUID, () =>
          predictInShadow(study, untilAborted({ ...reportPorts, model: () => held.model, reader: held.reader }, signal)),
        );
        const reported = await store.results.currentResult(studyInstanceUID);
        // New images came in between: their own report will queue the challenger again.
        if (!prediction || !reported?.modelVersion || reported.inputKey !== prediction.inputKey) return;
        const championFindings = reported.findings.map(({ name, probability, decision }) => ({ name, probability, decision }));
        await store.shadow.record({
          studyInstanceUID,
          modelVersion: challenger,
          inputKey: prediction.inputKey,
          championVersion: reported.modelVersion,
          predictedAt: reportPorts.clock.now(),
          outcome: prediction.outcome,
          findings: prediction.findings,
          championFindings,
        });
      } finally {
        held.release();
      }
    },
    {
      concurrency: 1,
      timeLimitMs: config.work.studyTimeoutMs,
      retry: { maxAttempts: config.work.maxAttempts, unlimited: ['pacs-unreachable', 'database-unavailable'] },
      onExhausted: async ({ payload }, failure) =>
        log.warn('challenger could not judge a study', {
          study: payload.studyInstanceUID,
          challenger: payload.challenger,
          code: failure.code,
        }),
    },
  );
}
