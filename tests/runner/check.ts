import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../src/config.js';
import { describeOutcome, runFiles, testFiles } from './run-files.js';
import { slowTests } from './slow-tests.js';
import { endWithEverything, supervise, supervisedVariable } from './supervise.js';

/**
 * `npm run check`: types (bootstrap.mjs has compiled everything before this runs), formatter and linter (unit/lint.test.ts), and the unit tests but the
 * slow ones, in less than a minute on two cores. `npm test` runs the rest as well.
 */
const parameters = process.argv.slice(2);
if (process.env[supervisedVariable]) await check();
else process.exitCode = await supervise(fileURLToPath(import.meta.url), parameters);

async function check(): Promise<void> {
  process.exitCode = 1;
  endWithEverything();
  // Each test file is a process of its own; with compiled code at hand they take two thirds of the time.
  process.env['NODE_COMPILE_CACHE'] ??= join(projectRoot, 'node_modules/.cache/node');
  const began = Date.now();
  const unit = testFiles().filter((name) => name.startsWith('unit/'));
  const isSlow = (name: string): boolean => slowTests.some(({ files }) => files.some((file) => name.startsWith(`unit/${file}`)));
  const outcome = await runFiles(
    unit.filter((name) => !isSlow(name)),
    availableParallelism(),
  );
  for (const { files, reason } of slowTests) {
    const leftOut = unit.filter((name) => files.some((file) => name.startsWith(`unit/${file}`)));
    console.log(`Left out: ${leftOut.length} files (${files.map((file) => `${file}*`).join(', ')}), because they ${reason}.`);
  }
  const slowest = Object.entries(outcome.seconds).slice(0, 10);
  console.log(`Slowest files: ${slowest.map(([name, seconds]) => `${name} ${seconds} s`).join(', ')}`);
  console.log(`${Math.round((Date.now() - began) / 1000)} s`);
  console.log(describeOutcome(outcome));
  process.exitCode = outcome.failed > 0 || outcome.passed === 0 ? 1 : 0;
}
