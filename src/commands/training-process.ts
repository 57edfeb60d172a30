import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { retrainingFolders } from '../retraining/retraining-folders.js';
import type { TrainingMessage, TrainingProcessSettings } from '../retraining/training-process.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { loadFindings } from '../findings-config.js';
import { createLog } from '../log.js';
import { openRegistry } from '../registry/registry.js';
import { lockDirectory, type DirectoryLock } from '../store/directory-lock.js';
import { retrainingPlanSchema } from '../retraining/retraining-plan.js';
import { retrainModel } from '../retraining/retrain-model.js';
import { codeVersion } from './train.js';

/** Lowest but for idle: whatever reports studies goes first. */
const lowPriority = 15;

/** `night-train`: the training process of a night; the service starts it. Its last line says how it ended. */
export async function runTrainingProcess(directory: string): Promise<void> {
  setPriority(lowPriority);
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGTERM', stop).once('SIGINT', stop);
  // Whoever started it was killed: nobody waits for the outcome, and the next one goes on from the checkpoint.
  const parent = process.ppid;
  const orphaned = setInterval(() => process.ppid !== parent && stop(), 500);
  const lock = await alone(directory);
  try {
    const plan = retrainingPlanSchema.parse(JSON.parse(await readFile(join(directory, 'plan.json'), 'utf8')));
    const settings = JSON.parse(await readFile(join(directory, 'settings.json'), 'utf8')) as TrainingProcessSettings;
    const engine = await startEngine({ prefer: settings.prefer, log: createLog({ level: 'warn' }), threads: settings.threads });
    try {
      const retrained = await retrainModel(plan, {
        registry: openRegistry(join(settings.dataDir, 'models')),
        engine,
        pictures: retrainingFolders(settings).pictures,
        directory,
        findings: loadFindings(settings.findingsFile).findings,
        workers: settings.threads,
        codeVersion: codeVersion(),
        clock: { now: () => new Date() },
        signal: controller.signal,
      });
      if (!retrained.finished) return say({ kind: 'stopped', position: retrained.position });
      await writeFileAtomically(join(directory, 'outcome.json'), JSON.stringify(retrained));
      say({ kind: 'finished' });
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say({ kind: 'fault', code: error.code, detail: error.detail, retryable: error.retryable });
  } finally {
    clearInterval(orphaned);
    lock.release();
  }
}

/** One left behind by a killed service may still be writing its checkpoint; it notices, and is waited for. */
async function alone(directory: string): Promise<DirectoryLock> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await lockDirectory(join(directory, 'training.lock'));
    } catch (error) {
      if (!(error instanceof Fault) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function say(message: TrainingMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
