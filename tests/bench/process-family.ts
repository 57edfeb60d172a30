import { readFileSync } from 'node:fs';

/** A process and all that it started, from /proc. */
export function familyOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  return [pid, ...children.flatMap(familyOf)];
}

/** Proportional set size now, MB: pages that several processes share count once. */
export function residentMB(pid: number): number {
  return sumOver(pid, (one) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))![1]) / 1000);
}

/** The sum of the largest resident sizes so far (VmHWM of proc_pid_status(5)), MB. */
export function peakMB(pid: number): number {
  return sumOver(pid, (one) => Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/status`, 'utf8'))![1]) / 1024);
}

/** Processor time so far, ms (utime and stime of proc_pid_stat(5), in hundredths of a second). */
export function processorMs(pid: number): number {
  return sumOver(pid, (one) => {
    const [, after] = readFileSync(`/proc/${one}/stat`, 'utf8').split(') ');
    const fields = after!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  });
}

function sumOver(pid: number, figure: (pid: number) => number): number {
  return familyOf(pid).reduce((sum, one) => sum + figure(one), 0);
}
