import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig, projectRoot } from '../../src/config.js';
import { noTransforms } from '../../src/dataset/augmentation.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { aurocScore } from '../../src/evaluation/metrics/auroc.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import type { FindingRule } from '../../src/evaluation/rules.js';
import { networkInput } from '../../src/pixels/network-input.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { openRegistry } from '../../src/registry/registry.js';
import { retrainingFolders } from '../../src/retraining/retraining-folders.js';
import { retrainingPlanSchema, type RetrainingPlan } from '../../src/retraining/retraining-plan.js';
import { readOutcome } from '../../src/retraining/run-outcome.js';
import { trainingProgram, type TrainingProcessSettings } from '../../src/retraining/train-in-process.js';
import { fastaiRecipe } from '../../src/training/recipe.js';
import { eventually } from '../support/eventually.js';
import { onnxCandidate, onnxOutputs } from '../support/onnx-candidate.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { phantomPatient, plannedPhantoms, usualPart } from '../support/phantom-patients.js';

const patients = 320;
const dataDir = temporaryDirectory('retrain-frozen');
const registry = openRegistry(join(dataDir, 'models'));
const engine = await startEngine({ prefer: 'onnx-cpu', threads: 1 });
after(() => engine.close());

function planOf(id: string, champion: string, images: RetrainingPlan['images']): RetrainingPlan {
  return retrainingPlanSchema.parse({
    id,
    startedAt: new Date().toISOString(),
    by: 'test',
    champion,
    classes: ['pneumonia'],
    objective: 'several',
    images,
    best: [],
    lock: 'test',
    warnings: [],
    recipe: { ...fastaiRecipe, augmentation: noTransforms, seed: 1, batch: 16, stages: [{ what: 'head', epochs: 1, rate: 0.01 }] },
    rules: { ...defaultPromotionRules, resamples: 100 },
  });
}

/** The training process of a run, as the service starts it. */
function startTraining(folder: string, plan: RetrainingPlan): ReturnType<typeof spawn> {
  mkdirSync(folder, { recursive: true });
  const settings: TrainingProcessSettings = {
    dataDir,
    findingsFile: loadConfig({}).findingsFile,
    prefer: 'onnx-cpu',
    threads: 1,
    codeVersion: 'test',
    line: 'default',
    thresholds: {},
  };
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
  return spawn(process.execPath, [trainingProgram, folder], { cwd: projectRoot, stdio: ['ignore', 'ignore', 'inherit'] });
}

const ended = (child: ReturnType<typeof spawn>): Promise<void> => new Promise((resolve) => void child.once('close', () => resolve()));

/** Logits of all outputs for the patients of the test set. */
async function logitsOf({ networks }: ModelVersion, numbers: readonly number[]): Promise<readonly (readonly number[])[]> {
  const { network, input } = networks.xray!;
  const predictor = await engine.load(network);
  const { channels, height, width } = input;
  const rows: number[][] = [];
  for (const number of numbers) {
    const { logits } = await predictor.predict({
      data: networkInput(phantomPatient(number).image, input),
      batch: 1,
      channels,
      height,
      width,
    });
    rows.push([...logits]);
  }
  await predictor.release();
  return rows;
}

test('the head of an ONNX graph with a frozen body: AUROC rises, other findings stay, and a run that is killed continues to the same version', async () => {
  const champion = await registry.add(await onnxCandidate());
  await registry.putFirst(champion.version, { by: 'test', why: 'first', at: new Date() });
  const cache = new PictureCache(retrainingFolders({ dataDir }).pictures, champion.networks.xray!.input);
  const images = await plannedPhantoms(cache, 0, patients, usualPart);

  const whole = join(dataDir, 'whole');
  await ended(startTraining(whole, planOf('whole', champion.version, images)));
  const outcome = await readOutcome(whole);
  assert.ok(outcome, 'an outcome of the run');
  const challenger = await registry.load(outcome.challenger);

  const numbers = Array.from({ length: patients }, (_, number) => number).filter((number) => usualPart(number) === 'test');
  const yTrue = numbers.map((number) => (phantomPatient(number).diseased ? 1 : 0));
  const [before, now] = [await logitsOf(champion, numbers), await logitsOf(challenger, numbers)];
  const auroc = (rows: readonly (readonly number[])[]): number =>
    aurocScore(
      yTrue,
      rows.map(([pneumonia]) => pneumonia!),
    )!;
  console.log(
    `AUROC of pneumonia on ${numbers.length} locked patients: ${auroc(before).toFixed(3)} before, ${auroc(now).toFixed(3)} after`,
  );
  assert.ok(auroc(now) > auroc(before) + 0.1 && auroc(now) > 0.75, `${auroc(before)} before, ${auroc(now)} after`);
  assert.ok(Math.abs((outcome.evaluation.challenger.auroc['pneumonia']?.value ?? 0) - auroc(now)) < 0.02);
  for (const [image, row] of now.entries())
    for (const output of [1, 2, 3]) assert.ok(Math.abs(row[output]! - before[image]![output]!) < 1e-3, 'a finding without labels changed');

  const { outputs, gate, network } = challenger.networks.xray!;
  assert.deepEqual(outputs.slice(1), onnxOutputs.slice(1));
  const pneumonia = outputs[0] as FindingRule;
  assert.deepEqual([pneumonia.name, pneumonia.calibratedHere], ['pneumonia', true]);
  assert.ok(gate && gate.maxDistance > 0, 'the feature guard is fitted on the training images');
  assert.ok('format' in network && network.classActivation, 'regions by the new head');
  assert.deepEqual(challenger.file.adopted, champion.file.adopted);
  assert.equal(challenger.lineage!.parent, champion.version);

  const killed = join(dataDir, 'killed');
  const plan = { ...planOf('whole', champion.version, images), id: 'killed' };
  const first = startTraining(killed, plan);
  const chunks = (): readonly string[] => (existsSync(join(killed, 'embeddings')) ? readdirSync(join(killed, 'embeddings')) : []);
  await eventually('the first embeddings are on disk', () => assert.ok(chunks().some((name) => name.endsWith('.safetensors'))), {
    intervalMs: 5,
  });
  first.kill('SIGKILL');
  await ended(first);
  assert.equal(await readOutcome(killed), undefined, 'it was killed before its end');
  const done = chunks().filter((name) => name.endsWith('.safetensors'));
  await ended(startTraining(killed, plan));
  const resumed = await readOutcome(killed);
  assert.ok(resumed);
  assert.ok(done.every((name) => chunks().includes(name)));
  // The run's name and times are in the lineage, not in what names a version.
  assert.equal(resumed.challenger, outcome.challenger, 'the same weights, to the byte');
});
