import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputsOf } from '../../src/network/architecture.js';
import { architectureOf, architectureSpecSchema } from '../../src/network/architecture-spec.js';
import { parameterCount, parametersOf } from '../../src/network/parameters.js';
import { exampleArchitecture, exampleNames, goldenForward } from './network-examples.js';

for (const name of exampleNames) {
  test(`${name} has the tensors and parameters that PyTorch counts`, () => {
    const golden = goldenForward().networks[name]!;
    const architecture = exampleArchitecture(name);
    assert.equal(parametersOf(architecture).length, golden.tensors);
    assert.equal(parameterCount(architecture), golden.parameters);
    assert.equal(architecture.features, golden.features);
  });

  test(`${name} lists every layer once and after the layers that it reads`, () => {
    const known = new Set(['input']);
    for (const layer of exampleArchitecture(name).layers) {
      for (const input of inputsOf(layer)) assert.ok(known.has(input), `${layer.name} reads ${input}`);
      assert.ok(!known.has(layer.name), layer.name);
      known.add(layer.name);
    }
  });
}

test("torchvision's published networks: parameters as in its documentation", () => {
  const count = (spec: object): number => parameterCount(architectureOf(architectureSpecSchema.parse(spec)));
  const resnet = { family: 'resnet', inputChannels: 3, widths: [64, 128, 256, 512], strides: [1, 2, 2, 2], outputs: 1000 };
  assert.equal(count({ ...resnet, block: 'basic', layers: [2, 2, 2, 2] }), 11_689_512);
  assert.equal(count({ ...resnet, block: 'basic', layers: [3, 4, 6, 3] }), 21_797_672);
  assert.equal(count({ ...resnet, block: 'bottleneck', layers: [3, 4, 6, 3] }), 25_557_032);
  assert.equal(count({ family: 'densenet', inputChannels: 3, layers: [6, 12, 24, 16], outputs: 1000 }), 7_978_856);
  assert.equal(count({ family: 'mobilenet-v2', inputChannels: 3, outputs: 1000 }), 3_504_872);
});

test("fastai's head has 527 872 + 513 · classes parameters on 1024 pooled features", () => {
  const head = parametersOf(exampleArchitecture('resnet-34-fastai')).filter(
    ({ name, role }) => name.startsWith('head.') && role === 'parameter',
  );
  const count = head.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  assert.equal(count, 527_872 + 513 * 3);
});

test('a specification with a stage too few is refused', () => {
  const result = architectureSpecSchema.safeParse({
    family: 'resnet',
    block: 'basic',
    inputChannels: 1,
    layers: [1, 1],
    widths: [32],
    strides: [1, 2],
    outputs: 3,
  });
  assert.match(result.error?.message ?? '', /one entry for each stage/);
});

test('a specification with an unknown key is refused', () => {
  const result = architectureSpecSchema.safeParse({ family: 'mobilenet-v2', inputChannels: 3, outputs: 3, depth: 2 });
  assert.match(result.error?.message ?? '', /depth/);
});
