import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asFault } from '../errors.js';

/** Files and folders that are being written begin with this: whoever lists a folder passes them over. */
export const unfinishedPrefix = '.unfinished-';

export interface WriteOptions {
  /** false for content that can be made again: still whole or absent, but perhaps gone after a power cut. */
  readonly durable?: boolean;
}

/**
 * Writes a file completely or not at all: into a file beside it, flushed to the disk, then renamed over it. What was there before
 * stays if the disk is full or the process is killed. The folder is made if it is missing.
 *
 * @throws Fault `disk-full`, or the error of the system
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  { durable = true }: WriteOptions = {},
): Promise<void> {
  const directory = dirname(path);
  await mapDiskFull(path, () => mkdir(directory, { recursive: true }));
  const unfinished = join(directory, `${unfinishedPrefix}${basename(path)}-${randomUUID()}`);
  try {
    await writeNewFile(unfinished, content, { durable });
    await mapDiskFull(path, () => rename(unfinished, path));
    if (durable) await syncDirectory(directory);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/**
 * Writes a file that does not exist yet and waits until it is on the disk.
 *
 * @throws Fault `disk-full`, or the error of the system (EEXIST if there is such a file)
 */
export async function writeNewFile(path: string, content: string | Uint8Array, { durable = true }: WriteOptions = {}): Promise<void> {
  await mapDiskFull(path, async () => {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(content);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
  });
}

/**
 * The names in a folder are on the disk only after this (fsync of the directory, POSIX).
 *
 * @throws Fault `disk-full`, or the error of the system
 */
export async function syncDirectory(path: string): Promise<void> {
  await mapDiskFull(path, async () => {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  });
}

/** Runs work on the disk; a full disk or an exceeded quota becomes the Fault `disk-full`, which passes and is tried again. */
export async function mapDiskFull<T>(source: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ENOSPC' || code === 'EDQUOT' ? asFault(error, 'disk-full', { source }) : error;
  }
}
