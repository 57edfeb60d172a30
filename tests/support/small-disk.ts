import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './orthanc.js';

/** A disk of its own that can be filled to the last byte. */
export interface SmallDisk {
  readonly directory: string;
  fill(): void;
  free(): void;
  unmount(): void;
}

/** @returns why there is none, where only root on Linux can mount one */
export function mountSmallDisk(megabytes: number): SmallDisk | { readonly whyNot: string } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return { whyNot: 'only root on Linux can mount a small disk' };
  const directory = temporaryDirectory('small-disk');
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'tmpfs', directory], {
    encoding: 'utf8',
  });
  if (status !== 0) return { whyNot: `a small disk cannot be mounted here: ${stderr.trim()}` };
  let mounted = true;
  const unmount = (): void => {
    if (mounted) spawnSync('umount', ['-l', directory]);
    mounted = false;
  };
  process.once('exit', unmount);
  const filler = join(directory, 'filler');
  return {
    directory,
    fill: () => fillUp(filler),
    free: () => rmSync(filler, { force: true }),
    unmount,
  };
}

/** Writes a file until the disk below it has no byte left. */
function fillUp(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(1 << 20, 1);
  try {
    for (let size = block.length; size >= 4096; ) {
      try {
        if (writeSync(file, block, 0, size) < size) size = Math.floor(size / 2);
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}
