import type { Config } from '../config.js';
import { Fault } from '../errors.js';
import type { JobFailure } from '../jobs/failure.js';
import type { Jobs } from '../jobs/jobs.js';
import { retryLater } from '../jobs/queue.js';
import type { ServingLines } from '../serving/serving-lines.js';
import { destinationName } from '../routing/rules.js';
import { planDeliveries } from './deliver-result.js';
import { indexResult } from './index-result.js';
import type { ReportJob, ReportPorts, StoryPorts, StudyResult } from './ports.js';
import { deliverQueue, intakeQueue, reportQueue } from './queues.js';
import { removeStudy } from './remove-study.js';
import { reportFailure } from './report-failure.js';
import { deliver, report, intake } from './report-story.js';
import { studyToReport } from './study-intake.js';
import { resultWithoutDocument } from './study-result.js';
import { infrastructureFaults, unlessDeleted } from './unless-deleted.js';
import { unlessMoved } from './unless-moved.js';
import { untilAborted } from './until-aborted.js';

/** A report is retried without limit until the infrastructure works again, or the study has stopped changing. */
const unlimitedForReport = [...infrastructureFaults, 'study-changed'] as const;

/** Intake reads no image, so no temporary fault is the study's own; if such a job were given up, the study would be lost. */
export const unlimitedForIntake = [...infrastructureFaults, 'pacs-error', 'pacs-malformed', 'timed-out'] as const;

/** Starts the workers of the report story's queues: intake, report and delivery. */
export async function startReporting(
  ports: StoryPorts,
  serving: Pick<ServingLines, 'acquireChampions' | 'models' | 'first' | 'lines'>,
  jobs: Pick<Jobs, 'work'>,
  { work, orthanc }: Pick<Config, 'work' | 'orthanc'>,
): Promise<void> {
  const { studies, index, queue, events, log } = ports;
  const retry = { maxAttempts: work.maxAttempts, unlimited: unlimitedForReport };
  const timeLimitMs = work.studyTimeoutMs;
  const severalLines = serving.lines.size > 1;
  const remove = (uid: string): Promise<void> => removeStudy(uid, index, queue, events, log);

  await jobs.work(
    intakeQueue,
    async ({ payload, priority }) => {
      try {
        return (await intake(payload, priority < 0, ports)) ? undefined : retryLater(orthanc.stabilityCheckMs);
      } catch (error) {
        // Something of the study was deleted while it was read: the next intake sees what is left, or that nothing is.
        if (error instanceof Fault && error.code === 'pacs-not-found') return retryLater(orthanc.stabilityCheckMs);
        throw error;
      }
    },
    { concurrency: 2, timeLimitMs, retry: { ...retry, unlimited: unlimitedForIntake } },
  );

  await jobs.work(
    reportQueue,
    async ({ payload, signal }) => {
      if (await index.erasures.isErased(payload.studyInstanceUID)) return;
      // The models are the same for the whole study and stay loaded for it, even if others are promoted meanwhile.
      const champions = serving.acquireChampions();
      const { model, reader } = champions.first;
      try {
        const reporting = untilAborted(
          { ...ports, model: () => model, reader, ...(severalLines ? { models: () => champions } : {}) },
          signal,
        );
        await unlessDeleted(payload.studyInstanceUID, studies, remove, () =>
          unlessMoved(payload, studies, queue, () => report(payload, reporting)),
        );
      } finally {
        champions.release();
      }
    },
    {
      concurrency: work.studies,
      timeLimitMs,
      retry,
      onExhausted: ({ payload }, failure) =>
        recordFailure(payload, failure, {
          ...ports,
          model: () => serving.first.champion(),
          reader: serving.first.reader,
          ...(severalLines ? { models: () => serving.models() } : {}),
        }),
    },
  );

  await jobs.work(deliverQueue, ({ payload }) => deliver(payload, ports), {
    concurrency: 2,
    timeLimitMs,
    retry,
    onExhausted: async ({ payload: { resultId, destination } }, { code }) =>
      log.error('a delivery failed and is not retried any more', { result: resultId, destination: destinationName(destination), code }),
  });
}

/**
 * No attempt is left: the study gets a failed result, with a document if one can still be written. A study that was to be analysed
 * again keeps the result that it has.
 */
async function recordFailure(job: ReportJob, failure: JobFailure, ports: StoryPorts & ReportPorts): Promise<void> {
  const { index, deliveries, queue, events, clock, log } = ports;
  if (await index.erasures.isErased(job.studyInstanceUID)) return;
  const { study, request } = await studyToReport(job, index);
  if (job.reanalysisWith !== undefined) {
    const current = await index.results.currentResult(study.studyInstanceUID);
    if (request?.isOpen) await index.requests.close(request);
    await index.studies.setState(study.studyInstanceUID, current?.outcome === 'failed' ? 'failed' : 'done');
    return log.error('a study could not be analysed again; its earlier result stays', {
      study: study.studyInstanceUID,
      code: failure.code,
      detail: failure.detail,
    });
  }
  const isBug = failure.code === 'bug' || failure.code === 'process-died';
  const fault = new Fault(isBug ? 'internal' : failure.code, failure.detail, failure.subject);
  let result: StudyResult;
  try {
    result = await reportFailure(study, fault, ports);
  } catch (error) {
    if (!(error instanceof Fault) || error.retryable) throw error;
    result = resultWithoutDocument({
      study,
      outcome: 'failed',
      why: { code: fault.code, reason: fault.message },
      retryable: fault.retryable,
      inputKey: job.contentKey,
      model: ports.model(),
      createdAt: clock.now(),
      // Nothing of the study can be read: it waits, and a reader sees why.
      triage: { urgency: 0, isSelected: true, isRecent: true },
    });
  }
  await indexResult(result, index);
  await events.onIndexed(study.studyInstanceUID);
  for (const delivery of await planDeliveries(result, deliveries)) await queue.deliver(delivery);
  if (request?.isOpen) await index.requests.close(request);
  await index.studies.setDone(study.studyInstanceUID, job.contentKey);
  await index.studies.setState(study.studyInstanceUID, 'failed');
  log.error('study failed', { study: study.studyInstanceUID, code: fault.code, detail: fault.detail });
}
