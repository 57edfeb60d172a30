import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { Part10File } from '../../src/dicom/part10.js';
import { Fault } from '../../src/errors.js';
import { decodeFrames } from '../../src/pixels/decode/decode.js';

/** Multi-frame files of pydicom and DCMTK, their fragments cut and joined in every way that writers do it (PS3.5 §A.4). */
const names = ['j2k-3frames-table', 'dcmcjpls-3frames', 'jpeg-lossless-sv1-3frames', 'jpeg-extended-12-3frames'];

interface Cut {
  readonly fragments: readonly Uint8Array[];
  readonly offsetTable?: Uint8Array;
  readonly extended?: Uint8Array;
}

function evened(bytes: Uint8Array): Uint8Array {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Uint8Array.of(0)]);
}

function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** Offsets of the fragments that frames begin with, each item with its 8 bytes of header. */
function offsetsOf(frames: readonly (readonly Uint8Array[])[]): number[] {
  let offset = 0;
  return frames.map((fragments) => {
    const start = offset;
    offset += fragments.reduce((sum, { length }) => sum + 8 + length, 0);
    return start;
  });
}

const u32 = (values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const u64 = (values: readonly number[]): Uint8Array => new Uint8Array(BigUint64Array.from(values, BigInt).buffer);

for (const name of names) {
  const file = readPart10(readFileSync(join(projectRoot, 'tests/fixtures/pixels/synthetic', `${name}.dcm`)));
  assert.ok(file.pixelData?.kind === 'encapsulated');
  const frames = file.pixelData.fragments.map(evened);
  assert.equal(frames.length, 3);
  const cut = frames.map((frame) => pieces(frame, 500));
  const offsets = offsetsOf(cut);
  const whole = Buffer.concat(frames);
  const ways: Readonly<Record<string, Cut>> = {
    'one fragment a frame, no table': { fragments: frames },
    'several fragments a frame, basic offset table': { fragments: cut.flat(), offsetTable: u32(offsets) },
    'several fragments a frame, extended offset table': { fragments: cut.flat(), extended: u64(offsets) },
    'several fragments a frame, no table': { fragments: cut.flat() },
    'a table that points into the middle': { fragments: cut.flat(), offsetTable: u32(offsets.map((offset) => offset + 2)) },
    'a table in wrong order': { fragments: cut.flat(), offsetTable: u32([...offsets].reverse()) },
    'a table of zeros': { fragments: cut.flat(), offsetTable: u32([0, 0, 0]) },
    'a table beyond the end': { fragments: cut.flat(), offsetTable: u32([0, 4_000_000_000, 4_294_967_295]) },
    'an extended table of absurd numbers': { fragments: cut.flat(), extended: new Uint8Array(24).fill(255) },
    'a table with too few entries': { fragments: cut.flat(), offsetTable: u32(offsets.slice(1)) },
    'all frames in one fragment': { fragments: [whole] },
    'fragments that reach over frames': { fragments: pieces(whole, 700) },
    'empty fragments as padding': { fragments: [...frames, new Uint8Array(0), new Uint8Array(0)] },
    'zeros behind each frame': { fragments: [Buffer.concat(frames.map((frame) => Buffer.concat([frame, new Uint8Array(6)])))] },
  };
  for (const [way, { fragments, offsetTable = new Uint8Array(0), extended }] of Object.entries(ways)) {
    test(`${name}: ${way}`, async () => {
      const changed: Part10File = {
        ...file,
        dataSet: { ...file.dataSet, ...(extended ? { ExtendedOffsetTable: extended } : {}) },
        pixelData: { kind: 'encapsulated', offsetTable, fragments },
      };
      const expected = await decodeFrames(file);
      assert.deepEqual((await decodeFrames(changed)).frames, expected.frames);
      assert.deepEqual((await decodeFrames(changed, [2])).frames, [expected.frames[1]]);
    });
  }
}

test('fragments that cannot be divided into frames: a fault that names pixel data and instance', async () => {
  const file = readPart10(readFileSync(join(projectRoot, 'tests/fixtures/pixels/synthetic/rle-rgb-8-3frames.dcm')));
  assert.ok(file.pixelData?.kind === 'encapsulated');
  const { fragments } = file.pixelData;
  for (const wrong of [[Buffer.concat(fragments)], [...fragments, ...fragments].slice(0, 5), [] as Uint8Array[]]) {
    await assert.rejects(
      decodeFrames({ ...file, pixelData: { kind: 'encapsulated', offsetTable: new Uint8Array(0), fragments: wrong } }),
      (thrown: unknown) => {
        assert.ok(thrown instanceof Fault && thrown.code === 'pixels-unreadable' && thrown.subject.sopInstanceUID);
        return /PixelData/.test(thrown.subject.attribute ?? '');
      },
    );
  }
});
