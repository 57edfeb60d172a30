import type { Config, ModelLine } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import { defaultLine } from '../lib/model-line.js';
import { Semaphore } from '../lib/semaphore.js';
import type { Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import type { FramedInput, OpenReader } from '../serving/image-reader.js';
import type { Store } from '../store/store.js';
import { agreedLabelsIn } from '../assessments/agreed-labels.js';
import { siteOf } from '../monitoring/site-of.js';
import type { LabelledStudies } from './labelled-studies.js';
import { retrainQueueOf } from './queues.js';
import { retrainingMemoryOf } from './retraining-memory.js';
import { runRetraining } from './retraining-story.js';
import { untilDiscarded } from './run-discarded.js';
import { trainInProcess } from './train-in-process.js';

export interface StartRetrainingParts {
  readonly config: Config;
  readonly line: ModelLine;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly registry: Registry;
  readonly pacs: LabelledStudies;
  readonly reader: OpenReader;
  readonly codeVersion: string;
  readonly log: Log;
}

/** Only one process at a time retrains a line: jobs of one key never run side by side, and the job of a process that died is taken over. */
const key = 'retrain';

/** Training takes the whole machine: of several lines one process trains one at a time. */
const oneRun = new Semaphore({ maxActive: 1 });

/** Requests a run of a line. While one waits or is in progress, no second one is queued. */
export async function requestRetraining(jobs: Pick<Jobs, 'send'>, by: string, line: string = defaultLine): Promise<void> {
  await jobs.send(retrainQueueOf(line), { by }, { key });
}

/** Starts the worker of a line's retraining runs, and requests one at each time of its schedule. */
export async function startRetraining(parts: StartRetrainingParts): Promise<void> {
  const { config, line, store, registry, jobs, pacs, reader, codeVersion, log } = parts;
  const { name, retraining } = line;
  const { enabled, schedule, timeLimitMinutes } = retraining;
  const place = { dataDir: config.dataDir, line: name };
  const siteKey = await store.drift.siteKey();
  const ports = {
    settings: { ...place, retraining, maxImages: config.report.maxImages },
    agreedLabels: () => agreedLabelsIn(store.labels),
    pacs,
    siteOf: (instance: Parameters<typeof siteOf>[0]) => siteOf(instance, config.drift.sites, siteKey),
    readerFor: (frame: FramedInput) => reader.forSizes({ xray: frame, ct: undefined }),
    registry,
    studyChanges: store.studyChanges,
    memory: retrainingMemoryOf(place, { kind: store.kind, retraining: store.ofLine(name).retraining }),
    trainAndEvaluate: trainInProcess(config, line, codeVersion, log),
    codeVersion,
    clock: { now: () => new Date() },
    log,
  };
  await jobs.work(
    retrainQueueOf(name),
    async ({ payload, signal }) => {
      const release = await oneRun.acquire('', signal);
      try {
        const limit = AbortSignal.timeout(timeLimitMinutes * 60_000);
        const discarded = untilDiscarded(place);
        try {
          await runRetraining(payload.by, ports, AbortSignal.any([signal, limit, discarded.signal]));
        } finally {
          discarded.stop();
        }
      } finally {
        release();
      }
      // The job goes back to the queue: the process that takes it over continues from the checkpoint.
      signal.throwIfAborted();
    },
    { concurrency: 1, retry: { maxAttempts: config.work.maxAttempts } },
  );
  if (enabled) jobs.every(schedule, retrainQueueOf(name).name, () => requestRetraining(jobs, 'schedule', name));
  log.debug('retraining runs are processed', { line: name, schedule: enabled ? schedule : 'none' });
}
