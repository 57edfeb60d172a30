import { linkSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { Fault } from '../errors.js';
import { identifyProcess, isSameProcessRunning, type ProcessIdentity } from '../lib/process-identity.js';

interface Holder extends ProcessIdentity {
  readonly id: string;
}

export interface DirectoryLock {
  release(): void;
}

const refreshMs = 5_000;
/** A holder in another container shows that it lives only by the time stamp of its file. */
const staleMs = 20_000;

/**
 * Prevents a second process from using a directory: two writers would destroy the embedded database.
 * A holder that was killed is recognised, at once in the same process table and after 20 s from another container.
 *
 * The lock is a row of numbered files, `database.lock.1`, `.2` …; the highest number holds. A process that finds its owner dead, or the file
 * emptied by a release, links the next number, which fails for all but one. The highest file is never removed, so whoever acts on an
 * old view links a number below the highest, sees that, and gives up: however long a process is paused between two steps, two never
 * hold the lock.
 *
 * @param path of the lock files, without the number
 * @throws Fault `config-invalid` naming the process that holds it
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const deadline = Date.now() + staleMs + refreshMs;
  for (;;) {
    const seen = highest(path);
    // Releases up to 0.2.0 kept one file without a number: a process of such a release may still hold it.
    const holder = liveHolder(numbered(path, seen)) ?? liveHolder(path);
    if (!holder) {
      const lock = takeNext(path, seen);
      if (lock) return lock;
      continue;
    }
    if (holder.host === identifyProcess().host || Date.now() > deadline) throw heldBy(holder, path);
    await sleep(500);
  }
}

/**
 * Tries to take the lock after having seen that nobody holds it.
 *
 * @param seen the highest number at that time; 0 for none
 * @returns undefined if another process was quicker
 */
export function takeNext(path: string, seen: number): DirectoryLock | undefined {
  const own: Holder = { ...identifyProcess(), id: randomUUID() };
  const number = seen + 1;
  const file = numbered(path, number);
  const candidate = `${path}.${own.id}`;
  try {
    writeFileSync(candidate, JSON.stringify(own), { mode: 0o600 });
    if (!tryLink(candidate, file)) return undefined;
  } finally {
    rmSync(candidate, { force: true });
  }
  if (highest(path) !== number) {
    // What was seen is old: others have held and removed this number since.
    rmSync(file, { force: true });
    return undefined;
  }
  rmSync(path, { force: true });
  for (const lower of numbersOf(path)) if (lower < number) rmSync(numbered(path, lower), { force: true });
  const refresh = setInterval(() => touch(file), refreshMs);
  refresh.unref();
  return {
    release() {
      clearInterval(refresh);
      if (readHolder(file)?.id === own.id) truncateSync(file);
    },
  };
}

function numbered(path: string, number: number): string {
  return `${path}.${number}`;
}

function numbersOf(path: string): readonly number[] {
  const prefix = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && /^\d{1,15}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
}

function highest(path: string): number {
  return Math.max(0, ...numbersOf(path));
}

function heldBy(holder: Holder, path: string): Fault {
  return new Fault(
    'config-invalid',
    `process ${holder.pid} already uses this data directory; the embedded database has room for one process: stop the other, give DATA_DIR another folder, or set DATABASE_URL`,
    { source: path },
  );
}

function liveHolder(file: string): Holder | undefined {
  const holder = readHolder(file);
  return holder && isAlive(holder, file) ? holder : undefined;
}

function isAlive(holder: Holder, file: string): boolean {
  if (holder.host === identifyProcess().host) return isSameProcessRunning(holder);
  try {
    return Date.now() - statSync(file).mtimeMs < staleMs;
  } catch {
    return false;
  }
}

/** @returns undefined for a file that is not there, or that a release has emptied */
function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** link(2) fails if the name exists, and the file is complete when it appears. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  }
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Removed by hand: the directory is still ours, and the next start makes a new file.
  }
}
