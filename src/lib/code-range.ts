import { readFileSync } from 'node:fs';

const mebibyte = 2 ** 20;
/** Of a thread that runs a few lines only. */
export const threadCodeRangeMb = 16;
/** The code itself is in no mapping of this size; V8 reserves 128 to 512 MiB. */
const minReserveMb = 64;

/**
 * What V8 reserves for machine code counts as memory of the process since Node 24, where it is mapped writable (`ulimit -d` counts
 * it whether or not it is used); before, it is not counted. Measured on this process, which runs on the same Node as those it starts.
 *
 * @returns MiB that a process with one such thread beside its main one needs besides what it uses
 */
export function countedCodeRangeMb(maps = ownMaps()): number {
  const sizes = maps.split('\n').flatMap((line) => {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rwxp/.exec(line) ?? [];
    return from && to ? [(parseInt(to, 16) - parseInt(from, 16)) / mebibyte] : [];
  });
  const largest = Math.max(0, ...sizes);
  return largest < minReserveMb ? 0 : Math.ceil(largest) + 2 + threadCodeRangeMb;
}

/** Linux only; elsewhere there is no such limit. */
function ownMaps(): string {
  try {
    return readFileSync('/proc/self/maps', 'latin1');
  } catch {
    return '';
  }
}
