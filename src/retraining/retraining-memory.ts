import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../lib/atomic-write.js';
import type { Config } from '../config.js';
import { parseTestLock, readTestLock, type TestLock } from '../dataset/test-lock.js';
import { Fault } from '../errors.js';
import type { Store } from '../store/store.js';
import { retrainingFolders } from './retraining-folders.js';

/**
 * What one retraining run has to know of those before it, whichever process they ran in. If the lock or the key is lost, patients of
 * the old test set are trained on: both belong to every backup.
 */
export interface RetrainingMemory {
  /** Undefined before the first run that had enough labels. */
  testLock(): Promise<TestLock | undefined>;
  /** Keeps the lock unless there is one. @returns the one that holds */
  keepTestLock(lock: TestLock): Promise<TestLock>;
  /** 32 bytes, made once: with it a hash of an identifier cannot be tried out by somebody who reads a plan. */
  patientKey(): Promise<Buffer>;
  /** Labels that the last run which came to a decision had. */
  lastLabels(): Promise<readonly string[]>;
  keepLabels(labels: readonly string[]): Promise<void>;
}

const labelsSchema = z.array(z.string()).readonly();
const keySchema = z.string().regex(/^[0-9a-f]{64}$/);
const names = { lock: 'test-lock', key: 'patient-key', labels: 'labels' } as const;

/** In the database that processes share, or in files below DATA_DIR/night beside the embedded database. */
export function retrainingMemoryOf(config: Pick<Config, 'dataDir'>, store: Pick<Store, 'kind' | 'retraining'>): RetrainingMemory {
  return store.kind === 'postgresql' ? sharedMemory(store.retraining) : memoryFiles(retrainingFolders(config).root);
}

export function sharedMemory(state: Store['retraining']): RetrainingMemory {
  return {
    async testLock() {
      const value = await state.read(names.lock);
      return value === undefined ? undefined : parseTestLock(value, 'the database');
    },
    keepTestLock: async (lock) => parseTestLock(await state.keepFirst(names.lock, lock), 'the database'),
    patientKey: async () => Buffer.from(keySchema.parse(await state.keepFirst(names.key, randomBytes(32).toString('hex'))), 'hex'),
    async lastLabels() {
      const value = await state.read(names.labels);
      return value === undefined ? [] : labelsSchema.parse(value);
    },
    keepLabels: (labels) => state.write(names.labels, labels),
  };
}

export function memoryFiles(root: string): RetrainingMemory {
  const keyFile = join(root, 'patient-key');
  const lockFile = join(root, 'test-lock.json');
  const labelsFile = join(root, 'labels.json');
  const testLock = (): Promise<TestLock | undefined> => readTestLock(lockFile);
  return {
    testLock,
    async keepTestLock(lock) {
      const there = await testLock();
      if (there) return there;
      await writeFileAtomically(lockFile, `${JSON.stringify(lock, undefined, 1)}\n`);
      return lock;
    },
    async patientKey() {
      const there = await keyIn(root);
      if (there) return there;
      // The lock was drawn with the key that is missing: with another one its patients would be taken for new.
      if (await testLock())
        throw new Fault(
          'dataset-invalid',
          'expected the key of patients beside the locked test set, found none: restore DATA_DIR/night from the backup',
          { source: keyFile },
        );
      const key = randomBytes(32);
      await mkdir(root, { recursive: true });
      await writeFileAtomically(keyFile, key);
      return key;
    },
    async lastLabels() {
      const text = await readFile(labelsFile, 'utf8').catch(() => '[]');
      return labelsSchema.parse(JSON.parse(text));
    },
    keepLabels: (labels) => writeFileAtomically(labelsFile, JSON.stringify(labels)),
  };
}

async function keyIn(root: string): Promise<Buffer | undefined> {
  const key = await readFile(join(root, 'patient-key')).catch(() => undefined);
  return key?.length === 32 ? key : undefined;
}

/**
 * Takes into the database what releases up to 0.2.0 kept in this process's DATA_DIR/night. The lock and its key belong together: they
 * are taken only where the database has neither.
 *
 * @returns `taken`; `other` where the database has the lock of another process, which then holds for this one too; else `nothing`
 */
export async function bringMemoryForward(
  { dataDir }: Pick<Config, 'dataDir'>,
  state: Store['retraining'],
): Promise<'taken' | 'other' | 'nothing'> {
  const { root } = retrainingFolders({ dataDir });
  const [lock, key] = [await readTestLock(join(root, 'test-lock.json')), await keyIn(root)];
  if (!lock || !key) return 'nothing';
  // The key first: a lock without its key would be worth nothing.
  const held = await state.keepFirst(names.key, key.toString('hex'));
  if (held !== key.toString('hex')) return 'other';
  const kept = parseTestLock(await state.keepFirst(names.lock, lock), 'the database');
  if (kept.checksum !== lock.checksum) return 'other';
  await state.keepFirst(names.labels, await memoryFiles(root).lastLabels());
  return 'taken';
}
