import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { decodeFrames, supportedTransferSyntaxes } from '../../src/pixels/decode/decode.js';

/** Made by tests/oracles/pixels/make_synthetic.py and make_rare.py: reference values from pydicom, DCMTK or by construction. */
interface Case {
  readonly file: string;
  readonly madeBy: string;
  readonly frames: number;
  readonly samples: number;
  readonly lossy: boolean;
  readonly photometricInterpretation?: string;
  /** Of each frame as little endian 32-bit integers, colour by pixel. */
  readonly sha256?: readonly string[];
  /** Lossy: 16-bit integers of all frames, base64. */
  readonly values?: string;
}

const folder = join(projectRoot, 'tests/fixtures/pixels');
const cases = JSON.parse(readFileSync(join(folder, 'synthetic.json'), 'utf8')) as readonly Case[];

for (const one of cases) {
  test(`${one.file} decodes to the reference values (${one.madeBy})`, async () => {
    const stored = await decodeFrames(readPart10(readFileSync(join(folder, 'synthetic', one.file))));
    assert.equal(stored.frames.length, one.frames);
    if (one.photometricInterpretation) assert.equal(stored.photometricInterpretation, decodedName(one.photometricInterpretation));
    if (one.values)
      assert.ok(
        meanDifference(
          stored.frames.flatMap(({ samples }) => [...samples]),
          one.values,
        ) <= 1,
        'differs by more than one grey level in the mean',
      );
    else
      assert.deepEqual(
        stored.frames.map(({ samples }) => sha256(Int32Array.from(samples))),
        one.sha256,
      );
  });
}

test('every supported transfer syntax has a synthetic file', () => {
  const seen = new Set(
    cases.map(({ file }) => readPart10(readFileSync(join(folder, 'synthetic', file)), { untilPixelData: true }).transferSyntaxUID),
  );
  const missing = supportedTransferSyntaxes.filter((uid) => !seen.has(uid));
  assert.deepEqual(missing, []);
});

function meanDifference(actual: readonly number[], base64: string): number {
  const bytes = Buffer.from(base64, 'base64');
  const expected = Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i));
  assert.equal(actual.length, expected.length);
  return actual.reduce((sum, value, i) => sum + Math.abs(((value << 16) >> 16) - expected[i]!), 0) / actual.length;
}

function sha256(values: Int32Array): string {
  return createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');
}

/** Compressed 4:2:2 comes out with full colour. */
function decodedName(stored: string): string {
  return stored === 'YBR_FULL_422' ? 'YBR_FULL' : stored;
}
