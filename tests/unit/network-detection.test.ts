import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inferenceModel } from '../../src/engine/onnx/inference/inference-model.js';
import { openSession } from '../../src/engine/onnx/inference/inference-session.js';
import { architectureOf } from '../../src/network/architecture-spec.js';
import { checkWeights } from '../../src/network/check-weights.js';
import { architecturesByNames, tensorsOfCandidate } from '../../src/network/detect-architecture.js';
import { parametersOf } from '../../src/network/parameters.js';
import type { Tensor } from '../../src/network/safetensors.js';
import { exampleArchitecture, fixture, relativeError } from './network-examples.js';
import { conditioned, seededImage, seededTensor, type Conditioning } from './network-seeded.js';

interface Published {
  /** The candidate that is right. */
  readonly right: string;
  readonly channels: number;
  readonly conditioning: Conditioning | null;
  readonly logits: readonly number[];
  readonly names: Readonly<Record<string, readonly number[]>>;
}

/** Names, shapes and logits of the libraries themselves: tests/oracles/network/names.py. */
const published = JSON.parse(fixture('published-names.json').toString('utf8')) as Readonly<Record<string, Published>>;
const side = 64;

for (const [name, golden] of Object.entries(published)) {
  test(`${name}: found by the names of its tensors, and gives what it gives there`, async () => {
    const { candidates, problem } = architecturesByNames(new Map(Object.entries(golden.names)));
    const right = candidates.find((candidate) => candidate.name === golden.right);
    assert.ok(right, `expected ${golden.right}, found ${candidates.map((one) => one.name).join()}: ${problem}`);
    // timm's two ways of padding have the same names; all else is told apart
    const ambiguous = name.startsWith('timm') && golden.right.startsWith('efficientnet');
    assert.equal(candidates.length, ambiguous ? 2 : 1);
    if (ambiguous) assert.match(problem!, /efficientnet-\w+ and of efficientnet-\w+-same.*--architecture/);
    assert.equal(right.spec.inputChannels, golden.channels);
    assert.equal(right.spec.outputs, golden.logits.length);
    assert.deepEqual([...right.names.keys()].sort(), Object.keys(golden.names).sort());
    const given = new Map(
      Object.entries(golden.names).map(([key, shape]): [string, Tensor] => [
        key,
        conditioned(key, seededTensor(key, shape), golden.conditioning),
      ]),
    );
    const architecture = architectureOf(right.spec);
    const tensors = tensorsOfCandidate(right, given);
    checkWeights(architecture, tensors, { source: name });
    const session = await openSession(inferenceModel({ architecture, tensors }), { provider: 'cpu', threads: 2 });
    const input = {
      data: seededImage('input', golden.channels * side * side),
      batch: 1,
      channels: golden.channels,
      height: side,
      width: side,
    };
    const { logits } = await session.predict(input);
    await session.release();
    const error = relativeError(logits, golden.logits);
    assert.ok(error < 1e-4, `logits: ${error}`);
  });
}

const shapesOf = (name: string, rename: (tensor: string) => string = (tensor) => tensor): Map<string, readonly number[]> =>
  new Map(parametersOf(exampleArchitecture(name)).map((tensor) => [rename(tensor.name), tensor.shape]));

test('what is no known network is refused with what was found and what to do', () => {
  const problem = (shapes: ReadonlyMap<string, readonly number[]>): string => {
    const detection = architecturesByNames(shapes);
    assert.deepEqual(detection.candidates, []);
    return detection.problem!;
  };
  assert.match(
    problem(new Map([['encoder.layers.0.weight', [768, 768]]])),
    /expected the tensors of a ResNet.*found 1 tensors \(encoder\.layers\.0\.weight\).*ONNX/,
  );
  assert.match(problem(new Map()), /found 0 tensors/);
  const wide = shapesOf('resnet-50');
  wide.set('layer1.0.conv1.weight', [128, 64, 1, 1]);
  assert.match(problem(wide), /tensor layer1\.0\.conv1\.weight of resnet-50: expected shape \[64, 64, 1, 1\], found \[128, 64, 1, 1\]/);
  const extra = shapesOf('densenet-201').set('age.weight', [8, 1]).set('age.bias', [8]);
  assert.match(
    problem(extra),
    /the body is a densenet-201; expected one linear layer .* behind it, found classifier\.weight \[3, 1920\].*age\.weight \[8, 1\]/,
  );
  const headless = shapesOf('resnet-18');
  headless.delete('fc.weight');
  headless.delete('fc.bias');
  assert.match(problem(headless), /the body is a resnet-18; .*found nothing/);
  const both = new Map([...shapesOf('resnet-18', (tensor) => `model.${tensor}`), ...shapesOf('resnet-18', (tensor) => `ema.${tensor}`)]);
  assert.match(problem(both), /found those of several, under "model\." and "ema\."/);
  const many = shapesOf('resnet-18').set('fc.weight', [21841, 512]).set('fc.bias', [21841]);
  assert.match(problem(many), /resnet-18 with 3 channels and 21841 outputs: outputs/);
});

test('wrappers in wrappers, loss functions and counters are no obstacle', () => {
  const shapes = shapesOf('efficientnet-b0', (tensor) => `module.model.net.${tensor}`);
  shapes.set('module.criterion.weight', [3]).set('module.model.net.features.0.1.num_batches_tracked', []);
  const { candidates } = architecturesByNames(shapes);
  assert.deepEqual(
    candidates.map(({ name, scheme }) => [name, scheme]),
    [['efficientnet-b0', 'torchvision']],
  );
  assert.equal(candidates[0]!.names.get('module.criterion.weight'), undefined);
  assert.equal(candidates[0]!.names.get('module.model.net.classifier.1.bias'), 'classifier.1.bias');
});
