import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../../src/config.js';
import { leaveOut, onceOnly } from './once-only.js';
import { withoutSlowTests } from './slow-tests.js';
import { installMissingPackages } from './needed-packages.js';
import { orthancVariable } from './select-orthanc.js';
import { asMarkdown, asText, cellsOf, type StageResult, demonstration, timeLeftMs } from './matrix-table.js';

/*
 * .ci/run: the whole suite on Node 24 with the Orthanc that is installed, the tests that start an Orthanc on Orthanc 1.12, and on Node 22 and 26 the
 * unit tests, the demonstration and the tests below. At the end a table says for each combination what passed, and the last line is
 * "N passed, N failed, N skipped" over all of them. Without --all the whole suite runs, on Orthanc 1.12 its labels and the essential tests, and on Node 22 and 26
 * the demonstration and the unit tests that take less than two seconds. Exit status 0 only if nothing failed. --write renews docs/reference/compatibility.md.
 */
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false }, all: { type: 'boolean', default: false } } });

/** From the PACS to the report, with both databases: what a combination has to show at least. */
const essential = ['integration/report-study', 'integration/many-processes', 'integration/store.test'];

/** What Orthanc has since 1.12. */
const labels = ['integration/result-labels', 'integration/hostile-labels', 'integration/labels'];

interface Stage {
  readonly node: '22' | '24' | '26';
  readonly orthanc: 'installed' | '1.12';
  readonly what: string;
  /** For `npm test`; undefined: `npm run demo -- --once`. */
  readonly tests: readonly string[] | undefined;
  /** Also without --all. */
  readonly isAlwaysRun?: boolean;
}

const stages: readonly Stage[] = [
  { node: '24', orthanc: 'installed', what: 'the whole suite', tests: [], isAlwaysRun: true },
  values.all
    ? { node: '24', orthanc: '1.12', what: 'the tests that start an Orthanc', tests: ['--orthanc', ...leaveOut('orthanc')] }
    : { node: '24', orthanc: '1.12', what: 'labels, essential integration tests', tests: [...essential, ...labels], isAlwaysRun: true },
  ...(['22', '26'] as const).flatMap((node): Stage[] => [
    { node, orthanc: 'installed', what: demonstration, tests: undefined, isAlwaysRun: true },
    values.all
      ? { node, orthanc: 'installed', what: 'unit tests, essential integration tests', tests: ['unit/', ...essential, ...leaveOut('node')] }
      : {
          node,
          orthanc: 'installed',
          what: 'unit tests but the slow ones',
          tests: ['unit/', ...withoutSlowTests(), ...leaveOut('node')],
          isAlwaysRun: true,
        },
    { node, orthanc: '1.12', what: 'essential integration tests', tests: essential },
  ]),
];

/** A stage that would begin later is not run, so that the whole ends within 80 minutes on two cores. */
const maxMinutesToBegin = 70;
/** A stage that is still running then is ended, and counts as not run; the whole suite counts as failed. */
const maxMinutes = 80;

const folder = mkdtempSync(join(tmpdir(), 'chest-ai-matrix-'));
installMissingPackages();
const began = Date.now();
const results = stages.map((stage, index) =>
  !stage.isAlwaysRun && !values.all
    ? notRun(stage, 'only with .ci/run --all')
    : minutes() > maxMinutesToBegin
      ? notRun(stage, `${maxMinutesToBegin} minutes had passed`)
      : runStage(stage, join(folder, `${index}.json`)),
);
rmSync(folder, { recursive: true });
const cells = cellsOf(results);
console.log(`\n${asText(cells)}`);
for (const [kind, files] of Object.entries(onceOnly))
  console.log(
    `Run once, not on another ${kind === 'node' ? 'Node' : 'Orthanc'}: ${files.map(({ file, reason }) => `${file} (${reason})`).join('; ')}`,
  );
console.log(`${Math.round(minutes())} minutes`);
if (values.write) {
  const file = join(projectRoot, 'docs/reference/compatibility.md');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, asMarkdown(cells, new Date()));
}
const disorderly = results.filter(({ crashed, failed }) => crashed && failed === 0);
const total = (kind: 'passed' | 'failed' | 'skipped'): number => results.reduce((sum, one) => sum + one[kind], 0);
for (const { node, orthanc, what, failures = [] } of results)
  for (const failure of failures) console.log(`Failed on Node ${node}, Orthanc ${orthanc} (${what}): ${failure}`);
for (const { node, orthanc, what, passedAlone = [] } of results)
  for (const one of passedAlone) console.log(`Passed only when run again alone, on Node ${node}, Orthanc ${orthanc} (${what}): ${one}`);
for (const { node, orthanc, what } of disorderly) console.log(`Did not end in order on Node ${node}, Orthanc ${orthanc}: ${what}`);
console.log(`\n${total('passed')} passed, ${total('failed') + disorderly.length} failed, ${total('skipped')} skipped`);
process.exitCode = results.some((one) => one.failed > 0 || one.crashed) ? 1 : 0;

function minutes(): number {
  return (Date.now() - began) / 60_000;
}

function emptyResult({ node, orthanc, what }: Stage): StageResult {
  return { node, orthanc, what, passed: 0, failed: 0, skipped: 0, onPostgres: { passed: 0, failed: 0, skipped: 0 }, crashed: false };
}

function notRun(stage: Stage, reason: string): StageResult {
  console.log(`\n=== Not run: Node ${stage.node}, Orthanc ${stage.orthanc}: ${stage.what} (${reason})`);
  return { ...emptyResult(stage), notRun: reason };
}

function runStage(stage: Stage, summary: string): StageResult {
  const { node, orthanc, what, tests } = stage;
  const base = emptyResult(stage);
  if (orthanc === '1.12') {
    const { status, stderr } = spawnSync(join(projectRoot, 'tests/support/orthanc-1.12.sh'), { encoding: 'utf8' });
    if (status !== 0) return { ...base, notRun: stderr.trim().split('\n').at(-1) ?? 'Orthanc 1.12 cannot be had' };
  }
  console.log(`\n=== Node ${node}, Orthanc ${orthanc}: ${what}`);
  const command = tests ? ['--run', 'dist/tests/run.js', ...tests] : ['demo', '--once'];
  const env = { ...process.env, CHEST_AI_NODE: node, [orthancVariable]: orthanc, CHEST_AI_TEST_SUMMARY: summary };
  const started = Date.now();
  // If this process is ended, the kernel tells the stage, which then ends what it started.
  const endWithUs = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--'] : [];
  const [program, ...parameters] = [...endWithUs, process.execPath, join(projectRoot, 'bootstrap.mjs'), ...command];
  const timeout = timeLeftMs(maxMinutes, minutes());
  const { status, error } = spawnSync(program!, parameters, { cwd: projectRoot, stdio: 'inherit', env, timeout });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') {
    const reason = `not at its end after ${maxMinutes} minutes`;
    // Other combinations may be left out for want of time, the whole suite never.
    return tests?.length === 0 ? { ...notRun(stage, reason), crashed: true } : notRun(stage, reason);
  }
  console.log(`=== ${Math.round((Date.now() - started) / 1000)} s, exit status ${status}`);
  if (!tests) return { ...base, ...(status === 0 ? { passed: 1 } : { failed: 1 }) };
  if (!existsSync(summary)) return { ...base, crashed: true };
  return { ...base, ...(JSON.parse(readFileSync(summary, 'utf8')) as Partial<StageResult>), crashed: status !== 0 };
}
