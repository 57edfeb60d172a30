import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import { projectRoot } from '../../src/config.js';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { Fault } from '../../src/errors.js';
import { networkInput } from '../../src/pixels/network-input.js';
import { isMonaiBundle, readMonaiBundle, withTransposedKernels } from '../../src/registry/monai-bundle.js';
import { readTransforms, type BundleTransform } from '../../src/registry/monai-transforms.js';
import { exampleArchitecture } from './network-examples.js';
import { seededImage, seededWeights } from './network-seeded.js';

/* Golden file: tests/oracles/adopt/monai_preprocessing.py (MONAI's own transforms on the phantom's middle rows). */
interface Golden {
  readonly transforms: readonly BundleTransform[];
  readonly shape: readonly [number, number];
  readonly values: readonly number[];
}
const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/adopt/monai/golden.json'), 'utf8')) as Record<string, Golden>;
const side = 64;
const pixels = readFileSync(join(projectRoot, 'tests/fixtures/adopt/phantom.bin')).subarray(4 * side, 52 * side);
const phantom = { width: side, height: 48, pixelAspect: 1, values: Float32Array.from(pixels, (value) => value / 255) };

for (const [name, { transforms, shape, values }] of Object.entries(golden))
  test(`preprocessing of a bundle as data: ${name}, as MONAI computes it`, () => {
    const { input, transposed } = readTransforms(transforms);
    const found = networkInput(phantom, { ...input, channels: 1 });
    const { width, height } = input;
    assert.deepEqual(transposed ? [width, height] : [height, width], shape);
    const extent = Math.max(...values) - Math.min(...values);
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const expected = values[transposed ? column * height + row : row * width + column]!;
        const value = found[row * width + column]!;
        assert.ok(Math.abs(value - expected) < 1e-5 * Math.max(1, extent), `row ${row}, column ${column}: ${value} for ${expected}`);
      }
  });

const place = mkdtempSync(join(tmpdir(), 'chest-ai-monai-'));
after(() => rmSync(place, { recursive: true }));

const metadata = {
  name: 'Breast density',
  network_data_format: {
    inputs: { image: { type: 'image', format: 'magnitude', num_channels: 3, spatial_shape: [299, 299] } },
    outputs: {
      pred: {
        type: 'probabilities',
        format: 'classes',
        num_channels: 2,
        spatial_shape: [1, 2],
        channel_def: { '0': 'Normal', '1': 'Pneumonia' },
      },
    },
  },
};
const inference = {
  side: [96, 96],
  network_def: { _target_: 'DenseNet121', spatial_dims: 2, in_channels: 1, out_channels: 2 },
  preprocessing: {
    _target_: 'Compose',
    transforms: [
      { _target_: 'LoadImaged', keys: 'image' },
      { _target_: 'EnsureChannelFirstd', keys: 'image', channel_dim: 2 },
      { _target_: 'Resized', keys: 'image', spatial_size: '@side' },
      { _target_: 'ScaleIntensityd', keys: 'image', minv: 0, maxv: 1 },
      { _target_: 'EnsureTyped', keys: 'image', device: '$@device' },
    ],
  },
  postprocessing: { _target_: 'Compose', transforms: [{ _target_: 'Activationsd', keys: 'pred', softmax: true }] },
};
let serial = 0;
function bundle(change: { readonly metadata?: object; readonly inference?: object; readonly weights?: string | undefined }): string {
  const folder = join(place, `${serial++}`);
  mkdirSync(join(folder, 'configs'), { recursive: true });
  mkdirSync(join(folder, 'models'));
  writeFileSync(join(folder, 'configs/metadata.json'), JSON.stringify({ ...metadata, ...change.metadata }));
  writeFileSync(join(folder, 'configs/inference.json'), JSON.stringify({ ...inference, ...change.inference }));
  if (change.weights !== undefined) writeFileSync(join(folder, 'models', change.weights), '');
  return folder;
}

test('a bundle of a 2-D classifier: network, preprocessing, outputs and weights', async () => {
  const folder = bundle({ weights: 'model.pt' });
  assert.equal(await isMonaiBundle(folder), true);
  assert.equal(await isMonaiBundle(place), false);
  const { messages, ...found } = await readMonaiBundle(folder);
  assert.deepEqual(found, {
    weights: join(folder, 'models/model.pt'),
    architecture: 'DenseNet121',
    name: 'Breast density',
    outputs: 2,
    labels: ['Normal', 'Pneumonia'],
    input: { width: 96, height: 96, channels: 1, resize: 'adaptive-mean', normalization: { imageRange: [0, 1] } },
    activation: 'softmax',
    transposed: true,
  });
  assert.match(messages.join(' '), /rows and columns exchanged/);
});

