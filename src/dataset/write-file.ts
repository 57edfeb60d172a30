import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asFault } from '../errors.js';

/**
 * Writes a file as a whole or not at all: beside it, flushed to the disk, then renamed over it. Whatever was there before stays if
 * the disk is full or the process dies.
 *
 * @param durable false for what can be made again: whole still, but perhaps gone after a power cut
 * @throws Fault disk-full, or the system's error
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array, { durable = true }: { readonly durable?: boolean } = {}): Promise<void> {
  const beside = `${path}.${process.pid}.part`;
  try {
    const file = await open(beside, 'w');
    try {
      await file.writeFile(content);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    if (durable) await syncDirectory(dirname(path));
  } catch (error) {
    await rm(beside, { force: true });
    throw isFull(error) ? asFault(error, 'disk-full', { source: path }) : error;
  }
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** The rename itself is on the disk only when the folder is. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
