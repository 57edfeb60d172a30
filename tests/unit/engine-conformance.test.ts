import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import type { StartedEngine } from '../../src/engine/candidates.js';
import type { InputBatch, NetworkWithWeights, Prediction } from '../../src/engine/engine.js';
import { inferenceModel } from '../../src/engine/onnx/inference/inference-model.js';
import { openSession } from '../../src/engine/onnx/inference/inference-session.js';
import { enginesAtHand } from './engines-at-hand.js';
import { exampleArchitecture, goldenForward, relativeError } from './network-examples.js';
import { seededImage, seededWeights } from './network-seeded.js';

/**
 * Every network on every engine at hand against torchvision in float64 (Grad-CAM: against autograd). Tolerance as a part of the
 * largest golden value; float32 on the processor stays below 3e-6. Engines that are not at hand are skipped with the reason;
 * WebGPU on a GPU that is software (SwiftShader) gets the starter only.
 */
const tolerance = 1e-4;
const golden = goldenForward();
const { batch, size } = golden;

const engines = await enginesAtHand();
const started = new Map<string, StartedEngine>();
after(() => Promise.all([...started.values()].map((engine) => engine.close())));

for (const engine of engines) {
  if ('absent' in engine) test(`${engine.name} computes what PyTorch computes`, { skip: `not run (${engine.absent})` }, () => undefined);
}

for (const [name, { conditioning }] of Object.entries(golden.networks)) {
  test(`${name} gives what it gives in PyTorch`, async (context) => {
    const architecture = exampleArchitecture(name);
    const network: NetworkWithWeights = { architecture, tensors: seededWeights(architecture, conditioning) };
    const channels = architecture.inputChannels;
    const input: InputBatch = { data: seededImage('input', batch * channels * size * size), batch, channels, height: size, width: size };
    for (const engine of engines) {
      if ('absent' in engine || (engine.software && name !== 'starter')) continue;
      await context.test(`on ${engine.name}`, async (one) => {
        if (!started.has(engine.name)) started.set(engine.name, await engine.start());
        const predictor = await started.get(engine.name)!.load(network);
        check(name, await predictor.predict(input), one);
        await predictor.release();
      });
    }
    await context.test('as an ONNX graph whose batch norms are not folded into convolutions', async (one) => {
      const session = await openSession(inferenceModel(network, { foldBatchNorms: false }), { provider: 'cpu', threads: 2 });
      check(name, await session.predict(input), one);
      await session.release();
    });
  });
}

function check(name: string, found: Prediction, context: TestContext): void {
  const expected = golden.networks[name]!;
  assert.equal(found.outputs, golden.outputs);
  assert.equal(found.features, expected.features);
  assert.deepEqual([found.batch, found.outputs, found.mapHeight, found.mapWidth], expected.activationMaps.shape);
  const errors = {
    logits: relativeError(found.logits, expected.logits),
    embedding: relativeError(
      found.embedding.filter((_, index) => index % 16 === 0),
      expected.embeddingEvery16th,
    ),
    'activation maps': relativeError(found.activationMaps, expected.activationMaps.values),
  };
  context.diagnostic(
    Object.entries(errors)
      .map(([what, error]) => `${what} ${error.toExponential(1)}`)
      .join(', '),
  );
  for (const [what, error] of Object.entries(errors)) assert.ok(error < tolerance, `${what}: ${error}`);
}
