import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { fromDicomJson } from '../../src/dicom/json.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { Fault } from '../../src/errors.js';
import { decodeFrames } from '../../src/pixels/decode/decode.js';
import { encapsulatedFile } from '../support/encapsulated-file.js';

/** Damaged and malformed files: a fault that names tag and instance, in bounded time and memory. */
const instance = '1.2.3.4';
const image = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
  SOPInstanceUID: instance,
  Rows: 8,
  Columns: 8,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  PixelRepresentation: 0,
};
const pixels = new Uint8Array(128);

/** In bounded processor time (what the machine does besides does not count) and memory. */
function quickly<Result>(work: () => Result, maxMs = 5000): Result {
  const start = process.cpuUsage();
  const before = process.memoryUsage().rss;
  try {
    return work();
  } finally {
    const { user, system } = process.cpuUsage(start);
    assert.ok((user + system) / 1000 < maxMs, `took ${(user + system) / 1000} ms`);
    assert.ok(process.memoryUsage().rss - before < 400e6, 'took more than 400 MB');
  }
}

function refused(bytes: Uint8Array, attribute: RegExp): void {
  assert.throws(
    () => quickly(() => readPart10(bytes)),
    (thrown: unknown) => {
      assert.ok(thrown instanceof Fault, String(thrown));
      assert.equal(thrown.code, 'dicom-unreadable');
      assert.match(thrown.subject.attribute ?? '', attribute);
      assert.equal(thrown.subject.sopInstanceUID, instance);
      return true;
    },
  );
}

/** A file whose last bytes are `tail`, behind SOP Instance UID, in explicit little endian. */
function withTail(tail: Uint8Array): Uint8Array {
  return Buffer.concat([writePart10({ SOPClassUID: '1.2', SOPInstanceUID: instance }), tail]);
}

function bytesOf(...parts: readonly (number | string)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(Uint32Array.of(part).buffer))),
  );
}

const tag = (group: number, element: number): number => (element << 16) | group;
const sequenceTag = tag(0x0040, 0xa730) >>> 0;
const itemTag = tag(0xfffe, 0xe000) >>> 0;

test('cut off at any byte: read as far as it goes or a fault, never anything else', () => {
  const bytes = writePart10({
    ...image,
    ContentSequence: [{ ValueType: 'TEXT', ContentSequence: [{ TextValue: 'x' }] }],
    PixelData: pixels,
  });
  for (let length = 0; length < bytes.length; length++) {
    try {
      readPart10(bytes.subarray(0, length));
    } catch (thrown) {
      assert.ok(thrown instanceof Fault && thrown.code === 'dicom-unreadable', `${length}: ${String(thrown)}`);
    }
  }
});

