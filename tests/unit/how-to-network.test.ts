import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { inputsOf, type Architecture } from '../../src/network/architecture.js';
import { classifier } from '../../src/network/head.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import { layerGroups } from '../../src/network/layer-groups.js';
import { inputFlow, layerList } from '../../src/network/layer-list.js';
import { seededImage } from './network-seeded.js';

/** What CONTRIBUTING.md tells somebody to write: the layers of a network, in order. Here a small VGG with batch norms. */
function smallVgg(options: { readonly inputChannels: number; readonly outputs: number }): Architecture {
  const list = layerList();
  let flow = inputFlow(options.inputChannels);
  for (const [index, channels] of [8, 16, 32].entries()) {
    flow = list.conv(`features.${index}.conv`, flow, channels, 3);
    flow = list.relu(`features.${index}.relu`, list.batchNorm(`features.${index}.norm`, flow));
    if (index < 2) flow = list.pool('max-pool', `features.${index}.pool`, flow, 2, 2, 0);
  }
  return classifier(list, flow, { name: 'small vgg', ...options, head: 'torchvision', pool: 'avgpool', linear: 'classifier' });
}

const engine = new OnnxEngine({ settings: { provider: 'cpu', threads: 1 }, description: { name: 'test', why: 'test' } });
after(() => engine.close());

const architecture = smallVgg({ inputChannels: 1, outputs: 2 });
const input = { data: seededImage('how to add a network', 4 * 32 * 32), batch: 4, channels: 1, height: 32, width: 32 };

test('every layer of an added network reads layers before it, and the layer groups contain each layer once', () => {
  const known = new Set(['input']);
  for (const layer of architecture.layers) {
    for (const read of inputsOf(layer)) assert.ok(known.has(read), `${layer.name} reads ${read}`);
    known.add(layer.name);
  }
  assert.deepEqual(
    layerGroups(architecture).flat(),
    architecture.layers.map(({ name }) => name),
  );
});

test('an added network predicts, with embedding and activation maps, without a change of the engine', async () => {
  const predictor = await engine.load({ architecture, tensors: initialWeights(architecture, 1) });
  const { logits, embedding } = await predictor.predict(input);
  assert.equal(logits.length, 4 * 2);
  assert.equal(embedding.length, 4 * architecture.features);
  assert.ok([...logits].every(Number.isFinite));
  await predictor.release();
});

test('an added network is trained without a change of the engine: the loss of a batch falls', async () => {
  const trainer = await engine.startTrainer({
    network: { architecture, tensors: initialWeights(architecture, 1) },
    objective: { kind: 'several' },
    batch: 4,
    height: 32,
    width: 32,
    layerGroups: layerGroups(architecture),
    trainFromGroup: 0,
    frozenBatchNorms: 'train',
    adamW: { beta2: 0.99, epsilon: 1e-5, weightDecay: 0.01 },
    seed: 1,
  });
  const batch = { input, targets: Float32Array.of(1, 0, 0, 1, 1, 1, 0, 0) };
  const losses: number[] = [];
  for (let step = 0; step < 8; step++) {
    losses.push((await trainer.step(batch, { learningRates: layerGroups(architecture).map(() => 0.01), momentum: 0.9 })).loss);
  }
  await trainer.release();
  assert.ok(losses.at(-1)! < losses[0]! * 0.8, losses.join(' '));
});
