import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { PictureWorkers } from '../dataset/picture-workers.js';
import { writeSafetensors, type Tensors } from '../network/safetensors.js';
import { readCheckpoint, writeCheckpoint, type Checkpoint, type Position } from './checkpoint.js';
import { drawLossCurves } from './curves.js';
import { runStage } from './run-stage.js';
import { TrainingLog, type LogEntry } from './training-log.js';
import type { TrainingRun } from './training-run.js';

/** Finished, or stopped with everything on disk that is needed to resume. */
export type TrainingOutcome =
  | { readonly finished: true; readonly tensors: Tensors; readonly log: readonly LogEntry[] }
  | { readonly finished: false; readonly position: Position; readonly log: readonly LogEntry[] };

/**
 * Trains a network stage by stage. A checkpoint is written after every epoch and when it is told to stop; killed at any moment and
 * started again with the same run, it ends with the same weights, to the byte, on the same engine.
 *
 * @throws Fault training-diverged, disk-full, dataset-invalid, request-invalid (the folder holds another run)
 */
export async function trainNetwork(run: TrainingRun): Promise<TrainingOutcome> {
  const fingerprint = fingerprintOf(run);
  const checkpoints = join(run.directory, 'checkpoints');
  const before = await readCheckpoint(checkpoints, fingerprint);
  let current: Checkpoint = before ?? beginning(fingerprint, run.initial);
  const log = await TrainingLog.open(join(run.directory, 'log.jsonl'), current.position);
  const workers = new PictureWorkers(run.workers);
  const save = async (made: Checkpoint): Promise<void> => {
    await writeCheckpoint(checkpoints, made);
    await writeFileAtomically(join(run.directory, 'loss.png'), await drawLossCurves(log.entries));
  };
  try {
    while (current.position.stage < run.recipe.stages.length) {
      const { checkpoint, stopped } = await runStage(run, current, { log, workers, save });
      current = checkpoint;
      if (stopped) break;
    }
    const finished = current.position.stage === run.recipe.stages.length;
    return finished ? { finished, tensors: current.tensors, log: log.entries } : { finished, position: current.position, log: log.entries };
  } catch (error) {
    // told to stop before the first step of a stage
    if (run.signal?.aborted && error === run.signal.reason) return { finished: false, position: current.position, log: log.entries };
    throw error;
  } finally {
    await workers.close();
  }
}

function beginning(fingerprint: string, tensors: Tensors): Checkpoint {
  return {
    fingerprint,
    position: { stage: 0, epoch: 0, batch: 0 },
    step: 0,
    losses: { sum: 0, average: 0, count: 0 },
    tensors,
    optimizer: new Map(),
  };
}

/** Two runs with one fingerprint end with the same weights on the same engine. */
function fingerprintOf({ architecture, initial, input, kind, train, validation, recipe, guardOutput }: TrainingRun): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ version: 1, layers: architecture.layers, input, kind, recipe }));
  for (const { key, source, truth } of train) hash.update(JSON.stringify([key, source, truth]));
  if (recipe.augmentation.lungs) hash.update(JSON.stringify([guardOutput ?? null, train.map(({ frontalChest = false }) => frontalChest)]));
  hash.update(JSON.stringify(validation.map(({ key }) => key)));
  return hash.update(writeSafetensors(initial)).digest('hex');
}
