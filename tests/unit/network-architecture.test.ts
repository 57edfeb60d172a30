import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputsOf } from '../../src/network/architecture.js';
import { architectureOf, architectureSpecSchema } from '../../src/network/architecture-spec.js';
import { parameterCount, parametersOf } from '../../src/network/parameters.js';
import { networkPreset, type NetworkPreset } from '../../src/network/presets.js';
import { exampleArchitecture, exampleNames, goldenForward } from './network-examples.js';

for (const name of Object.keys(goldenForward().networks)) {
  test(`${name} has the tensors and parameters that PyTorch counts`, () => {
    const golden = goldenForward().networks[name]!;
    const architecture = exampleArchitecture(name);
    assert.equal(parametersOf(architecture).length, golden.tensors);
    assert.equal(parameterCount(architecture), golden.parameters);
    assert.equal(architecture.features, golden.features);
  });
}

for (const name of exampleNames) {
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

test("the networks of torchvision's and timm's documentation have the parameters that stand there", () => {
  // torchvision.models.*_Weights.meta["num_params"]; of Lite `sum(p.numel() for p in timm.create_model(name).parameters())`
  const documented = {
    'densenet-169': 14_149_480,
    'densenet-201': 20_013_928,
    'efficientnet-b0': 5_288_548,
    'efficientnet-b1': 7_794_184,
    'efficientnet-b2': 9_109_994,
    'efficientnet-b3': 12_233_232,
    'efficientnet-lite0': 4_652_008,
    'efficientnet-lite1': 5_416_680,
    'efficientnet-lite2': 6_092_072,
    'convnext-tiny': 28_589_128,
  } as const;
  for (const [name, parameters] of Object.entries(documented))
    assert.equal(
      parameterCount(architectureOf(networkPreset(name as NetworkPreset, { inputChannels: 3, outputs: 1000, head: 'torchvision' }))),
      parameters,
      name,
    );
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