test('a bundle whose inference is described in YAML is the same bundle; broken YAML and a bomb of aliases are refused', async () => {
  const folder = bundle({ weights: 'model.pt' });
  const asYaml = bundle({ weights: 'model.pt' });
  rmSync(join(asYaml, 'configs/inference.json'));
  const path = join(asYaml, 'configs/inference.yaml');
  writeFileSync(path, stringify(inference));
  const { weights: _json, ...expected } = await readMonaiBundle(folder);
  const { weights: _yaml, ...found } = await readMonaiBundle(asYaml);
  assert.deepEqual(found, expected);
  const refused = (message: RegExp): Promise<void> =>
    assert.rejects(readMonaiBundle(asYaml), (error) => {
      assert.ok(error instanceof Fault && error.code === 'model-invalid', String(error));
      assert.match(error.detail, message);
      assert.equal(error.subject.source, path);
      return true;
    });
  writeFileSync(path, 'network_def: [unclosed');
  await refused(/expected YAML \(/);
  const levels = Array.from({ length: 9 }, (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(', ')}]`);
  writeFileSync(path, ['l0: &l0 [1, 2]', ...levels].join('\n'));
  await refused(/expected YAML \(.*alias/);
  writeFileSync(path, 'network_def: !!python/object/apply:os.system ["true"]');
  await refused(/found/);
});

const withTransform = (transform: object): object => ({ inference: { preprocessing: { transforms: [transform] } } });
const refusals: readonly (readonly [string, Parameters<typeof bundle>[0], RegExp])[] = [
  ['a transform for volumes', withTransform({ _target_: 'Spacingd', pixdim: [1, 1, 1] }), /transform 1, Spacingd: it is for volumes/],
  ['a size of volumes', withTransform({ _target_: 'Resized', spatial_size: [96, 96, 96] }), /transform 1, Resized: it is for volumes/],
  [
    'a transform without counterpart',
    withTransform({ _target_: 'monai.transforms.HistogramNormalized' }),
    /HistogramNormalized: it has no counterpart here; give/,
  ],
  [
    'a Lambda',
    withTransform({ _target_: 'Lambdad', func: '$lambda x: x' }),
    /Lambdad: expected a value of func, found the Python expression/,
  ],
  ['no resize', withTransform({ _target_: 'LoadImaged' }), /expected Resize to a fixed size, found none/],
  ['a reference in circles', { inference: { preprocessing: '@preprocessing' } }, /reference @preprocessing that goes in circles/],
  [
    'a network for volumes',
    { inference: { network_def: { _target_: 'DenseNet121', spatial_dims: 3 } } },
    /expected spatial_dims 2, found 3/,
  ],
  [
    'code of its own',
    { inference: { network_def: { _target_: 'scripts.special.Network', in_channels: 1 } } },
    /found scripts\.special\.Network, whose code/,
  ],
  [
    'a picture of volumes',
    { metadata: { network_data_format: { inputs: { image: { spatial_shape: [96, 96, 96] } } } } },
    /spatial shape \[96,96,96\] of volumes/,
  ],
  [
    'a segmentation',
    { metadata: { network_data_format: { inputs: { image: {} }, outputs: { pred: { format: 'segmentation' } } } } },
    /found the output segmentation; adopt a classifier/,
  ],
  ['TorchScript', { weights: 'model.ts' }, /found only models\/model\.ts, which is TorchScript.*state_dict/],
  ['no weights', { weights: undefined }, /expected models\/model\.pt with the weights, found none/],
];
for (const [name, change, message] of refusals)
  test(`a bundle with ${name} is refused with the place and the reason`, async () => {
    const folder = bundle({ weights: 'model.pt', ...change });
    await assert.rejects(readMonaiBundle(folder), (error) => {
      assert.ok(error instanceof Fault && error.code === 'model-invalid', String(error));
      assert.match(error.detail, message);
      assert.ok(error.subject.source?.startsWith(folder));
      return true;
    });
  });

test('kernels with rows and columns exchanged give a picture the scores of the exchanged picture, and its map as the picture lies', async (context) => {
  const engine = new OnnxEngine({ settings: { provider: 'cpu', threads: 2 }, description: { name: 'test', why: 'test' } });
  context.after(() => engine.close());
  const architecture = exampleArchitecture('starter');
  const tensors = seededWeights(architecture);
  const [width, height] = [96, 64];
  const data = seededImage('input', width * height);
  const exchanged = Float32Array.from(data, (_, index) => data[(index % height) * width + Math.floor(index / height)]!);
  const [original, other] = [
    await engine.load({ architecture, tensors }),
    await engine.load({ architecture, tensors: withTransposedKernels(tensors) }),
  ];
  const expected = await original.predict({ data: exchanged, batch: 1, channels: 1, height: width, width: height });
  const found = await other.predict({ data, batch: 1, channels: 1, height, width });
  expected.logits.forEach((value, index) => assert.ok(Math.abs(value - found.logits[index]!) < 1e-4));
  const { mapHeight, mapWidth } = found;
  for (let row = 0; row < mapHeight; row++)
    for (let column = 0; column < mapWidth; column++)
      assert.ok(Math.abs(found.activationMaps[row * mapWidth + column]! - expected.activationMaps[column * mapHeight + row]!) < 1e-4);
});
