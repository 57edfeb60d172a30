import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { processOf, ProcessWatch } from './process-watch.js';

const lookEveryMs = 1_000;
/** Set in the process that runs the tests. */
export const supervisedVariable = 'CHEST_AI_TESTS_SUPERVISED';

/**
 * Runs the tests in a process of their own and waits for it. However the run ends (by itself, by a signal to this process, by the end of the `npm`
 * that started it), no process that came from it is left, and its temporary folder is removed with what was mounted there. If this process itself
 * is killed, the kernel tells the other (PR_SET_PDEATHSIG), which then does the same.
 *
 * @param program the file that runs the tests where `supervisedVariable` is set
 * @returns the exit status: that of the tests; 128 and the number of the signal if one interrupted them; 1 if they left processes behind
 */
export async function supervise(program: string, parameters: readonly string[]): Promise<number> {
  const temporary = mkdtempSync(join(tmpdir(), 'chest-ai-tests-'));
  // PostgreSQL and nginx run under accounts of their own.
  chmodSync(temporary, 0o755);
  const endWithUs = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--'] : [];
  const [command, ...rest] = [...endWithUs, process.execPath, ...process.execArgv, program, ...parameters];
  const child = spawn(command!, rest, { stdio: 'inherit', env: { ...process.env, TMPDIR: temporary, [supervisedVariable]: '1' } });
  const watch = new ProcessWatch(child.pid!);

  const starters = startedBy();
  let interrupt: (signal: NodeJS.Signals) => void = () => undefined;
  const interrupted = new Promise<NodeJS.Signals>((resolve) => (interrupt = resolve));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(name, () => interrupt(name));
  const looking = setInterval(() => {
    watch.look();
    if (starters.some(({ pid, started }) => processOf(pid)?.started !== started)) interrupt('SIGHUP');
  }, lookEveryMs);

  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? 128 + constants.signals[signal] : code!));
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
  });
  const result = await Promise.race([ended, interrupted]);
  clearInterval(looking);
  try {
    if (typeof result === 'string') {
      watch.look();
      child.kill('SIGKILL');
      const count = await watch.endAll();
      console.error(`\nInterrupted by ${result}; ${count + 1} processes of the tests were ended.`);
      return 128 + constants.signals[result];
    }
    const left = watch.running();
    await watch.endAll();
    if (left.length > 0) console.error(`\nThe tests left processes behind, which were ended: ${left.join(', ')}`);
    return result === 0 && left.length > 0 ? 1 : result;
  } finally {
    removeWithMounts(temporary);
  }
}

/** For the process that runs the tests: when it is told to end, it first ends what it has started. */
export function endWithEverything(): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
    process.on(
      name,
      () =>
        void new ProcessWatch(process.pid).endAll().then(() => {
          removeWithMounts(process.env['TMPDIR']!);
          process.exit(128 + constants.signals[name]);
        }),
    );
  }
}

/** The processes between us and the `npm` that started us, that one included; none if it was not npm. */
function startedBy(): readonly { readonly pid: number; readonly started: string }[] {
  const chain: { pid: number; started: string }[] = [];
  for (let pid = process.ppid; pid > 1; pid = processOf(pid)?.parent ?? 0) {
    const started = processOf(pid)?.started;
    if (started === undefined) return [];
    chain.push({ pid, started });
    if (/^npm\b|\/npm(-cli\.js)?\0/.test(commandLine(pid))) return chain;
  }
  return [];
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function removeWithMounts(folder: string): void {
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((place) => place.startsWith(`${folder}/`));
    for (const place of mounts.reverse()) spawnSync('umount', ['-l', place]);
  } catch {
    // No /proc: nothing of ours is mounted either.
  }
  rmSync(folder, { recursive: true, force: true });
}
