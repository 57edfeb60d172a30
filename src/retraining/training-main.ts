import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { loadFindings } from '../findings-config.js';
import { createPrivateFilesOnly } from '../lib/private-files.js';
import { createLog } from '../log.js';
import { withLineThresholds } from '../evaluation/operating-points.js';
import { openRegistry, registryFolder } from '../registry/registry.js';
import { lockDirectory, type DirectoryLock } from '../store/directory-lock.js';
import { retrainModel } from './retrain-model.js';
import { retrainingFolders } from './retraining-folders.js';
import { parsePlan } from './retraining-plan.js';
import { writeOutcome } from './run-outcome.js';
import type { TrainingMessage, TrainingProcessSettings } from './train-in-process.js';

/** A high niceness (of 19): reporting goes first. */
const lowPriority = 15;
/** How long to wait for the training process of a service that was killed. */
const maxWaitMs = 60_000;
const pollMs = 500;

/**
 * The training process (train-in-process.ts starts it): trains and evaluates by the plan in the folder of the run. Its last line on
 * standard output is a TrainingMessage.
 */
async function main(folder: string): Promise<void> {
  createPrivateFilesOnly();
  setPriority(lowPriority);
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGTERM', stop).once('SIGINT', stop);
  // If the service was killed, nothing waits for the outcome: the next run continues from the checkpoint.
  const parent = process.ppid;
  const orphaned = setInterval(() => process.ppid !== parent && stop(), pollMs);
  const lock = await lockRun(folder);
  try {
    const plan = parsePlan(await readFile(join(folder, 'plan.json'), 'utf8'));
    if (!plan) throw new Fault('dataset-invalid', 'expected a plan of this release, found something else', { source: folder });
    const settings = JSON.parse(await readFile(join(folder, 'settings.json'), 'utf8')) as TrainingProcessSettings;
    const engine = await startEngine({ prefer: settings.prefer, log: createLog({ level: 'warn' }), threads: settings.threads });
    try {
      const outcome = await retrainModel(plan, {
        registry: openRegistry(registryFolder(settings, settings.line)),
        engine,
        pictures: retrainingFolders(settings).pictures,
        directory: folder,
        findings: withLineThresholds(loadFindings(settings.findingsFile).findings, settings.thresholds),
        workers: settings.threads,
        codeVersion: settings.codeVersion,
        clock: { now: () => new Date() },
        signal: controller.signal,
      });
      if (!outcome.finished) return send({ kind: 'stopped', position: outcome.position });
      await writeOutcome(folder, outcome);
      send({ kind: 'finished' });
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    send({ kind: 'fault', code: error.code, detail: error.detail, retryable: error.retryable });
  } finally {
    clearInterval(orphaned);
    lock.release();
  }
}

/** The training process of a killed service may still be writing its checkpoint; it notices and ends, and this one waits for it. */
async function lockRun(folder: string): Promise<DirectoryLock> {
  const deadline = Date.now() + maxWaitMs;
  for (;;) {
    try {
      return await lockDirectory(join(folder, 'training.lock'));
    } catch (error) {
      if (!(error instanceof Fault) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

function send(message: TrainingMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

await main(process.argv[2]!);
