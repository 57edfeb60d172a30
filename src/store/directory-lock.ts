import { linkSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { Fault } from '../errors.js';

/** Who holds a directory. `host` names the process table in which `pid` means something. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Start of the process in ticks since boot: a number that was given out again is another process. */
  readonly startedAt: string;
  readonly id: string;
}

export interface DirectoryLock {
  release(): void;
}

const refreshMs = 5_000;
/** A holder in another container shows life only by the time stamp of its file. */
const staleMs = 20_000;

/**
 * Keeps a second process out of a directory: the embedded database has one writer, and two would destroy it.
 * A holder that was killed is recognised, at once in the same process table and after 20 s from another container.
 *
 * @param path of the lock file
 * @throws Fault `config-invalid` naming the process that holds it
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const own: Holder = { pid: process.pid, host: processTable(), startedAt: processStart(process.pid), id: randomUUID() };
  const candidate = `${path}.${own.id}`;
  const deadline = Date.now() + staleMs + refreshMs;
  writeFileSync(candidate, JSON.stringify(own));
  try {
    while (!tryLink(candidate, path)) {
      const holder = readHolder(path);
      if (holder && isAlive(holder, path)) {
        if (holder.host === own.host || Date.now() > deadline) throw heldBy(holder, path);
        await sleep(500);
        continue;
      }
      rmSync(path, { force: true });
      // Two processes may find the same dead holder: the later one removes the file of the earlier, which must notice.
      if (tryLink(candidate, path)) await sleep(50);
      if (readHolder(path)?.id === own.id) break;
    }
  } finally {
    rmSync(candidate, { force: true });
  }
  const refresh = setInterval(() => touch(path), refreshMs);
  refresh.unref();
  return {
    release() {
      clearInterval(refresh);
      if (readHolder(path)?.id === own.id) rmSync(path, { force: true });
    },
  };
}

function heldBy(holder: Holder, path: string): Fault {
  return new Fault(
    'config-invalid',
    `process ${holder.pid} already uses this data directory; the embedded database has room for one process: stop the other, give DATA_DIR another folder, or set DATABASE_URL`,
    { source: path },
  );
}

function isAlive(holder: Holder, path: string): boolean {
  if (holder.host === processTable()) return processStart(holder.pid) === holder.startedAt && exists(holder.pid);
  try {
    return Date.now() - statSync(path).mtimeMs < staleMs;
  } catch {
    return false;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** proc(5): field 22 of stat; the command in field 2 may hold spaces and brackets. Empty where there is no /proc. */
function processStart(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function processTable(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return 'this-host';
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
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

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // Removed by hand: the directory is still ours, and the next start makes a new file.
  }
}
