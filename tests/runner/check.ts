import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describeOutcome, runFiles, testFiles } from './run-files.js';
import { endWithEverything, supervise, supervisedVariable } from './supervise.js';

/** Unit tests that `npm run check` leaves out, by the beginning of their name. */
export const slowTests: readonly { readonly files: string; readonly reason: string }[] = [
  { files: 'unit/engine-', reason: 'start engines in processes of their own and train with each' },
];

/**
 * `npm run check`: types (bootstrap.mjs has compiled everything before this runs), formatter and linter (unit/lint.test.ts), and the unit tests but the
 * slowest ones (four minutes on two cores). `npm test` runs the rest as well.
 */
const parameters = process.argv.slice(2);
if (process.env[supervisedVariable]) await check();
else process.exitCode = await supervise(fileURLToPath(import.meta.url), parameters);

async function check(): Promise<void> {
  process.exitCode = 1;
  endWithEverything();
  const began = Date.now();
  const unit = testFiles().filter((name) => name.startsWith('unit/'));
  const isSlow = (name: string): boolean => slowTests.some(({ files }) => name.startsWith(files));
  const outcome = await runFiles(
    unit.filter((name) => !isSlow(name)),
    availableParallelism(),
  );
  for (const { files, reason } of slowTests)
    console.log(`Left out: ${unit.filter((name) => name.startsWith(files)).length} files ${files}*, because they ${reason}.`);
  const slowest = Object.entries(outcome.seconds).slice(0, 10);
  console.log(`Slowest files: ${slowest.map(([name, seconds]) => `${name} ${seconds} s`).join(', ')}`);
  console.log(`${Math.round((Date.now() - began) / 1000)} s`);
  console.log(describeOutcome(outcome));
  process.exitCode = outcome.failed > 0 || outcome.passed === 0 ? 1 : 0;
}