test('any byte changed: a data set or a fault', async () => {
  const bytes = writePart10({
    ...image,
    ContentSequence: [{ ValueType: 'TEXT', ContentSequence: [{ TextValue: 'x' }] }],
    PixelData: pixels,
  });
  for (let at = 128; at < bytes.length - 128; at++) {
    for (const value of [0, 0xff, bytes[at]! ^ 0x55]) {
      const damaged = bytes.slice();
      damaged[at] = value;
      try {
        await decodeFrames(readPart10(damaged));
      } catch (thrown) {
        assert.ok(thrown instanceof Fault, `${at} ${value}: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
      }
    }
  }
});

test('a length beyond the end, and a negative one', () => {
  refused(withTail(bytesOf(tag(0x0010, 0x4000), 'UT\0\0', 0x7fffffff)), /\(0010,4000\)/);
  refused(withTail(bytesOf(tag(0x0010, 0x4000), 'UT\0\0', 0xfffffffe)), /\(0010,4000\)/);
  refused(withTail(bytesOf(tag(0x7fe0, 0x0010), 'OW\0\0', 0x80000000, 1)), /PixelData/);
});

test('sequences 10,000 deep, by delimiters and by lengths', () => {
  const open = bytesOf(sequenceTag, 'SQ\0\0', 0xffffffff, itemTag, 0xffffffff);
  refused(withTail(Buffer.concat(Array.from({ length: 10_000 }, () => open))), /ContentSequence/);
  let nested: Buffer = Buffer.alloc(0);
  const layers: Buffer[] = [];
  let length = 0;
  for (let depth = 0; depth < 10_000; depth++) {
    layers.push(bytesOf(sequenceTag, 'SQ\0\0', length + 8, itemTag, length));
    length += 20;
  }
  nested = Buffer.concat(layers.reverse());
  refused(withTail(nested), /ContentSequence/);
});

test('an item longer than its sequence, a sequence without end, an element where an item belongs', () => {
  refused(withTail(bytesOf(sequenceTag, 'SQ\0\0', 16, itemTag, 1000, 0, 0)), /ContentSequence/);
  refused(withTail(bytesOf(sequenceTag, 'SQ\0\0', 0xffffffff, itemTag, 0xffffffff)), /ContentSequence/);
  refused(withTail(bytesOf(sequenceTag, 'SQ\0\0', 0xffffffff, tag(0x0010, 0x0010), 4, 0)), /ContentSequence/);
});

test('millions of empty items', () => {
  const item = bytesOf(itemTag, 0);
  const items = Buffer.concat([bytesOf(sequenceTag, 'SQ\0\0', 0xffffffff), ...Array.from({ length: 100_000 }, () => item)]);
  refused(withTail(Buffer.concat([items, ...Array.from({ length: 25 }, () => items.subarray(12))])), /ContentSequence/);
});

test('a text of a hundred million backslashes costs no array', () => {
  const bytes = Buffer.concat([withTail(bytesOf(tag(0x0040, 0xa160), 'UC\0\0', 1e8)), Buffer.alloc(1e8, 0x5c)]);
  assert.ok(quickly(() => readPart10(bytes)).dataSet['TextValue'] instanceof Uint8Array);
});

test('a deflated data set that grows without end is stopped', () => {
  const meta = writePart10({ SOPClassUID: '1.2', SOPInstanceUID: instance });
  const text = Buffer.from(meta).toString('latin1').replace('1.2.840.10008.1.2.1\0', '1.2.840.10008.1.2.1.99');
  // The longer UID moves what follows; the length of the element and of the group grow by two.
  const head = Buffer.from(text.slice(0, text.indexOf('1.2.840.10008.1.2.1.99') + 22), 'latin1');
  head.writeUInt16LE(22, head.length - 24);
  head.writeUInt32LE(head.length - 144, 140);
  const bomb = Buffer.concat([head, deflateRawSync(Buffer.alloc(200e6))]);
  assert.throws(
    () => quickly(() => readPart10(bomb), 10_000),
    (thrown: unknown) => thrown instanceof Fault && thrown.code === 'dicom-unreadable',
  );
});

for (const [name, attributes, code] of [
  ['65535 × 65535 pixels', { Rows: 65535, Columns: 65535 }, 'dicom-attribute'],
  ['a million frames', { NumberOfFrames: 1_000_000 }, 'pixels-unreadable'],
  ['a billion frames', { NumberOfFrames: 1_000_000_000 }, 'dicom-attribute'],
  ['zero rows', { Rows: 0 }, 'dicom-attribute'],
  ['no columns', { Columns: '' }, 'dicom-attribute'],
  ['more bits stored than allocated', { BitsStored: 17 }, 'dicom-attribute'],
  ['33 bits', { BitsAllocated: 33, BitsStored: 33 }, 'dicom-attribute'],
  ['too little pixel data', { Rows: 9 }, 'pixels-unreadable'],
] as const) {
  test(`${name}: a fault that names the attribute and the instance`, async () => {
    const file = readPart10(writePart10({ ...image, ...attributes, PixelData: pixels }));
    await assert.rejects(decodeFrames(file), (thrown: unknown) => {
      assert.ok(thrown instanceof Fault, String(thrown));
      assert.equal(thrown.code, code);
      assert.equal(thrown.subject.sopInstanceUID, instance);
      assert.ok(thrown.subject.attribute);
      return true;
    });
  });
}

test('an encrypted or foreign file, and no pixels at all', async () => {
  for (const bytes of [Buffer.from('%PDF-1.7'), Buffer.alloc(4000, 0xa7), Buffer.alloc(0)]) {
    assert.throws(
      () => readPart10(bytes),
      (thrown: unknown) => thrown instanceof Fault && thrown.code === 'dicom-unreadable',
    );
  }
  await assert.rejects(
    decodeFrames(readPart10(writePart10(image))),
    (thrown: unknown) => thrown instanceof Fault && thrown.code === 'pixels-unreadable',
  );
});

test('an encrypted file says that it is encrypted', () => {
  const envelope = Buffer.concat([Buffer.from('3082010006092a864886f70d010703', 'hex'), Buffer.alloc(4000, 0x5a)]);
  assert.throws(
    () => readPart10(envelope),
    (thrown: unknown) => thrown instanceof Fault && thrown.code === 'dicom-unreadable' && /encrypted/.test(thrown.detail),
  );
});

test('a data set encrypted behind a readable header: tag and instance are named', () => {
  const whole = writePart10({ ...image, PixelData: pixels });
  const length = 144 + new DataView(whole.buffer, whole.byteOffset).getUint32(140, true);
  let state = 7;
  const scrambled = whole.map((byte, i) => (i < length ? byte : (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24));
  assert.throws(
    () => quickly(() => readPart10(scrambled)),
    (thrown: unknown) => {
      assert.ok(thrown instanceof Fault && thrown.code === 'dicom-unreadable', String(thrown));
      assert.equal(thrown.subject.sopInstanceUID, instance);
      return thrown.subject.attribute !== undefined;
    },
  );
});

test('a deflated data set that is damaged names the instance', () => {
  const whole = encapsulatedFile(image, '1.2.840.10008.1.2.1.99', []);
  assert.throws(
    () => readPart10(whole),
    (thrown: unknown) =>
      thrown instanceof Fault && thrown.subject.sopInstanceUID === instance && /TransferSyntaxUID/.test(thrown.subject.attribute ?? ''),
  );
});

test('cyclic sequences: an object that holds itself is neither written nor read', () => {
  const item: Record<string, unknown> = { ValueType: 'TEXT' };
  item['ContentSequence'] = [item];
  assert.throws(
    () => quickly(() => writePart10({ ...image, ContentSequence: [item] })),
    (thrown: unknown) => thrown instanceof Fault && thrown.code === 'document-invalid' && thrown.subject.attribute === 'ValueType',
  );
  const json: Record<string, unknown> = {};
  json['0040A730'] = { vr: 'SQ', Value: [json] };
  assert.throws(
    () => quickly(() => fromDicomJson(json)),
    (thrown: unknown) => thrown instanceof Fault && thrown.code === 'dicom-unreadable' && /0040,A730/.test(thrown.subject.attribute ?? ''),
  );
});

test('a sequence whose item says that it reaches back over its parent', () => {
  refused(withTail(bytesOf(sequenceTag, 'SQ\0\0', 0xffffffff, itemTag, 0xfffffff0, sequenceTag, 'SQ\0\0', 0xffffffff)), /ContentSequence/);
});

for (const [syntax, stream] of [
  ['1.2.840.10008.1.2.4.50', Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0, 0xff, 0xd9)],
  ['1.2.840.10008.1.2.4.70', Uint8Array.of(0xff, 0xd8, 0xff, 0xc3, 0, 11, 16, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0, 0xff, 0xd9)],
  ['1.2.840.10008.1.2.4.80', Uint8Array.of(0xff, 0xd8, 0xff, 0xf7, 0, 11, 16, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0, 0xff, 0xd9)],
  [
    '1.2.840.10008.1.2.4.90',
    Buffer.concat([
      Uint8Array.of(0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0),
      Buffer.alloc(8, 0x7f),
      Buffer.alloc(24),
      Uint8Array.of(0, 1, 15, 1, 1),
    ]),
  ],
  [
    '1.2.840.10008.1.2.4.201',
    Buffer.concat([
      Uint8Array.of(0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0),
      Buffer.alloc(8, 0x7f),
      Buffer.alloc(24),
      Uint8Array.of(0, 1, 15, 1, 1),
    ]),
  ],
  ['1.2.840.10008.1.2.5', Buffer.concat([Uint8Array.of(2, 0, 0, 0, 64, 0, 0, 0, 255, 255, 255, 255), Buffer.alloc(60)])],
  ['1.2.840.10008.1.2.8.1', deflateRawSync(Buffer.alloc(50e6))],
] as const) {
  test(`a codestream larger than its header says (${syntax}): a fault that names pixel data and instance, at once`, async () => {
    const before = process.memoryUsage().rss;
    const start = process.cpuUsage();
    await assert.rejects(decodeFrames(readPart10(encapsulatedFile(image, syntax, [stream]))), (thrown: unknown) => {
      assert.ok(thrown instanceof Fault && thrown.code === 'pixels-unreadable', String(thrown));
      assert.equal(thrown.subject.sopInstanceUID, instance);
      return /PixelData/.test(thrown.subject.attribute ?? '');
    });
    const { user, system } = process.cpuUsage(start);
    assert.ok(user + system < 5e6 && process.memoryUsage().rss - before < 400e6);
  });
}
