import { readdirSync, existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { projectRoot } from '../../src/config.js';
import { endSlowFiles } from './end-slow-files.js';

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
  /** "file: test" that failed at first and passed when its file was run once more, alone. */
  readonly passedAlone: readonly string[];
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
 * Runs test files, each in a process of its own, prints what each test does, and counts. Files with a failure are run once more, alone:
 * on a busy machine a time limit can be missed. What passes only then is listed.
 *
 * @param names as testFiles gives them
 * @param concurrency so many processes at once
 */
export async function runFiles(names: readonly string[], concurrency: number): Promise<Outcome> {
  const first = await runOnce(names, concurrency);
  const failed = names.filter((name) => first.failures.some((failure) => failure.startsWith(`${name}: `)));
  if (failed.length === 0 || failed.length > maxRepeated) return first;
  console.log(`\nOnce more, each alone: ${failed.join(', ')}`);
  const second = await runOnce(failed, 1);
  return replaced(first, second, failed);
}

/** The longest takes some four minutes on two quiet cores. */
const maxMinutesOfFile = 12;

/** If more files fail, something is wrong that running them again would only hide. */
const maxRepeated = 15;

/** The outcome in which the counts of repeated files are those of their second run. */
function replaced(first: FileOutcome, second: FileOutcome, files: readonly string[]): Outcome {
  const sum = (kind: keyof Counts, of: 'byFile' | 'postgresByFile'): number => {
    const keep = Object.entries(first[of]).filter(([file]) => !files.includes(file));
    return [...keep, ...Object.entries(second[of])].reduce((total, [, counts]) => total + counts[kind], 0);
  };
  const counts = (of: 'byFile' | 'postgresByFile'): Counts => ({
    passed: sum('passed', of),
    failed: sum('failed', of),
    skipped: sum('skipped', of),
  });
  return {
    ...counts('byFile'),
    onPostgres: counts('postgresByFile'),
    failures: second.failures,
    skips: first.skips,
    seconds: first.seconds,
    passedAlone: first.failures.filter((failure) => !second.failures.includes(failure)),
  };
}

type FileOutcome = Outcome & {
  readonly byFile: Readonly<Record<string, Counts>>;
  readonly postgresByFile: Readonly<Record<string, Counts>>;
};

function runOnce(names: readonly string[], concurrency: number): Promise<FileOutcome> {
  const byFile: Record<string, Counts> = {};
  const postgresByFile: Record<string, Counts> = {};
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
    const file = event.file ? relative(folder, event.file) : '';
    (byFile[file] ??= { passed: 0, failed: 0, skipped: 0 })[kind]++;
    const titles = [...(open.get(event.file ?? '') ?? []).slice(0, event.nesting), event.name];
    if (!titles.some((title) => /postgresql/i.test(title))) return;
    onPostgres[kind]++;
    (postgresByFile[file] ??= { passed: 0, failed: 0, skipped: 0 })[kind]++;
  };
  const files = names.map((name) => join(folder, name));
  const stream = run({ files, concurrency });
  const stopWatching = endSlowFiles(files, maxMinutesOfFile * 60_000);
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
      stopWatching();
      const longestFirst = Object.fromEntries(Object.entries(seconds).sort(([, a], [, b]) => b - a));
      resolve({ ...counts, onPostgres, failures, skips, seconds: longestFirst, passedAlone: [], byFile, postgresByFile });
    });
  });
}

/** What was skipped and what failed, each with its reason, and as the last line the counts. */
export function describeOutcome({
  passed,
  failed,
  skipped,
  failures,
  skips,
  passedAlone,
}: Omit<Outcome, 'seconds' | 'onPostgres'>): string {
  const list = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
  return `${list('Skipped', skips)}${list('Failed beside other tests, passed when run again alone', passedAlone)}${list('Failed', failures)}\n${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** The runner reports each file as a test of its own around the tests in it. */
function isFileNode(name: string): boolean {
  return name.endsWith('.test.js');
}
