import type { Config } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { defineQueue } from '../jobs/queue.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { OrthancClient } from '../orthanc/client.js';
import { assessmentQueue } from '../reporting/queues.js';
import { unlessGone } from '../reporting/unless-gone.js';
import type { Store } from '../store/store.js';
import type { Assessments } from './assessments.js';
import { orthancLabelPorts } from './orthanc-labels.js';
import { syncOrthancLabels } from './sync-orthanc-labels.js';

/** No fault of these is a fault of the study: the job is tried again without limit. */
const unlimited = [
  'pacs-unreachable',
  'pacs-unauthorized',
  'pacs-error',
  'pacs-malformed',
  'database-unavailable',
  'disk-full',
  'timed-out',
] as const;

/** Jobs that release 0.2.0 and earlier left in the queue are still processed. */
const formerQueue = defineQueue<{ readonly studyInstanceUID: string }>('index-verdicts');

export interface StartAssessmentsParts {
  readonly config: Config;
  readonly orthanc: OrthancClient;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly assessments: Assessments;
  readonly log: Log;
}

/** Starts the worker that indexes assessments of studies with documents of other systems. */
export async function startAssessments(parts: StartAssessmentsParts): Promise<void> {
  const { config, jobs, assessments } = parts;
  for (const queue of [assessmentQueue, formerQueue])
    await jobs.work(
      queue,
      async ({ payload: { studyInstanceUID } }) =>
        void (await unlessGone(studyInstanceUID, parts, () => assessments.index(studyInstanceUID as StudyInstanceUID))),
      {
        concurrency: 1,
        timeLimitMs: config.work.studyTimeoutMs,
        retry: { maxAttempts: config.work.maxAttempts, unlimited },
      },
    );
}

/**
 * Copies the labels in Orthanc to the index, now and every sweepIntervalMs.
 * @param findings names in config/findings.json
 */
export function startOrthancLabels({
  config,
  orthanc,
  store,
  jobs,
  findings,
  log,
}: Omit<StartAssessmentsParts, 'assessments'> & { readonly findings: readonly string[] }): void {
  const ports = orthancLabelPorts({ orthanc, store, findings, log });
  let failure: string | undefined;
  const sync = jobs.every(config.orthanc.sweepIntervalMs, 'orthanc-labels', async () => {
    try {
      await syncOrthancLabels(ports);
      failure = undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // The same fault is logged once, not every time.
      if (failure !== error.code) log.warn('the labels in Orthanc cannot be read', { code: error.code, detail: error.detail });
      failure = error.code;
    }
  });
  void sync.runNow();
}
