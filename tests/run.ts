import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../src/config.js';
import { installMissingPackages } from './runner/needed-packages.js';
import { selectOrthanc, startsOrthanc } from './runner/select-orthanc.js';
import { endWithEverything, supervise, supervisedVariable } from './runner/supervise.js';

/**
 * `npm test`: installs the Debian packages the tests drive where that is possible, runs every *.test.js,
 * and ends with one plain line. `npm test -- unit/sr` runs the files whose path holds that text, `npm test -- --orthanc` those that start an Orthanc.
 *
 * In the environment: CHEST_AI_TEST_ORTHANC=1.12 runs them on Debian 13's Orthanc; CHEST_AI_TEST_SUMMARY names a file for the figures, as JSON.
 */
const parameters = process.argv.slice(2);
if (process.env[supervisedVariable]) await runTests();
else process.exitCode = await supervise(fileURLToPath(import.meta.url), parameters);

async function runTests(): Promise<void> {
  endWithEverything();
  installMissingPackages();
  const orthanc = await selectOrthanc();
  const filters = parameters.filter((one) => !one.startsWith('--'));
  const folder = join(projectRoot, 'dist/tests');
  const sourceOf = (name: string): string => join(projectRoot, 'tests', name.replace(/\.js$/, '.ts'));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .filter((name) => existsSync(sourceOf(name)))
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .filter((name) => !parameters.includes('--orthanc') || startsOrthanc(sourceOf(name)))
    .sort()
    .map((name) => join(folder, name));
  console.log(`${files.length} files on Node ${process.versions.node}, ${orthanc ? `Orthanc ${orthanc}` : 'without an Orthanc'}`);

  const counts = { passed: 0, failed: 0, skipped: 0 };
  const onPostgres = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  const skips: string[] = [];
  /** Names of the suites that are open, by file: a test is on PostgreSQL if one of them, or its own, says so. */
  const open = new Map<string, string[]>();
  const count = (
    kind: keyof typeof counts,
    event: { readonly file?: string | undefined; readonly name: string; readonly nesting: number },
  ): void => {
    counts[kind]++;
    const names = [...(open.get(event.file ?? '') ?? []).slice(0, event.nesting), event.name];
    if (names.some((name) => /postgresql/i.test(name))) onPostgres[kind]++;
  };
  const stream = run({ files, concurrency: 2, timeout: 15 * 60_000 });
  stream.on('test:start', (event) => {
    const names = open.get(event.file ?? '') ?? [];
    names[event.nesting] = event.name;
    open.set(event.file ?? '', names);
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
  report.on('end', () => {
    if (skips.length) console.log(`\nSkipped:\n${skips.map((line) => `  ${line}`).join('\n')}`);
    if (failures.length) console.log(`\nFailed:\n${failures.map((line) => `  ${line}`).join('\n')}`);
    const { passed, failed, skipped } = counts;
    console.log(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
    const summary = process.env['CHEST_AI_TEST_SUMMARY'];
    if (summary) writeFileSync(summary, JSON.stringify({ node: process.versions.node, orthanc, ...counts, onPostgres, failures, skips }));
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  });
  // Until the end is told, nobody has passed.
  process.exitCode = 1;
  report.pipe(process.stdout);
}

/** The runner reports each file as a test of its own around the tests in it. */
function isFileNode(name: string): boolean {
  return name.endsWith('.test.js');
}
