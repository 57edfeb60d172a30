import { readdirSync, readFileSync } from 'node:fs';
import { processOf, ProcessWatch } from './process-watch.js';

const lookEveryMs = 5_000;

/**
 * Ends the process of a test file that runs for longer than `maxMs`, with all that it started; its file then counts as failed. Node's own `timeout` of
 * `run()` fails the test and waits for the process all the same (Node 24), so that a file which leaves a handle open would hold up the whole run.
 *
 * @param files absolute paths of the compiled test files
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
      if (Date.now() - at < maxMs) continue;
      console.log(`\n${file} is not at its end after ${Math.round(maxMs / 60_000)} minutes; its process is ended.`);
      seen.delete(pid);
      process.kill(pid, 'SIGKILL');
      void watch.endAll();
    }
  };
  const timer = setInterval(look, lookEveryMs);
  return () => clearInterval(timer);
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
