import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * orthanc.pid in the folder of a private Orthanc: which process was started by which service. A process is named by number *and* start
 * time, because numbers are used again.
 */
export interface ProcessRecord {
  readonly owner: ProcessName;
  readonly orthanc: ProcessName;
}

export interface ProcessName {
  readonly pid: number;
  /** Clock ticks since boot (field 22 of /proc/PID/stat); empty where there is no /proc. */
  readonly started: string;
}

export function nameProcess(pid: number): ProcessName {
  return { pid, started: startTime(pid) ?? '' };
}

export function isRunning(name: ProcessName): boolean {
  try {
    process.kill(name.pid, 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const stat = readStat(name.pid);
  // A zombie has ended; only its parent has not asked yet.
  return stat === undefined ? name.started === '' : stat.started === name.started && stat.state !== 'Z';
}

export function readRecord(directory: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordFile(directory), 'utf8')) as ProcessRecord;
    return Number.isInteger(record.owner?.pid) && Number.isInteger(record.orthanc?.pid) ? record : undefined;
  } catch {
    return undefined;
  }
}

export function writeRecord(directory: string, record: ProcessRecord): void {
  writeFileSync(recordFile(directory), JSON.stringify(record));
}

export function removeRecord(directory: string): void {
  rmSync(recordFile(directory), { force: true });
}

/** Asks a process to end, insists after `patienceMs`, and returns when it is gone. */
export async function endProcess(name: ProcessName, patienceMs: number): Promise<void> {
  const insistAt = Date.now() + patienceMs;
  signal(name, 'SIGTERM');
  while (isRunning(name)) {
    if (Date.now() > insistAt) signal(name, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export function signal(name: ProcessName, which: NodeJS.Signals): void {
  if (!isRunning(name)) return;
  try {
    process.kill(name.pid, which);
  } catch {
    // it ended between the two lines
  }
}

const recordFile = (directory: string) => path.join(directory, 'orthanc.pid');

const startTime = (pid: number) => readStat(pid)?.started;

function readStat(pid: number): { state: string; started: string } | undefined {
  try {
    // The second field is the program's name in parentheses and may hold blanks: count from the last ')'.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state: fields[0]!, started: fields[19]! };
  } catch {
    return undefined;
  }
}
