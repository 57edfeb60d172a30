import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../src/errors.js';
import { checkWeights } from '../../src/network/check-weights.js';
import { readSafetensors, writeSafetensors, type Tensor } from '../../src/network/safetensors.js';
import { readElements, writeElements } from '../../src/network/element-type.js';
import { exampleArchitecture, fixture } from './network-examples.js';
import { seededWeights } from './network-seeded.js';

test('reads what the reference implementation wrote, every element type', () => {
  const tensors = readSafetensors(fixture('python.safetensors'));
  const values = (name: string): number[] => [...tensors.get(name)!.data];
  assert.deepEqual(tensors.get('half')!.shape, [2, 3]);
  assert.deepEqual(values('half'), [0, 1, -2.5, 0.0999755859375, 65504, 6.097555160522461e-5]);
  assert.deepEqual(values('brain'), [0, 1, -2.5, 0.10009765625, 65536, 6.103515625e-5]);
  assert.deepEqual(values('single'), [0, 1, -2.5, Math.fround(0.1), 65504, Math.fround(6.1e-5)]);
  assert.deepEqual(values('double'), [Math.fround(1e-9), 1, -2.5, Math.fround(0.1), 65504, Math.fround(6.1e-5 + 1e-9)]);
  assert.deepEqual(values('counter'), [123456]);
  assert.deepEqual(tensors.get('counter')!.shape, []);
  assert.deepEqual(tensors.get('empty')!.shape, [0, 4]);
});

test('what is written is read again, at any alignment, and equal tensors give equal bytes', () => {
  const tensors = seededWeights(exampleArchitecture('starter'));
  const bytes = writeSafetensors(tensors);
  const shifted = new Uint8Array(bytes.length + 1).subarray(1);
  shifted.set(bytes);
  const again = readSafetensors(shifted);
  assert.equal(again.size, tensors.size);
  for (const [name, tensor] of tensors) assert.deepEqual(again.get(name), tensor, name);
  assert.deepEqual(writeSafetensors(new Map([...tensors].reverse())), bytes);
});

/** A file with the given header text and data. */
function file(header: string | object, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const whole = writeSafetensors(new Map([['conv1.weight', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }]]));
const hugeHeader = whole.slice();
new DataView(hugeHeader.buffer).setBigUint64(0, 2n ** 63n, true);
const longHeader = whole.slice();
new DataView(longHeader.buffer).setBigUint64(0, 5000n, true);
const f32 = (shape: readonly number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

const broken: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['an empty file', new Uint8Array(0), /at least 8 bytes, found 0/],
  ['a huge header', hugeHeader, /at most 100000000 bytes, found a length of 9223372036854775808/],
  ['a header longer than the file', longHeader, /truncated: expected a header of 5000 bytes/],
  ['truncated data', whole.slice(0, -3), /truncated: expected 16 bytes of data, found 13/],
  ['trailing bytes', new Uint8Array([...whole, 0]), /trailing bytes: expected 16 bytes of data, found 17/],
  ['a header that is not JSON', file('{"a"'), /expected a JSON header/],
  ['a header that is a list', file('[]'), /JSON object/],
  [
    'overlapping tensors',
    file({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12),
    /tensor b: expected its data at offset 8, found 4 \(overlap\)/,
  ],
  ['a gap', file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), /tensor b: expected its data at offset 4, found 8 \(gap\)/],
  [
    'an unknown dtype',
    file({ a: { dtype: 'F8_E4M3', shape: [1], data_offsets: [0, 1] } }, 1),
    /tensor a: expected a dtype of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL, found F8_E4M3/,
  ],
  ['a dtype that every object has', file({ a: { dtype: 'toString', shape: [1], data_offsets: [0, 1] } }, 1), /tensor a: expected a dtype/],
  ['a shape that does not fit its bytes', file({ a: f32([3], 0, 8) }, 8), /tensor a: expected 12 bytes for shape \[3\] of F32, found 8/],
  ['a negative size', file({ a: f32([-1], 0, 4) }, 4), /tensor a: expected a shape of whole numbers, found \[-1\]/],
  ['offsets that are missing', file({ a: { dtype: 'F32', shape: [1] } }, 4), /tensor a: expected two data offsets/],
  ['an entry that is nothing', file({ a: null }), /tensor a: expected a dtype/],
  [
    'a value that is not a number',
    writeSafetensors(new Map([['bn1.bias', { shape: [2], data: Float32Array.of(1, NaN) }]])),
    /tensor bn1.bias: expected finite values, found NaN at element 1/,
  ],
];

