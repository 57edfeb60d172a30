import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBlock } from '../../src/engine/onnx/training/find-block.js';
import { openDeviceTrainingSession } from '../../src/engine/onnx/training/device-training-session.js';
import { openTrainingSession } from '../../src/engine/onnx/training/open-training-session.js';
import type { TrainerOptions } from '../../src/engine/trainer.js';
import { relativeError } from './network-examples.js';
import { assertGradients, assertTensors, goldenTraining, trainerOptions, trainingBatch } from './network-train-examples.js';

const settings = { provider: 'cpu', threads: 2 } as const;
/** The last is the graph that WebGPU gets: clipping and AdamW in it, max pooling by masks. */
const ways = [
  ['in channel blocks, or by channel as correlations', (options: TrainerOptions) => openTrainingSession(options, settings), true],
  ['in the plain layout', (options: TrainerOptions) => openTrainingSession(options, { ...settings, plainLayout: true }), false],
  ['with the whole step as one graph', (options: TrainerOptions) => openDeviceTrainingSession(options, settings), false],
] as const;

for (const [way, open, inBlocks] of ways)
  for (const [name, golden] of Object.entries(goldenTraining.cases)) {
    test(`${name} on onnxruntime's CPU provider ${way} trains as PyTorch trains`, async (context) => {
      const options = trainerOptions(golden);
      const hasGroups = options.network.architecture.layers.some((layer) => layer.kind === 'conv' && layer.groups > 1);
      if (inBlocks && !hasGroups && (await findBlock('cpu')) === undefined)
        return context.skip('this processor has no kernels for channel blocks');
      const session = await open(options);
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
