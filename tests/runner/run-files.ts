import { readdirSync, existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { projectRoot } from '../../src/config.js';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Outcome extends Readonly<Counts> {
  /** The part of these on a PostgreSQL server. */
  readonly onPostgres: Readonly<Counts>;
  /** "file: test". */
  readonly failures: readonly string[];
  /** "test: reason". */
  readonly skips: readonly string[];
  /** Of each file, as "unit/NAME.test.js"; longest first. */
  readonly seconds: Readonly<Record<string, number>>;
}

const folder = join(projectRoot, 'dist/tests');

/** The source of a compiled test file, as "tests/unit/NAME.test.ts". */
export function sourceOf(name: string): string {
  return join(projectRoot, 'tests', name.replace(/\.js$/, '.ts'));
}

/** Every compiled test file that still has a source, as "unit/NAME.test.js", in order. */
export function testFiles(): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js') && existsSync(sourceOf(name)))
    .sort();
}

/**
 * Runs test files, each in a process of its own, prints what each test does, and counts.
 *
 * @param names as testFiles gives them
 * @param concurrency so many processes at once
 */
export function runFiles(names: readonly string[], concurrency: number): Promise<Outcome> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const onPostgres: Counts = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  const skips: string[] = [];
  const seconds: Record<string, number> = {};
  /** Names of the suites that are open, by file: a test is on PostgreSQL if one of them, or its own, says so. */
  const open = new Map<string, string[]>();
  const count = (
    kind: keyof Counts,
    event: { readonly file?: string | undefined; readonly name: string; readonly nesting: number },
  ): void => {
    counts[kind]++;
    const titles = [...(open.get(event.file ?? '') ?? []).slice(0, event.nesting), event.name];
    if (titles.some((title) => /postgresql/i.test(title))) onPostgres[kind]++;
  };
  const stream = run({ files: names.map((name) => join(folder, name)), concurrency, timeout: 15 * 60_000 });
  stream.on('test:start', (event) => {
    const titles = open.get(event.file ?? '') ?? [];
    titles[event.nesting] = event.name;
    open.set(event.file ?? '', titles);
  });
  stream.on('test:complete', (event) => {
    if (isFileNode(event.name)) seconds[relative(folder, event.name)] = Math.round(event.details.duration_ms / 100) / 10;
  });
  stream.on('test:pass', (event) => {
    if (event.details.type === 'suite' || isFileNode(event.name)) return;
    if (event.skip !== undefined && event.skip !== false) {
      count('skipped', event);
      skips.push(`${event.name}: ${String(event.skip)}`);
    } else count('passed', event);
  });
  stream.on('test:fail', (event) => {
    // A suite or file around a failed test fails with it; one whose hooks or whose process failed counts by itself.
    if ((event.details.error as { failureType?: string }).failureType === 'subtestsFailed') return;
    count('failed', event);
    failures.push(`${event.file ? `${relative(folder, event.file)}: ` : ''}${event.name}`);
  });
  // Not the runner's own stream: once a reporter reads it, its end is not told to anybody else.
  const report = stream.compose(new spec());
  report.pipe(process.stdout);
  return new Promise((resolve, reject) => {
    report.once('error', reject);
    report.once('end', () => {
      const longestFirst = Object.fromEntries(Object.entries(seconds).sort(([, a], [, b]) => b - a));
      resolve({ ...counts, onPostgres, failures, skips, seconds: longestFirst });
    });
  });
}

/** What was skipped and what failed, each with its reason, and as the last line the counts. */
export function describeOutcome({ passed, failed, skipped, failures, skips }: Omit<Outcome, 'seconds' | 'onPostgres'>): string {
  const list = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
  return `${list('Skipped', skips)}${list('Failed', failures)}\n${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** The runner reports each file as a test of its own around the tests in it. */
function isFileNode(name: string): boolean {
  return name.endsWith('.test.js');
}
