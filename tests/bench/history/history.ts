import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../../src/config.js';

const runSchema = z.strictObject({
  /** File of tests/bench. */
  bench: z.string(),
  title: z.string(),
  release: z.string(),
  /** YYYY-MM-DD. */
  date: z.iso.date(),
  /** Processor, cores, load, Node; what else was running. */
  machine: z.string(),
  /** Markdown. */
  text: z.string(),
  /** By id of a goal. */
  figures: z.record(z.string(), z.number()),
});

/** What one benchmark found at one time. */
export type BenchRun = z.infer<typeof runSchema>;

export const historyFile = join(projectRoot, 'docs/reference/benchmark-history.json');

export function readHistory(): readonly BenchRun[] {
  return z.array(runSchema).parse(JSON.parse(readFileSync(historyFile, 'utf8')));
}

export function writeHistory(runs: readonly BenchRun[]): void {
  writeFileSync(historyFile, `${JSON.stringify(runs, undefined, 1)}\n`);
}

/** A run replaces that of the same benchmark and release. */
export function withRun(history: readonly BenchRun[], run: BenchRun): readonly BenchRun[] {
  const place = history.findIndex(({ bench, release }) => bench === run.bench && release === run.release);
  return place < 0 ? [...history, run] : history.toSpliced(place, 1, run);
}