for (const [what, bytes, message] of broken) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => readSafetensors(bytes, 'x.safetensors'),
      (error) => {
        assert.ok(error instanceof Fault);
        assert.equal(error.code, 'model-invalid');
        assert.equal(error.subject.source, 'x.safetensors');
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

function refusal(change: (tensors: Map<string, Tensor>) => void, extra: readonly string[] = []): string {
  const architecture = exampleArchitecture('starter');
  const tensors = new Map(seededWeights(architecture));
  change(tensors);
  try {
    checkWeights(architecture, tensors, { extra });
    return '';
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === 'model-invalid');
    return error.detail;
  }
}

test('weights that do not belong to the architecture are named with expected and found shape', () => {
  const tensor = (...shape: number[]): Tensor => ({ shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) });
  assert.equal(
    refusal(() => undefined),
    '',
  );
  assert.match(
    refusal((tensors) => tensors.delete('layer2.0.downsample.0.weight')),
    /^tensor layer2.0.downsample.0.weight: expected shape \[64, 32, 1, 1\], found none/,
  );
  assert.match(
    refusal((tensors) => tensors.set('conv1.weight', tensor(32, 3, 7, 7))),
    /^tensor conv1.weight: expected shape \[32, 1, 7, 7\], found \[32, 3, 7, 7\]; the architecture is resnet/,
  );
  assert.match(
    refusal((tensors) => tensors.set('fc.weight', tensor(4, 192)).set('fc.bias', tensor(4))),
    /^tensor fc.weight: expected shape \[3, 192\], found \[4, 192\] \(and 1 more/,
  );
  assert.match(
    refusal((tensors) => tensors.set('gate.mean', tensor(192))),
    /^tensor gate.mean: expected none of this name, found shape \[192\]/,
  );
  assert.match(
    refusal((tensors) => tensors.get('fc.bias')!.data.fill(Infinity)),
    /^tensor fc.bias: expected finite values, found Infinity at element 0/,
  );
  assert.match(
    refusal((tensors) => tensors.get('bn1.running_var')!.data.fill(-1)),
    /^tensor bn1.running_var: expected variances/,
  );
  const withGate = (tensors: Map<string, Tensor>): void =>
    void tensors.set('gate.mean', tensor(192)).set('bn1.num_batches_tracked', tensor());
  assert.equal(refusal(withGate, ['gate.']), '');
  assert.equal(refusal(withGate, ['gate.mean']), '');
});

test('half precision: every half is written as it is, others as the nearest, ties to even', () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
  const values = readElements(new Uint8Array(halves.buffer), 'F16');
  assert.deepEqual(new Uint16Array(writeElements(values, 'F16').buffer), halves);
  const written = (...given: number[]): number[] => [...readElements(writeElements(Float32Array.from(given), 'F16'), 'F16')];
  // 1 + n / 1024 are neighbours; halfway goes to the even one
  assert.deepEqual(written(1 + 0.5 / 1024, 1 + 1.5 / 1024, 1 + 0.51 / 1024, 2 - 0.4 / 1024), [1, 1 + 2 / 1024, 1 + 1 / 1024, 2]);
  assert.deepEqual(written(2 ** -24, 2 ** -25, 1.5 * 2 ** -25, 2 ** -14 - 2 ** -26), [2 ** -24, 0, 2 ** -24, 2 ** -14]);
});

test('half precision halves a file; vectors and what is out of range stay as they are', () => {
  const tensors = seededWeights(exampleArchitecture('starter'));
  const large = { shape: [2, 1], data: Float32Array.of(1e5, 0.1) };
  const all = new Map([...tensors, ['large', large]]);
  const bytes = writeSafetensors(all, { halfPrecision: true });
  assert.ok(bytes.length < 0.51 * writeSafetensors(all).length);
  const again = readSafetensors(bytes);
  assert.deepEqual(again.get('large'), large);
  for (const [name, { shape, data }] of tensors) {
    const found = again.get(name)!;
    assert.deepEqual(found.shape, shape, name);
    if (shape.length === 1) assert.deepEqual(found.data, data, name);
    else
      assert.ok(
        found.data.every((value, index) => Math.abs(value - data[index]!) <= Math.abs(data[index]!) / 2048 + 2 ** -25),
        name,
      );
  }
});
