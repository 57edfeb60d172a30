import type { Config } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import type { FramedInput, OpenReader } from '../serving/image-reader.js';
import type { Store } from '../store/store.js';
import { agreedLabelsIn } from '../assessments/agreed-labels.js';
import { siteOf } from '../monitoring/site-of.js';
import type { LabelledStudies } from './labelled-studies.js';
import { retrainQueue } from './queues.js';
import { retrainingMemoryOf } from './retraining-memory.js';
import { runRetraining } from './retraining-story.js';
import { trainInProcess } from './train-in-process.js';

export interface StartRetrainingParts {
  readonly config: Config;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly registry: Registry;
  readonly pacs: LabelledStudies;
  readonly reader: OpenReader;
  readonly codeVersion: string;
  readonly log: Log;
}

/** Only one process at a time retrains: jobs of one key never run side by side, and the job of a process that died is taken over. */
const key = 'retrain';

/** Requests a run. While one waits or is in progress, no second one is queued. */
export async function requestRetraining(jobs: Pick<Jobs, 'send'>, by: string): Promise<void> {
  await jobs.send(retrainQueue, { by }, { key });
}

/** Starts the worker of retraining runs, and requests one at each time of the schedule. */
export async function startRetraining(parts: StartRetrainingParts): Promise<void> {
  const { config, store, registry, jobs, pacs, reader, codeVersion, log } = parts;
  const { enabled, schedule, timeLimitMinutes } = config.retraining;
  const siteKey = await store.drift.siteKey();
  const ports = {
    settings: { dataDir: config.dataDir, retraining: config.retraining, maxImages: config.report.maxImages },
    agreedLabels: () => agreedLabelsIn(store.labels),
    pacs,
    siteOf: (instance: Parameters<typeof siteOf>[0]) => siteOf(instance, config.drift.sites, siteKey),
    readerFor: (frame: FramedInput) => reader.forSizes({ xray: frame, ct: undefined }),
    registry,
    memory: retrainingMemoryOf(config, store),
    trainAndEvaluate: trainInProcess(config, codeVersion, log),
    codeVersion,
    clock: { now: () => new Date() },
    log,
  };
  await jobs.work(
    retrainQueue,
    async ({ payload, signal }) => {
      const limit = AbortSignal.timeout(timeLimitMinutes * 60_000);
      await runRetraining(payload.by, ports, AbortSignal.any([signal, limit]));
      // The job goes back to the queue: the process that takes it over continues from the checkpoint.
      signal.throwIfAborted();
    },
    { concurrency: 1, retry: { maxAttempts: config.work.maxAttempts } },
  );
  if (enabled) jobs.every(schedule, 'retraining', () => requestRetraining(jobs, 'schedule'));
  log.debug('retraining runs are processed', { schedule: enabled ? schedule : 'none' });
}
