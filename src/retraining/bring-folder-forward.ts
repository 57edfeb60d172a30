import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.js';
import { retrainingFolders } from './retraining-folders.js';

const lockFile = 'test-lock.json';
/** The key before the lock: a lock without its key cannot be used, and what a restart finds half moved it can complete. */
const memoryFileNames = ['patient-key', lockFile, 'labels.json'] as const;

/**
 * Releases up to 0.2.0 called DATA_DIR/retraining DATA_DIR/night. Renames it, or moves the locked test set and its key out of a
 * DATA_DIR/night that was restored from a backup beside the new folder. Can be repeated; nothing of a lock is ever overwritten.
 */
export async function bringRetrainingFolderForward({ dataDir }: { readonly dataDir: string }, log: Log): Promise<void> {
  const former = join(dataDir, 'night');
  const { root } = retrainingFolders({ dataDir });
  if (!existsSync(former)) return;
  if (!existsSync(root)) {
    await rename(former, root);
    log.info('DATA_DIR/night is now called DATA_DIR/retraining', {});
    return;
  }
  if (existsSync(join(former, lockFile)) && !existsSync(join(root, lockFile))) {
    await mkdir(root, { recursive: true });
    for (const name of memoryFileNames) if (existsSync(join(former, name))) await rename(join(former, name), join(root, name));
    log.info('the locked test set was moved from DATA_DIR/night to DATA_DIR/retraining', {});
  }
  // Pictures of patients, and a run of an earlier release: nothing would remove them there later.
  for (const name of ['pictures', 'run']) await rm(join(former, name), { recursive: true, force: true });
  if (!existsSync(join(former, lockFile))) await rm(former, { recursive: true, force: true });
  else if (!(await sameFile(join(former, lockFile), join(root, lockFile))))
    log.warn(
      'DATA_DIR/night contains another locked test set than DATA_DIR/retraining; that of DATA_DIR/retraining is used. Models may have been trained on patients of the other one',
      {},
    );
}

async function sameFile(one: string, other: string): Promise<boolean> {
  return (await readFile(one)).equals(await readFile(other));
}
