import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchForMemory, trainingBytes } from '../../src/engine/training-memory.js';
import { layerGroups } from '../../src/network/layer-groups.js';
import { exampleArchitecture } from './network-examples.js';

const options = (name: string) =>
  ({ layerGroups: layerGroups(exampleArchitecture(name)), trainFromGroup: 0, frozenBatchNorms: 'still', height: 224, width: 224 }) as const;

/** Largest resident size in MiB of a process that trained so, on onnxruntime-node 1.30, Linux x64. */
const measured: readonly (readonly [network: string, batch: number, trainFromGroup: number, megabytes: number])[] = [
  ['resnet-34', 8, 0, 1502],
  ['resnet-34', 8, 2, 756],
  ['resnet-34', 32, 0, 4116],
  ['densenet-121', 8, 0, 2218],
  ['densenet-121', 8, 2, 476],
  ['densenet-121', 32, 2, 1002],
];

for (const [name, batch, trainFromGroup, megabytes] of measured) {
  test(`${name}, batch ${batch}, from group ${trainFromGroup}: the estimate is above what was measured, and less than twice that`, () => {
    const estimate = trainingBytes(exampleArchitecture(name), { ...options(name), batch, trainFromGroup }) / 2 ** 20;
    assert.ok(estimate > megabytes && estimate < 2 * megabytes, `${estimate} MiB, measured ${megabytes}`);
  });
}

test('the batch is the largest that fits', () => {
  const architecture = exampleArchitecture('resnet-34');
  const chosen = batchForMemory(architecture, options('resnet-34'), 4e9);
  assert.ok(chosen >= 8 && chosen < 32, `batch of ${chosen}`);
  assert.ok(trainingBytes(architecture, { ...options('resnet-34'), batch: chosen }) <= 4e9);
  assert.ok(trainingBytes(architecture, { ...options('resnet-34'), batch: 32 }) > 4e9);
  assert.equal(batchForMemory(architecture, options('resnet-34'), 1e12), 64);
  assert.equal(batchForMemory(architecture, options('resnet-34'), 1e12, 16), 16);
  assert.throws(
    () => batchForMemory(architecture, options('resnet-34'), 5e8),
    /a batch of 2 of resnet basic .* at 224 × 224 takes about 1\.\d GB, 0\.5 GB are there/,
  );
});
