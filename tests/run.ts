import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { installMissingPackages } from './runner/needed-packages.js';
import { describeOutcome, runFiles, sourceOf, testFiles } from './runner/run-files.js';
import { selectOrthanc, startsOrthanc } from './runner/select-orthanc.js';
import { endWithEverything, supervise, supervisedVariable } from './runner/supervise.js';

/**
 * `npm test`: installs the Debian packages that the tests use where that is possible, runs every *.test.js, and ends with the counts in one line.
 * `npm test -- unit/sr` runs the files whose path contains that text, `-unit/sr` leaves them out, `--orthanc` runs those that start an Orthanc.
 *
 * In the environment: CHEST_AI_TEST_ORTHANC=1.12 runs them on Debian 13's Orthanc; CHEST_AI_TEST_SUMMARY names a file for the outcome, as JSON.
 */
const parameters = process.argv.slice(2);
if (process.env[supervisedVariable]) await runTests();
else process.exitCode = await supervise(fileURLToPath(import.meta.url), parameters);

async function runTests(): Promise<void> {
  // Until the end is known, nothing has passed.
  process.exitCode = 1;
  endWithEverything();
  installMissingPackages();
  const orthanc = await selectOrthanc();
  const filters = parameters.filter((one) => !one.startsWith('-'));
  const leftOut = parameters.filter((one) => /^-[^-]/.test(one)).map((one) => one.slice(1));
  const files = testFiles()
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .filter((name) => !leftOut.some((filter) => name.includes(filter)))
    .filter((name) => !parameters.includes('--orthanc') || startsOrthanc(sourceOf(name)));
  console.log(`${files.length} files on Node ${process.versions.node}, ${orthanc ? `Orthanc ${orthanc}` : 'without an Orthanc'}`);

  // Tests wait for half of their time: two at once use one core of two.
  const outcome = await runFiles(files, availableParallelism() + 1);
  const slowest = Object.entries(outcome.seconds).slice(0, 10);
  if (files.length > 10) console.log(`\nSlowest files: ${slowest.map(([name, seconds]) => `${name} ${seconds} s`).join(', ')}`);
  console.log(describeOutcome(outcome));
  const summary = process.env['CHEST_AI_TEST_SUMMARY'];
  if (summary) writeFileSync(summary, JSON.stringify({ node: process.versions.node, orthanc, ...outcome }));
  process.exitCode = outcome.failed > 0 || outcome.passed === 0 ? 1 : 0;
}
