import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inferenceModel } from '../../src/engine/onnx/inference-model.js';
import { openSession } from '../../src/engine/onnx/inference-session.js';
import type { NetworkWithWeights, Prediction } from '../../src/engine/engine.js';
import { exampleArchitecture, exampleNames, goldenForward, relativeError } from './network-examples.js';
import { seededImage, seededWeights } from './network-seeded.js';

/**
 * The emitted graphs against torchvision in float64 (Grad-CAM: against autograd). Tolerance as a part of the
 * largest golden value; float32 on the CPU stays below 3e-6.
 */
const tolerance = 1e-4;
const golden = goldenForward();

async function predict(network: NetworkWithWeights, foldBatchNorms: boolean): Promise<Prediction> {
  const session = await openSession(inferenceModel(network, { foldBatchNorms }), { provider: 'cpu', threads: 2 });
  const { batch, size } = golden;
  const channels = network.architecture.inputChannels;
  const prediction = await session.predict({ data: seededImage('input', batch * channels * size * size), batch, channels, height: size, width: size });
  await session.release();
  return prediction;
}

for (const name of exampleNames) {
  test(`${name} on onnxruntime's CPU provider computes what PyTorch computes`, async (context) => {
    const architecture = exampleArchitecture(name);
    const network = { architecture, tensors: seededWeights(architecture) };
    const expected = golden.networks[name]!;
    for (const folded of [true, false]) {
      await context.test(folded ? 'batch norms folded into convolutions' : 'batch norms as they are', async () => {
        const found = await predict(network, folded);
        assert.equal(found.outputs, golden.outputs);
        assert.equal(found.features, expected.features);
        assert.deepEqual([found.batch, found.outputs, found.mapHeight, found.mapWidth], expected.activationMaps.shape);
        assert.ok(relativeError(found.logits, expected.logits) < tolerance, 'logits');
        assert.ok(relativeError(found.embedding.filter((_, index) => index % 16 === 0), expected.embeddingEvery16th) < tolerance, 'embedding');
        assert.ok(relativeError(found.activationMaps, expected.activationMaps.values) < tolerance, 'activation maps');
      });
    }
  });
}
