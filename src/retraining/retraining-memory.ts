import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { parseTestLock, readTestLock, type TestLock } from '../dataset/test-lock.js';
import { Fault } from '../errors.js';
import type { Store } from '../store/store.js';
import { retrainingFolders, type RetrainingPlace } from './retraining-folders.js';

/**
 * What a retraining run needs to know about earlier runs, whichever process they ran in. If the lock or the key is lost, later runs
 * train on patients of the test set: both belong in every backup.
 */
export interface RetrainingMemory {
  /** Undefined before the first run that had enough labels. */
  testLock(): Promise<TestLock | undefined>;
  /** Stores the lock unless there is one already. @returns the one that applies */
  storeTestLock(lock: TestLock): Promise<TestLock>;
  /** 32 bytes, created once. Because of it, a person who reads a plan cannot find an identifier by hashing guesses. */
  patientKey(): Promise<Buffer>;
  /** Labels of the last run that reached a decision of the gate. */
  lastLabels(): Promise<readonly string[]>;
  storeLabels(labels: readonly string[]): Promise<void>;
}

const labelsSchema = z.array(z.string()).readonly();
const keySchema = z.string().regex(/^[0-9a-f]{64}$/);
const names = { lock: 'test-lock', key: 'patient-key', labels: 'labels' } as const;

/** In PostgreSQL, which processes share; with the embedded database in files below the folder. @param store with the state of that line */
export function retrainingMemoryOf(place: RetrainingPlace, store: Pick<Store, 'kind' | 'retraining'>): RetrainingMemory {
  return store.kind === 'postgresql' ? sharedMemory(store.retraining) : memoryFiles(retrainingFolders(place).root);
}

function sharedMemory(state: Store['retraining']): RetrainingMemory {
  return {
    async testLock() {
      const value = await state.read(names.lock);
      return value === undefined ? undefined : parseTestLock(value, 'the database');
    },
    storeTestLock: async (lock) => parseTestLock(await state.keepFirst(names.lock, lock), 'the database'),
    patientKey: async () => Buffer.from(keySchema.parse(await state.keepFirst(names.key, randomBytes(32).toString('hex'))), 'hex'),
    async lastLabels() {
      const value = await state.read(names.labels);
      return value === undefined ? [] : labelsSchema.parse(value);
    },
    storeLabels: (labels) => state.write(names.labels, labels),
  };
}

export function memoryFiles(root: string): RetrainingMemory {
  const keyFile = join(root, 'patient-key');
  const lockFile = join(root, 'test-lock.json');
  const labelsFile = join(root, 'labels.json');
  const testLock = (): Promise<TestLock | undefined> => readTestLock(lockFile);
  return {
    testLock,
    async storeTestLock(lock) {
      const there = await testLock();
      if (there) return there;
      await writeFileAtomically(lockFile, `${JSON.stringify(lock, undefined, 1)}\n`);
      return lock;
    },
    async patientKey() {
      const there = await keyIn(root);
      if (there) return there;
      // The lock was drawn with the missing key: with another key its patients would count as new.
      if (await testLock())
        throw new Fault(
          'dataset-invalid',
          'expected the key of patients beside the locked test set, found none: restore DATA_DIR/retraining from the backup',
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
    storeLabels: (labels) => writeFileAtomically(labelsFile, JSON.stringify(labels)),
  };
}

async function keyIn(root: string): Promise<Buffer | undefined> {
  const key = await readFile(join(root, 'patient-key')).catch(() => undefined);
  return key?.length === 32 ? key : undefined;
}

/**
 * Copies the lock, the key and the labels that releases up to 0.2.0 stored in this process's DATA_DIR into the shared database. The
 * lock and its key belong together: they are copied only if the database has neither.
 *
 * @returns `copied`; `other` if the database has the lock of another process, which then applies to this one too; else `nothing`
 */
export async function bringMemoryForward(
  { dataDir }: { readonly dataDir: string },
  state: Store['retraining'],
): Promise<'copied' | 'other' | 'nothing'> {
  const { root } = retrainingFolders({ dataDir });
  const [lock, key] = [await readTestLock(join(root, 'test-lock.json')), await keyIn(root)];
  if (!lock || !key) return 'nothing';
  // The key first, because a lock without its key cannot be used.
  const stored = await state.keepFirst(names.key, key.toString('hex'));
  if (stored !== key.toString('hex')) return 'other';
  const storedLock = parseTestLock(await state.keepFirst(names.lock, lock), 'the database');
  if (storedLock.checksum !== lock.checksum) return 'other';
  await state.keepFirst(names.labels, await memoryFiles(root).lastLabels());
  return 'copied';
}
