import { readFileSync, readlinkSync } from 'node:fs';

/** Names a process so that a number that was given out again is another process. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The process table in which `pid` means something: boot and PID namespace. */
  readonly host: string;
  /** Start of the process in ticks since boot; empty where there is no /proc. */
  readonly startedAt: string;
}

/** @param pid this process if not given */
export function identifyProcess(pid: number = process.pid): ProcessIdentity {
  return { pid, host: processTable(), startedAt: startOf(pid) };
}

/** Whether that process runs, in this process table. Of one in another table nothing is known: false. */
export function isSameProcessRunning({ pid, host, startedAt }: ProcessIdentity): boolean {
  return host === processTable() && startOf(pid) === startedAt && exists(pid);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** proc(5): field 22 of stat; the command in field 2 may hold spaces and brackets. */
function startOf(pid: number): string {
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
