import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Job } from '../jobs/queue.js';
import { heedSignal } from '../reporting/heed-signal.js';
import { predictInShadow } from './shadow-prediction.js';
import type { StudyResult } from '../reporting/ports.js';
import { shadowQueue, type reportQueue } from '../reporting/queues.js';
import type { StudyWorkerParts } from '../reporting/start-workers.js';
import { unlessGone } from '../reporting/unless-gone.js';

/** After the champion's report is written: the challenger's turn, if there is one, as a job of its own that nothing waits for. */
export async function queueShadow(
  { payload }: Job<ReturnType<typeof reportQueue.parse>>,
  result: StudyResult,
  { serving, jobs }: StudyWorkerParts,
): Promise<void> {
  const challenger = serving.challenger();
  if (!challenger || result.outcome !== 'reported') return;
  const { studyInstanceUID, callingAeTitle, calledAeTitle } = payload;
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
export async function startShadow(parts: StudyWorkerParts): Promise<void> {
  const { serving, reportPorts, store, jobs, config, log } = parts;
  await jobs.work(
    shadowQueue,
    async ({ payload: { studyInstanceUID, challenger, callingAeTitle, calledAeTitle }, signal }) => {
      const held = serving.acquireChallenger(challenger);
      if (!held) return;
      try {
        const study = { studyInstanceUID: studyInstanceUID as StudyInstanceUID, arrival: { callingAeTitle, calledAeTitle } };
        const prediction = await unlessGone(studyInstanceUID, parts, () =>
          predictInShadow(study, heedSignal({ ...reportPorts, model: () => held.model, reader: held.reader }, signal)),
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
