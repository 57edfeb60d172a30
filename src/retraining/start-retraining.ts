import type { Config } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import type { Store } from '../store/store.js';
import type { OpenReader } from '../serving/image-reader.js';
import { runRetraining } from './retraining-run.js';
import { trainInProcess } from './training-process.js';
import { pacsOf } from '../reporting/orthanc-pacs.js';
import type { PacsAccess } from '../service/open-pacs.js';
import { retrainQueue } from '../reporting/queues.js';
import { retrainingMemoryOf } from './retraining-memory.js';

export interface RetrainingWorkerParts {
  readonly config: Config;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly registry: Registry;
  readonly pacs: Pick<PacsAccess, 'dicomWeb' | 'orthanc'>;
  readonly reader: OpenReader;
  readonly codeVersion: string;
  readonly log: Log;
}

/** One of all workers does it: jobs of one key never run side by side, and one whose process died is taken over. */
const key = 'retrain';

/** Asks for a night; while one waits or runs, for no second. */
export async function requestRetraining(jobs: Pick<Jobs, 'send'>, by: string): Promise<void> {
  await jobs.send(retrainQueue, { by }, { key });
}

/** Starts working on nights, and asks for one by the clock. */
export async function startRetraining(parts: RetrainingWorkerParts): Promise<void> {
  const { config, jobs, log } = parts;
  await jobs.work(
    retrainQueue,
    async ({ payload, signal }) => {
      const limit = AbortSignal.timeout(config.night.timeLimitMinutes * 60_000);
      await runRetraining(payload.by, retrainingPartsOf(parts), AbortSignal.any([signal, limit]));
      // Handed back: whoever takes it over goes on from the checkpoint.
      signal.throwIfAborted();
    },
    { concurrency: 1, retry: { maxAttempts: config.work.maxAttempts } },
  );
  if (config.night.enabled) jobs.every(config.night.schedule, 'night', () => requestRetraining(jobs, 'night'));
  log.debug('nights are worked on', { schedule: config.night.enabled ? config.night.schedule : 'none' });
}

function retrainingPartsOf({
  config,
  store,
  registry,
  pacs,
  reader,
  codeVersion,
  log,
}: RetrainingWorkerParts): Parameters<typeof runRetraining>[1] {
  return {
    config,
    store,
    registry,
    memory: retrainingMemoryOf(config, store),
    pacs: pacsOf(pacs.dicomWeb, pacs.orthanc),
    readerFor: (size) => reader.forSizes({ xray: size, ct: undefined }),
    train: trainInProcess(config, log),
    codeVersion,
    clock: { now: () => new Date() },
    log,
  };
}
