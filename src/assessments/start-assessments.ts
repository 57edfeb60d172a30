import type { Config } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Jobs } from '../jobs/jobs.js';
import { defineQueue } from '../jobs/queue.js';
import type { Log } from '../log.js';
import type { OrthancClient } from '../orthanc/client.js';
import { outageLog } from '../reporting/outage-log.js';
import { unlimitedForIntake } from '../reporting/start-reporting.js';
import type { Store } from '../store/store.js';
import type { AssessmentActions } from './assessments.js';
import { orthancLabelPorts } from './orthanc-labels.js';
import { syncOrthancLabels } from './sync-orthanc-labels.js';

/** A study contains documents that this program did not write: they may be readers' assessments; key: Study Instance UID. */
const assessmentQueue = defineQueue<{ readonly studyInstanceUID: string }>('assessment-index', {
  formerNames: ['index-verdicts', 'index-assessments'],
});

/** Queues a study whose documents may be readers' assessments. */
export async function queueAssessmentIndex(studyInstanceUID: string, jobs: Pick<Jobs, 'send'>): Promise<void> {
  await jobs.send(assessmentQueue, { studyInstanceUID }, { key: studyInstanceUID });
}

/**
 * Starts the worker that indexes readers' assessments in the PACS.
 *
 * @param unlessDeleted runs work on a study, which has not failed if the study was deleted meanwhile
 */
export async function startAssessments(
  assessments: Pick<AssessmentActions, 'index'>,
  unlessDeleted: (studyInstanceUID: string, work: () => Promise<unknown>) => Promise<unknown>,
  jobs: Pick<Jobs, 'work'>,
  { work }: Pick<Config, 'work'>,
): Promise<void> {
  await jobs.work(
    assessmentQueue,
    async ({ payload: { studyInstanceUID } }) =>
      void (await unlessDeleted(studyInstanceUID, () => assessments.index(studyInstanceUID as StudyInstanceUID))),
    { concurrency: 1, timeLimitMs: work.studyTimeoutMs, retry: { maxAttempts: work.maxAttempts, unlimited: unlimitedForIntake } },
  );
}

/**
 * Copies the labels in Orthanc to the index, now and every sweepIntervalMs.
 *
 * @param findings names in config/findings.json: what such a label can state
 */
export function startOrthancLabels(
  orthanc: OrthancClient,
  store: Store,
  findings: readonly string[],
  jobs: Pick<Jobs, 'every'>,
  { orthanc: { sweepIntervalMs } }: Pick<Config, 'orthanc'>,
  log: Log,
): void {
  const ports = orthancLabelPorts({ orthanc, store, findings, log });
  const outages = outageLog(log);
  const sync = jobs.every(sweepIntervalMs, 'orthanc-labels', () =>
    outages('orthanc-labels', async () => void (await syncOrthancLabels(ports))),
  );
  void sync.runNow();
}
