import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { mapDiskFull, syncDirectory, writeNewFile } from '../lib/atomic-write.js';
import { Fault } from '../errors.js';
import type { TrainerState } from '../engine/trainer.js';
import { readSafetensors, writeSafetensors, type Tensors } from '../network/safetensors.js';

const positionSchema = z.strictObject({
  /** Place of the stage in the recipe. */
  stage: z.int().min(0),
  /** Epochs of the stage that are done. */
  epoch: z.int().min(0),
  /** Batches of the epoch under way that are done. */
  batch: z.int().min(0),
});

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const stateSchema = z.strictObject({
  format: z.literal('orthanc-chest-ai checkpoint'),
  version: z.literal(1),
  /** Of recipe, images, split, network and first weights: another run's checkpoint is not gone on with. */
  fingerprint: hex64,
  position: positionSchema,
  /** Steps of the stage that are done. */
  step: z.int().min(0),
  /** Sum of the losses of the epoch under way, and what smooths them. */
  losses: z.strictObject({ sum: z.number(), average: z.number(), count: z.int() }),
  tensors: hex64,
  optimizer: hex64,
});

export type Position = z.infer<typeof positionSchema>;

/** All that a later process needs to go on to the same weights. */
export interface Checkpoint {
  readonly fingerprint: string;
  readonly position: Position;
  readonly step: number;
  readonly losses: z.infer<typeof stateSchema>['losses'];
  /** Of the whole network. */
  readonly tensors: Tensors;
  /** Of the trainer of the stage; empty at the beginning of one. */
  readonly optimizer: TrainerState['optimizer'];
}

const prefix = 'checkpoint-';
const unfinished = '.unfinished-';

/**
 * Writes a checkpoint and keeps the one before it: first into a folder of another name, flushed to the disk,
 * then renamed. Killed or out of disk at any moment, the last whole checkpoint is still there.
 *
 * @throws Fault disk-full, or the system's error
 */
export async function writeCheckpoint(directory: string, checkpoint: Checkpoint): Promise<void> {
  await mapDiskFull(directory, () => mkdir(directory, { recursive: true }));
  const earlier = await listCheckpoints(directory);
  const number = (earlier[0]?.number ?? 0) + 1;
  const beside = join(directory, `${unfinished}${number}`);
  const { tensors, optimizer, fingerprint, position, step, losses } = checkpoint;
  const files = { tensors: writeSafetensors(tensors), optimizer: writeSafetensors(optimizer) };
  const state: z.infer<typeof stateSchema> = {
    format: 'orthanc-chest-ai checkpoint',
    version: 1,
    fingerprint,
    position,
    step,
    losses,
    tensors: sha256(files.tensors),
    optimizer: sha256(files.optimizer),
  };
  try {
    await rm(beside, { recursive: true, force: true });
    await mapDiskFull(directory, () => mkdir(beside));
    await writeNewFile(join(beside, 'tensors.safetensors'), files.tensors);
    await writeNewFile(join(beside, 'optimizer.safetensors'), files.optimizer);
    await writeNewFile(join(beside, 'state.json'), `${JSON.stringify(state)}\n`);
    await syncDirectory(beside);
    await mapDiskFull(directory, () => rename(beside, join(directory, `${prefix}${number}`)));
    await syncDirectory(directory);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
  // the one before stays, should the newest turn out damaged
  for (const { name } of earlier.slice(1)) await rm(join(directory, name), { recursive: true, force: true });
}

/**
 * The newest checkpoint that is whole; one that is damaged is passed over for the one before.
 *
 * @returns undefined if there is none
 * @throws Fault request-invalid if it belongs to another run
 */
export async function readCheckpoint(directory: string, fingerprint: string): Promise<Checkpoint | undefined> {
  for (const { name } of await listCheckpoints(directory)) {
    const found = await readWhole(join(directory, name));
    if (!found) continue;
    if (found.fingerprint !== fingerprint)
      throw new Fault(
        'request-invalid',
        'expected the checkpoint of the same recipe, images, split and network, found that of another run; begin in another folder',
        { source: directory },
      );
    return found;
  }
  return undefined;
}

/** The position of a run by its newest checkpoint; undefined before the first. */
export async function readPosition(directory: string): Promise<Position | undefined> {
  const [newest] = await listCheckpoints(directory);
  if (!newest) return undefined;
  const text = await readFile(join(directory, newest.name, 'state.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : stateSchema.parse(JSON.parse(text)).position;
}

async function readWhole(directory: string): Promise<Checkpoint | undefined> {
  try {
    const state = stateSchema.parse(JSON.parse(await readFile(join(directory, 'state.json'), 'utf8')));
    const tensors = await readFile(join(directory, 'tensors.safetensors'));
    const optimizer = await readFile(join(directory, 'optimizer.safetensors'));
    if (sha256(tensors) !== state.tensors || sha256(optimizer) !== state.optimizer) return undefined;
    const { fingerprint, position, step, losses } = state;
    return {
      fingerprint,
      position,
      step,
      losses,
      tensors: readSafetensors(tensors, directory),
      optimizer: readSafetensors(optimizer, directory),
    };
  } catch {
    return undefined;
  }
}

/** Newest first. */
async function listCheckpoints(directory: string): Promise<readonly { readonly name: string; readonly number: number }[]> {
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ name, number: Number(name.slice(prefix.length)) }))
    .filter(({ number }) => Number.isInteger(number))
    .sort((one, other) => other.number - one.number);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
