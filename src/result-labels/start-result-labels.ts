import type { Config } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import { defineQueue, retryLater } from '../jobs/queue.js';
import { outageLog } from '../reporting/outage-log.js';
import { unlimitedForIntake } from '../reporting/start-reporting.js';
import { updateLabels, type ResultLabelJob, type ResultLabelPorts } from './result-labels-story.js';
import { labelSweep } from './sweep-labels.js';

/** The labels of a study may differ from what they are to be; key: Study Instance UID. */
const resultLabelQueue = defineQueue<ResultLabelJob>('result-labels');

/** Studies that a sweep has found come after those that have just changed. */
const sweepPriority = -100;

/** Notes that something has changed from which the labels of a study follow. Safe when the call resolves, may be repeated. */
export async function queueResultLabels(
  studyInstanceUID: string,
  { enabled }: Pick<Config['resultLabels'], 'enabled'>,
  jobs: Pick<Jobs, 'send'>,
): Promise<void> {
  if (enabled) await jobs.send(resultLabelQueue, { studyInstanceUID }, { key: studyInstanceUID });
}

/** Starts the worker that sets the labels. */
export async function startResultLabels(
  ports: ResultLabelPorts,
  jobs: Pick<Jobs, 'work'>,
  { resultLabels, work }: Pick<Config, 'resultLabels' | 'work'>,
): Promise<void> {
  if (!resultLabels.enabled) return;
  await jobs.work(
    resultLabelQueue,
    async ({ payload }) => {
      const next = await updateLabels(payload, ports);
      return next && retryLater(Math.max(1_000, next.getTime() - ports.clock.now().getTime()));
    },
    {
      concurrency: 2,
      timeLimitMs: work.studyTimeoutMs,
      retry: { maxAttempts: work.maxAttempts, unlimited: unlimitedForIntake },
      onExhausted: async ({ payload: { studyInstanceUID } }, { code, detail }) =>
        ports.log.error('the labels of a study could not be set', { study: studyInstanceUID, code, detail }),
    },
  );
}

/** Starts the comparison of all labels with the index: now and every sweepIntervalMs. */
export function startLabelSweep(
  ports: ResultLabelPorts,
  jobs: Pick<Jobs, 'every' | 'send' | 'statesOf'>,
  { resultLabels, orthanc }: Pick<Config, 'resultLabels' | 'orthanc'>,
): void {
  if (!resultLabels.enabled) return;
  const sweep = labelSweep(ports, async (studyInstanceUIDs) => {
    // One that has failed needs attention: Orthanc would refuse the same label again.
    const states = await jobs.statesOf([resultLabelQueue], studyInstanceUIDs);
    const others = studyInstanceUIDs.filter((uid) => states.get(uid) !== 'failed');
    for (const studyInstanceUID of others)
      await jobs.send(resultLabelQueue, { studyInstanceUID }, { key: studyInstanceUID, priority: sweepPriority });
    return others.length;
  });
  const outages = outageLog(ports.log);
  const periodic = jobs.every(orthanc.sweepIntervalMs, 'result labels', () =>
    outages('result labels', async () => void (await sweep.next())),
  );
  void periodic.runNow();
}
