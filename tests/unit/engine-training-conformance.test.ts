import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTrainingSession } from '../../src/engine/onnx/training-session.js';
import { relativeError } from './network-examples.js';
import { assertGradients, assertTensors, goldenTraining, trainerOptions, trainingBatch } from './network-train-examples.js';

for (const [name, golden] of Object.entries(goldenTraining.cases)) {
  test(`${name} on onnxruntime's CPU provider trains as PyTorch trains`, async () => {
    const session = await openTrainingSession(trainerOptions(golden), { provider: 'cpu', threads: 2 });
    for (let step = 0; step < golden.steps; step++) {
      const result = await session.step(trainingBatch(golden, step), goldenTraining.rates[step]!);
      assert.ok(!('diverged' in result));
      if (step === 0) {
        assert.ok(relativeError(result.logits, golden.logits) < 1e-4, 'logits of the first step');
        assertGradients(golden, session.gradients());
      }
      const [loss, norm] = [golden.losses[step]!, golden.gradientNorms[step]!];
      assert.ok(Math.abs(result.loss - loss) < 1e-3, `step ${step}: loss ${result.loss}, expected ${loss}`);
      assert.ok(Math.abs(result.gradientNorm - norm) < 0.01 * norm, `step ${step}: norm ${result.gradientNorm}, expected ${norm}`);
    }
    assertTensors(golden, session.state().tensors);
    await session.release();
  });
}
