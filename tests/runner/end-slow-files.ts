import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { processOf, ProcessWatch } from './process-watch.js';

const lookEveryMs = 5_000;

/**
 * Ends the process of a test file that runs for longer than `maxMs`, with all that it started; its file then counts as failed. Node's own `timeout` of
 * `run()` fails the test and waits for the process all the same (Node 24), so that a file which leaves a handle open would hold up the whole run.
 *
 * @param files absolute paths of the compiled test files
 * @param maxMs while the tests have the machine for themselves; beside much other work up to three times as long
 * @returns stop watching
 */
export function endSlowFiles(files: readonly string[], maxMs: number): () => void {
  const seen = new Map<number, { readonly file: string; readonly started: string; readonly at: number; readonly watch: ProcessWatch }>();
  const look = (): void => {
    for (const [pid, { started }] of seen) if (processOf(pid)?.started !== started) seen.delete(pid);
    for (const [pid, file] of processesOfFiles(files)) {
      const started = processOf(pid)?.started;
      if (started && !seen.has(pid)) seen.set(pid, { file, started, at: Date.now(), watch: new ProcessWatch(pid) });
    }
    for (const [pid, { file, at, watch }] of seen) {
      watch.look();
      const minutes = (Date.now() - at) / 60_000;
      if (minutes < (maxMs / 60_000) * busyness()) continue;
      console.log(`\n${file} is not at its end after ${minutes.toFixed(1)} minutes; its process is ended.`);
      seen.delete(pid);
      process.kill(pid, 'SIGKILL');
      void watch.endAll();
    }
  };
  const timer = setInterval(look, lookEveryMs);
  return () => clearInterval(timer);
}

/** Two processes of tests and what they start are a load of some 2 for each processor; 1 to 3. */
function busyness(): number {
  return Math.min(3, Math.max(1, loadavg()[0]! / availableParallelism() / 2));
}

/** Our children that run one of the files. Linux; elsewhere none are seen. */
function processesOfFiles(files: readonly string[]): readonly (readonly [number, string])[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && processOf(pid)?.parent === process.pid)
      .flatMap((pid) => {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const file = files.find((one) => words.includes(one));
        return file ? [[pid, file] as const] : [];
      });
  } catch {
    // A process ended between two lines; the next look sees the others.
    return [];
  }
}
