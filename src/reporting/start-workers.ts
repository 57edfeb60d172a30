import type { Config } from '../config.js';
import { isUsableUid, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { retryLater, type Job } from '../jobs/queue.js';
import type { JobFailure } from '../jobs/failure.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { Metrics } from '../server/metrics.js';
import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import type { Store } from '../store/store.js';
import { deliverResult, destinationName } from './deliver-result.js';
import { reportFailure, reportStudy } from './report-study.js';
import { heedSignal } from './heed-signal.js';
import { checkReadiness, type IntakePorts } from './study-intake.js';
import type { ReportPorts, StudyResult, StudyToReport } from './ports.js';
import { resultWithoutDocument } from './write-result.js';
import { forgetStudy } from './forget-study.js';
import { indexResult } from './index-result.js';
import { queueShadow, startShadow } from '../retraining/start-shadow.js';
import { backlogPriority, deliverQueue, reportQueue, intakeQueue, assessmentQueue } from './queues.js';
import type { Serving } from '../serving/model-serving.js';
import { intakePortsOf } from './intake-ports.js';
import { removePictures } from '../retraining/training-pictures.js';
import { surroundings, unlessGone } from './unless-gone.js';
import type { Assessments } from '../assessments/assessments.js';

export interface StudyWorkerParts {
  readonly config: Config;
  readonly orthanc: OrthancClient;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly reportPorts: ReportPorts;
  readonly serving: Serving;
  readonly assessments: Assessments;
  readonly metrics: Metrics;
  readonly log: Log;
}

type ReportJob = Job<ReturnType<typeof reportQueue.parse>>;

/** It keeps its turn: until the surroundings are mended, or the study has stopped changing. */
const unlimited = [...surroundings, 'study-changed'] as const;

/** Nothing of a study is read while it adjudicates, so no passing fault is its own; a job given up here would be a study lost. */
const infrastructureFaultsOfIntake = [...surroundings, 'pacs-error', 'pacs-malformed', 'timed-out'] as const;

/** Starts working on the queues of a study's way: settle, report, assessments, deliver. */
export async function startStudyWorkers(parts: StudyWorkerParts): Promise<void> {
  const { config, jobs, assessments, log } = parts;
  const retry = { maxAttempts: config.work.maxAttempts, unlimited };
  const timeLimitMs = config.work.studyTimeoutMs;
  const intakePorts = intakePortsOf({ orthanc: parts.orthanc, store: parts.store, routing: parts.reportPorts.settings.routing });

  await jobs.work(
    intakeQueue,
    async ({ payload: { pacsStudyId }, priority: turn }) => {
      const settled = await checkReadiness(pacsStudyId, intakePorts);
      if (settled.state === 'arriving') return retryLater(config.orthanc.stabilityCheckMs);
      if (settled.state === 'gone') return followGone(pacsStudyId, parts);
      if (settled.othersDocuments && isUsableUid(settled.studyInstanceUID))
        await jobs.send(assessmentQueue, { studyInstanceUID: settled.studyInstanceUID }, { key: settled.studyInstanceUID });
      if (settled.state !== 'ready') return undefined;
      const { studyInstanceUID, arrival, contentKey, priority } = settled;
      if (settled.isRetry) await parts.store.studies.retrying(studyInstanceUID, contentKey);
      else if ((await parts.store.studies.find(studyInstanceUID))?.contentKey) await removePictures(config, studyInstanceUID);
      const { callingAeTitle, calledAeTitle } = arrival;
      await parts.store.studies.seen({
        studyInstanceUID,
        orthancId: pacsStudyId,
        at: new Date(),
        ...(callingAeTitle ? { remoteAet: callingAeTitle } : {}),
        ...(calledAeTitle ? { calledAet: calledAeTitle } : {}),
      });
      await parts.store.studies.setState(studyInstanceUID, 'queued');
      const payload = {
        pacsStudyId,
        studyInstanceUID,
        contentKey,
        ...(callingAeTitle ? { callingAeTitle } : {}),
        ...(calledAeTitle ? { calledAeTitle } : {}),
      };
      await jobs.send(reportQueue, payload, { key: pacsStudyId, priority: turn < 0 ? backlogPriority + priority : priority });
      return undefined;
    },
    { concurrency: 2, timeLimitMs, retry: { ...retry, unlimited: infrastructureFaultsOfIntake } },
  );

  await jobs.work(
    reportQueue,
    async (job) => {
      if (await isReported(job, parts.store, intakePorts)) return;
      const result = await unlessGone(job.payload.studyInstanceUID, parts, () =>
        withChampion(parts, (tools) => reportStudy(studyOf(job), heedSignal(tools, job.signal))),
      );
      if (result === undefined) return;
      await indexResult(result, job.payload.contentKey, parts.store, jobs);
      logResult(result, log);
      parts.metrics.observe(result);
      await queueShadow(job, result, parts);
    },
    { concurrency: config.work.studies, timeLimitMs, retry, onExhausted: (job, failure) => recordGivenUpStudy(job, failure, parts) },
  );

  await startShadow(parts);
  await jobs.work(
    assessmentQueue,
    async ({ payload }) =>
      void (await unlessGone(payload.studyInstanceUID, parts, () => assessments.index(payload.studyInstanceUID as StudyInstanceUID))),
    { concurrency: 1, timeLimitMs, retry: { ...retry, unlimited: infrastructureFaultsOfIntake } },
  );

  await jobs.work(
    deliverQueue,
    async ({ payload }) => {
      const name = destinationName(payload.destination);
      const row = (await parts.store.deliveries.ofResult(payload.resultId)).find((one) => one.destination === name);
      // Without a row its study was deleted meanwhile.
      if (row === undefined || row.state === 'delivered') return;
      try {
        await deliverResult(payload, deliveryPortsOf(parts));
      } catch (error) {
        if (error instanceof Fault) await parts.store.deliveries.failed(payload.resultId, name, error.code);
        throw error;
      }
    },
    {
      concurrency: 2,
      timeLimitMs,
      retry,
      onExhausted: async (job, failure) =>
        log.error('delivery given up', {
          result: job.payload.resultId,
          destination: destinationName(job.payload.destination),
          code: failure.code,
        }),
    },
  );
}

/**
 * Two jobs may stand for the same images of a study, when it settled again before the first was done. The second would find the
 * documents of the first, unless another model was promoted in between, and then replace them for no reason. A failure is not
 * a report: who has it tried again wants it tried.
 */
async function isReported({ payload }: ReportJob, store: Store, intakePorts: IntakePorts): Promise<boolean> {
  const [known, current] = await Promise.all([
    store.studies.find(payload.studyInstanceUID),
    store.results.currentResult(payload.studyInstanceUID),
  ]);
  return (
    current?.outcome !== 'failed' &&
    known?.contentKey === payload.contentKey &&
    (await checkReadiness(payload.pacsStudyId, intakePorts)).state === 'unchanged'
  );
}

/** The id is gone. The study may be there under another one: a corrected Patient ID gives it a new one. */
async function followGone(pacsStudyId: string, parts: StudyWorkerParts): Promise<undefined> {
  const known = await parts.store.studies.ofOrthancId(pacsStudyId);
  if (!known) return;
  const [id] = await parts.orthanc.findStudies(known.studyInstanceUID as StudyInstanceUID);
  if (id === undefined) await forgetStudy(known.studyInstanceUID, parts);
  else if (id !== pacsStudyId) await parts.jobs.send(intakeQueue, { pacsStudyId: id }, { key: id });
}

/** The model is the same for the whole study, and stays loaded for it also when another is promoted meanwhile. */
async function withChampion<Outcome>(
  { serving, reportPorts }: StudyWorkerParts,
  work: (tools: ReportPorts) => Promise<Outcome>,
): Promise<Outcome> {
  const held = serving.acquireChampion();
  try {
    return await work({ ...reportPorts, model: () => held.model, reader: held.reader });
  } finally {
    held.release();
  }
}

function studyOf({ payload }: ReportJob): StudyToReport {
  return {
    studyInstanceUID: payload.studyInstanceUID as StudyInstanceUID,
    arrival: { callingAeTitle: payload.callingAeTitle, calledAeTitle: payload.calledAeTitle },
  };
}

/** No attempt is left: the study gets a failed result, with a document if that can still be written. */
async function recordGivenUpStudy(job: ReportJob, failure: JobFailure, parts: StudyWorkerParts): Promise<void> {
  const study = studyOf(job);
  const fault =
    failure.code === 'bug' || failure.code === 'process-died'
      ? new Fault('internal', failure.detail, failure.subject)
      : new Fault(failure.code, failure.detail, failure.subject);
  let result: StudyResult;
  try {
    result = await reportFailure(study, fault, parts.reportPorts);
  } catch (error) {
    if (!(error instanceof Fault) || error.retryable) throw error;
    const { model, clock } = parts.reportPorts;
    result = resultWithoutDocument({
      study,
      outcome: 'failed',
      why: { code: fault.code, reason: fault.message },
      retryable: fault.retryable,
      inputKey: job.payload.contentKey,
      model: model(),
      createdAt: clock.now(),
    });
  }
  await indexResult(result, job.payload.contentKey, parts.store, parts.jobs);
  await parts.store.studies.setState(study.studyInstanceUID, 'failed');
  parts.log.error('study failed', { study: study.studyInstanceUID, code: fault.code, detail: fault.detail });
}

function deliveryPortsOf({ orthanc, store, log }: StudyWorkerParts): Parameters<typeof deliverResult>[1] {
  return {
    instanceIdsOf: (uids) => orthanc.instanceIdsOf(uids as readonly SOPInstanceUID[]),
    sendToModality: (name, ids) => orthanc.sendToModality(name, ids as readonly OrthancId[]),
    sendToPeer: (name, ids) => orthanc.sendToPeer(name, ids as readonly OrthancId[]),
    delivered: (delivery) => store.deliveries.delivered(delivery.resultId, destinationName(delivery.destination)),
    log,
  };
}

function logResult(result: StudyResult, log: Log): void {
  const ms = Object.values(result.timings).reduce((sum, one) => sum + one, 0);
  log.info(`study ${result.outcome}`, {
    study: result.studyInstanceUID,
    code: result.code,
    rule: result.rule,
    documents: result.documents.length,
    model: result.modelVersion,
    ms: Math.round(ms),
  });
}
