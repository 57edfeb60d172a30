import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBlock } from '../../src/engine/onnx/find-block.js';
import { openTrainingSession } from '../../src/engine/onnx/training-session.js';
import { relativeError } from './network-examples.js';
import { assertGradients, assertTensors, goldenTraining, trainerOptions, trainingBatch } from './network-train-examples.js';

const layouts = [
  ['in channel blocks', false],
  ['in the plain layout', true],
] as const;

for (const [layout, plainLayout] of layouts) for (const [name, golden] of Object.entries(goldenTraining.cases)) {
  test(`${name} on onnxruntime's CPU provider ${layout} trains as PyTorch trains`, async (context) => {
    if (!plainLayout && (await findBlock('cpu')) === undefined) return context.skip('this processor has no kernels for channel blocks');
    const session = await openTrainingSession(trainerOptions(golden), { provider: 'cpu', threads: 2, plainLayout });
    for (let step = 0; step < golden.steps; step++) {
      const result = await session.step(trainingBatch(golden, step), goldenTraining.rates[step]!);
      assert.ok(!('diverged' in result));
      if (step === 0) {
        assert.ok(relativeError(result.logits, golden.logits) < 1e-4, 'logits of the first step');
        assertGradients(golden, await session.gradients());
      }
      const [loss, norm] = [golden.losses[step]!, golden.gradientNorms[step]!];
      assert.ok(Math.abs(result.loss - loss) < 1e-3, `step ${step}: loss ${result.loss}, expected ${loss}`);
      assert.ok(Math.abs(result.gradientNorm - norm) < 0.01 * norm, `step ${step}: norm ${result.gradientNorm}, expected ${norm}`);
    }
    assertTensors(golden, (await session.state()).tensors);
    await session.release();
  });
}
