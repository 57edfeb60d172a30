import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropoutMask } from '../../src/network/dropout-mask.js';
import { layerGroups } from '../../src/network/layer-groups.js';
import { exampleArchitecture, exampleNames } from './network-examples.js';
import { goldenTraining } from './network-train-examples.js';

for (const name of exampleNames) {
  test(`${name}: the groups hold every layer once, in order, with the head by itself`, () => {
    const architecture = exampleArchitecture(name);
    const groups = layerGroups(architecture);
    assert.equal(groups.length, 3);
    assert.deepEqual(
      groups.flat(),
      architecture.layers.map((layer) => layer.name),
    );
    assert.equal(groups[1]!.at(-1), architecture.featureMap);
    assert.equal(groups[2]!.at(-1), architecture.logits);
  });
}

test("the groups begin where fastai v1's do", () => {
  const starts = (name: string): readonly string[] => layerGroups(exampleArchitecture(name)).map((group) => group[0]!);
  assert.deepEqual(starts('resnet-34'), ['conv1', 'layer3.0.conv1', 'avgpool']);
  assert.deepEqual(starts('resnet-34-fastai'), ['conv1', 'layer3.0.conv1', 'head.0.mp']);
  assert.deepEqual(starts('densenet-121'), ['features.conv0', 'features.transition2.norm', 'features.pool5']);
  assert.deepEqual(starts('mobilenet-v2'), ['features.0.0', 'features.7.conv.0.0', 'features.pool']);
  assert.deepEqual(starts('efficientnet-b0'), ['features.0.0', 'features.4.0.block.0.0', 'avgpool']);
  assert.deepEqual(starts('convnext-tiny'), ['features.0.0', 'features.4.0', 'avgpool']);
});

test('a dropout mask drops the part it is told to, and differs by seed, layer and step only', () => {
  const mask = dropoutMask(7, 'head.3', 0, 100_000, 0.25);
  const dropped = mask.reduce((count, value) => count + Number(value === 0), 0);
  // four standard deviations of a binomial distribution
  assert.ok(Math.abs(dropped - 25_000) < 4 * Math.sqrt(100_000 * 0.25 * 0.75), `${dropped} dropped`);
  assert.deepEqual(new Set(mask), new Set([0, Math.fround(4 / 3)]));
  assert.deepEqual(dropoutMask(7, 'head.3', 0, 100_000, 0.25), mask);
  for (const other of [
    dropoutMask(8, 'head.3', 0, 100_000, 0.25),
    dropoutMask(7, 'head.7', 0, 100_000, 0.25),
    dropoutMask(7, 'head.3', 1, 100_000, 0.25),
  ]) {
    const equal = mask.reduce((count, value, index) => count + Number(value === other[index]), 0);
    assert.ok(Math.abs(equal - 62_500) < 4 * Math.sqrt(100_000 * 0.625 * 0.375), `${equal} equal`);
  }
});

test('the golden training cases reach every network', () => {
  const reached = new Set(Object.values(goldenTraining.cases).map(({ network }) => network));
  assert.deepEqual(
    exampleNames.filter((name) => !reached.has(name)),
    [],
  );
});
