import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../src/config.js';
import { describeOutcome, runFiles, testFiles } from './run-files.js';
import { endWithEverything, supervise, supervisedVariable } from './supervise.js';

/** Unit tests that `npm run check` leaves out, by the beginnings of their names: each of these files takes longer than two seconds. */
export const slowTests: readonly { readonly files: readonly string[]; readonly reason: string }[] = [
  { files: ['engine-'], reason: 'start engines in processes of their own and train with each' },
  { files: ['adopt-'], reason: 'read and run models of others in confined processes' },
  { files: ['network-detection', 'network-published', 'training-fit', 'training-checkpoint'], reason: 'compute or train whole networks' },
  {
    files: ['demo-documents', 'how-to-document-profile', 'serving', 'several-models', 'sample', 'check-drift'],
    reason: 'analyse studies with a model',
  },
  {
    files: ['evaluation-promotion', 'evaluation-walk-down', 'evaluation-gate-bounds', 'web-gate-sentences'],
    reason: 'simulate many decisions of the gate',
  },
  {
    files: ['pixels-headers', 'pixels-pool', 'pixels-frontal-check', 'pixels-real', 'pixels-ct', 'display-frame'],
    reason: 'decode many images',
  },
  {
    files: [
      'message-story',
      'fhir-',
      'hl7-',
      'email-',
      'webhook-',
      'how-to-outbound-channel',
      'login-return',
      'follow-changes',
      'label-overview',
      'backfill',
    ],
    reason: 'talk to servers of other systems or open a database',
  },
  { files: ['registry-', 'triage-simulation'], reason: 'write many model versions, or simulate departments' },
  { files: ['upload', 'dataset-import', 'dataset-guard'], reason: 'write and read many or large files' },
  {
    files: ['bootstrap', 'compose', 'deployment', 'orthanc-', 'review-secrets', 'docs-facts', 'helm-chart', 'alert-rules'],
    reason: 'start programs',
  },
];

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
