import { readdirSync, readFileSync } from 'node:fs';

export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  /** R, S, Z …, see proc(5). */
  readonly state: string;
  readonly name: string;
}

/** Children of a process and theirs; those that have ended and are not waited for yet (zombies) are left out. */
export function descendantsOf(pid: number): readonly RunningProcess[] {
  const processes = readdirSafe('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
  const own = new Set([pid]);
  for (let grown = 0; grown !== own.size; ) {
    grown = own.size;
    for (const one of processes) if (own.has(one.parent)) own.add(one.pid);
  }
  return processes.filter((one) => one.pid !== pid && own.has(one.pid) && one.state !== 'Z');
}

export function isRunning(pid: number): boolean {
  const found = processOf(pid);
  return found !== undefined && found.state !== 'Z';
}

/** The decoder processes of a service; of one in this process if none is named. */
export function decodersOf(service = process.pid): readonly number[] {
  return descendantsOf(service)
    .map(({ pid }) => pid)
    .filter((pid) => commandLine(pid).includes('decoder-process'));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function processOf(pid: number): RunningProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.replace(/^.*\) /s, '').split(' ');
    return { pid, parent: Number(parent), state: state!, name: /\((.*)\)/s.exec(stat)?.[1] ?? '' };
  } catch {
    return undefined;
  }
}

function readdirSafe(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
