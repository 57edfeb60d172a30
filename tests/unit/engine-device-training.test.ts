import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTrainingSession } from '../../src/engine/onnx/training/open-training-session.js';
import type { TrainingSession } from '../../src/engine/onnx/training/training-session.js';
import type { StepResult } from '../../src/engine/trainer.js';
import { enginesAtHand } from './engines-at-hand.js';
import { relativeError } from './network-examples.js';
import {
  assertGradients,
  assertTensors,
  goldenTraining,
  trainerOptions,
  trainingBatch,
  type GoldenCase,
} from './network-train-examples.js';

/**
 * Training with the WebGPU provider of onnxruntime, weights staying on the device, held to what autograd and AdamW did in float64.
 *
 * A GPU that is software takes seconds for a step: it gets the smallest network, once with all its steps, and once with fastai's head.
 */
const engine = (await enginesAtHand(['onnx-webgpu']))[0]!;
const skip = 'absent' in engine ? `not run (${engine.absent})` : false;
const software = !('absent' in engine) && engine.software;
const settings = { provider: 'webgpu', threads: 2 } as const;

function stepsOf(name: string, { steps }: GoldenCase): number {
  if (!software || name === 'starter') return steps;
  return name === 'starter-fastai' ? 1 : 0;
}

async function goldenStep(session: TrainingSession, golden: GoldenCase, step: number): Promise<StepResult> {
  const result = await session.step(trainingBatch(golden, step), goldenTraining.rates[step]!);
  assert.ok(!('diverged' in result));
  const [loss, norm] = [golden.losses[step]!, golden.gradientNorms[step]!];
  assert.ok(Math.abs(result.loss - loss) < 1e-3, `step ${step}: loss ${result.loss}, expected ${loss}`);
  assert.ok(Math.abs(result.gradientNorm - norm) < 0.01 * norm, `step ${step}: norm ${result.gradientNorm}, expected ${norm}`);
  return result;
}

for (const [name, golden] of Object.entries(goldenTraining.cases)) {
  const steps = stepsOf(name, golden);
  if (steps === 0) continue;
  test(`${name} trains on onnxruntime's WebGPU provider as PyTorch trains, ${steps} of ${golden.steps} steps`, { skip }, async () => {
    const session = await openTrainingSession(trainerOptions(golden), settings);
    for (let step = 0; step < steps; step++) {
      const result = await goldenStep(session, golden, step);
      if (step > 0) continue;
      assert.ok(relativeError(result.logits, golden.logits) < 1e-4, 'logits of the first step');
      assertGradients(golden, await session.gradients());
    }
    if (steps === golden.steps) assertTensors(golden, (await session.state()).tensors);
    await session.release();
  });
}

test('what stays on the device comes back as a state to go on from; a step that diverges leaves it as it was', { skip }, async () => {
  const golden = goldenTraining.cases['starter several findings']!;
  const options = trainerOptions(golden);
  const first = await openTrainingSession(options, settings);
  const before = await first.state();
  assert.deepEqual(before.tensors, options.network.tensors);
  const broken = trainingBatch(golden, 0);
  broken.input.data[5] = NaN;
  const refused = await first.step(broken, goldenTraining.rates[0]!);
  assert.ok('diverged' in refused);
  assert.match(refused.diverged, / is NaN in step 0$/);
  assert.deepEqual(await first.state(), before);
  await goldenStep(first, golden, 0);
  const resume = await first.state();
  await first.release();
  assert.equal(resume.step, 1);
  const second = await openTrainingSession({ ...options, resume }, settings);
  await goldenStep(second, golden, 1);
  await second.release();
});
