import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recipeByMemory } from '../../src/retraining/retraining-recipe.js';
import { loadConfig } from '../../src/config.js';
import { machineMemory } from '../../src/engine/machine-memory.js';
import { trainingBytes } from '../../src/engine/training-memory.js';
import { Fault } from '../../src/errors.js';
import { layerGroups } from '../../src/network/layer-groups.js';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { batchByMemory } from '../../src/training/batch-by-memory.js';
import { exampleArchitecture } from './network-examples.js';
import { knownNetwork } from '../../src/network/loadable-network.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const densenet = exampleArchitecture('densenet-121');
const size = { height: 224, width: 224 };

test('the batch fits half of the memory in the stage that takes most, and says why', () => {
  const all = batchByMemory(densenet, [{ what: 'head' }, { what: 'head-train-bn' }, { what: 'all' }], size, 10e9, 16);
  const bytes = (batch: number): number =>
    trainingBytes(densenet, { layerGroups: layerGroups(densenet), trainFromGroup: 0, frozenBatchNorms: 'still', ...size, batch });
  assert.ok(all.batch >= 2 && all.batch < 16 && bytes(all.batch) <= 5e9, `batch of ${all.batch}`);
  assert.match(all.why, /^about \d\.\d of 5\.0 GB, half of the memory here$/);
  assert.deepEqual(batchByMemory(densenet, [{ what: 'all' }], size, 10e9, 16), all, 'the same memory, the same batch');
  assert.ok(batchByMemory(densenet, [{ what: 'head-train-bn' }], size, 10e9, 16).batch >= all.batch);
});

test('no more than is asked for, and with the head alone no less', () => {
  const large = batchByMemory(densenet, [{ what: 'all' }], size, 1e12, 16);
  assert.equal(large.batch, 16);
  assert.match(large.why, /no more is tried by itself/);
  assert.equal(batchByMemory(densenet, [{ what: 'head' }], size, 1e9, 16).batch, 16);
});

test('too little memory is told with the way out', () => {
  assert.throws(
    () => batchByMemory(densenet, [{ what: 'all' }], size, 1e9, 16),
    (error) =>
      error instanceof Fault &&
      error.code === 'request-invalid' &&
      /a batch of 2 of densenet.* takes about .* GB, 0\.5 GB are there.*smaller pictures/.test(error.message),
  );
});

test('a retraining run uses the batch of its settings, else what fits in memory for the champion', async () => {
  const served = (await loadModelVersion(twoFindingModel)).networks.xray!;
  const { retraining } = loadConfig({});
  assert.equal(retraining.batch, undefined);
  const expected = batchByMemory(knownNetwork(served.network, 'test').architecture, [{ what: 'all' }], served.input, machineMemory(), 32);
  const { recipe, batchBy } = recipeByMemory({ retraining }, served);
  assert.deepEqual([recipe.batch, batchBy], [expected.batch, expected.why]);
  const set = recipeByMemory({ retraining: { ...retraining, batch: 8 } }, served);
  assert.deepEqual([set.recipe.batch, set.batchBy], [8, undefined]);
});
