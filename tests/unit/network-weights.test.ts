import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startEngine, type StartedEngine } from '../../src/engine/start-engine.js';
import { architectureOf } from '../../src/network/architecture-spec.js';
import { headNetwork } from '../../src/network/head-network.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import { networkPreset } from '../../src/network/presets.js';
import { transferWeights } from '../../src/network/transfer-weights.js';
import { headLogits } from '../../src/training/head-logits.js';
import { relativeError } from './network-examples.js';
import { seededImage, seededWeights } from './network-seeded.js';

describe('first weights', () => {
  test('the same seed gives the same, another seed other ones', () => {
    const architecture = architectureOf(networkPreset('starter', { inputChannels: 1, outputs: 2, head: 'torchvision' }));
    assert.deepEqual(initialWeights(architecture, 1), initialWeights(architecture, 1));
    assert.notDeepEqual(initialWeights(architecture, 1).get('conv1.weight'), initialWeights(architecture, 2).get('conv1.weight'));
    const bias = initialWeights(architecture, 1).get('fc.bias')!.data;
    assert.ok(
      bias.every((value) => value !== 0 && Math.abs(value) <= 1 / Math.sqrt(192)),
      'torch.nn.Linear begins with a small bias',
    );
  });
});

describe('on an engine', () => {
  let engine: StartedEngine;
  before(async () => {
    engine = await startEngine({ prefer: 'onnx-cpu', threads: 1 });
  });
  after(() => engine.close());

  for (const head of ['torchvision', 'fastai'] as const) {
    test(`the head of ${head}, computed from embeddings, says what the engine says`, async () => {
      const architecture = architectureOf(networkPreset('starter', { inputChannels: 1, outputs: 3, head }));
      const tensors = seededWeights(architecture);
      const predictor = await engine.load({ architecture, tensors });
      const { logits, embedding } = await predictor.predict({
        data: seededImage('head', 2 * 64 * 64),
        batch: 2,
        channels: 1,
        height: 64,
        width: 64,
      });
      await predictor.release();
      assert.ok(relativeError(headLogits(headNetwork(architecture), tensors, embedding), logits) < 1e-5);
    });
  }

  test('published weights for three colours answer the same for one grey channel; the head stays fresh', async () => {
    const spec = { outputs: 3, head: 'torchvision' } as const;
    const colour = architectureOf(networkPreset('starter', { inputChannels: 3, ...spec }));
    const grey = architectureOf(networkPreset('starter', { inputChannels: 1, ...spec }));
    const published = seededWeights(colour);
    const { tensors, fresh } = transferWeights(grey, initialWeights(grey, 1), published, 'published');
    assert.deepEqual(fresh, [], 'a head that fits is taken over too');
    const image = seededImage('grey', 64 * 64);
    const ask = async (architecture: typeof grey, weights: typeof published, channels: number): Promise<Float32Array> => {
      const predictor = await engine.load({ architecture, tensors: weights });
      const data = new Float32Array(channels * image.length);
      for (let channel = 0; channel < channels; channel++) data.set(image, channel * image.length);
      const { logits } = await predictor.predict({ data, batch: 1, channels, height: 64, width: 64 });
      await predictor.release();
      return logits;
    };
    assert.ok(relativeError(await ask(grey, tensors, 1), await ask(colour, published, 3)) < 1e-5);
  });
});

test('a body that does not fit is refused by the name of its tensor; a head that does not fit stays fresh', () => {
  const thousand = architectureOf(networkPreset('starter', { inputChannels: 1, outputs: 1000, head: 'torchvision' }));
  const three = architectureOf(networkPreset('starter', { inputChannels: 1, outputs: 3, head: 'torchvision' }));
  const published = seededWeights(thousand);
  const { tensors, taken, fresh } = transferWeights(three, initialWeights(three, 1), published, 'file');
  assert.deepEqual(fresh, ['fc.weight', 'fc.bias']);
  assert.equal(taken.length + fresh.length, tensors.size);
  assert.deepEqual(tensors.get('layer4.0.conv1.weight'), published.get('layer4.0.conv1.weight'));
  const without = new Map([...published].filter(([name]) => name !== 'layer2.0.bn1.weight'));
  assert.throws(
    () => transferWeights(three, initialWeights(three, 1), without, 'file'),
    /layer2\.0\.bn1\.weight: expected shape \[64\], found none/,
  );
});
