import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOfWeights } from '../../src/commands/training-options.js';
import { architectureOf } from '../../src/network/architecture-spec.js';
import { publishedWeights } from '../../src/network/published-weights.js';

test('published weights name the network that they belong to, with any head; a file does not', () => {
  for (const { name, spec } of publishedWeights) {
    assert.deepEqual(networkOfWeights(name), spec);
    for (const head of ['torchvision', 'fastai'] as const)
      assert.equal(architectureOf({ ...networkOfWeights(name)!, inputChannels: 1, outputs: 4, head }).outputs, 4, name);
  }
  assert.equal(networkOfWeights('weights.safetensors'), undefined);
  assert.equal(networkOfWeights(undefined), undefined);
});
