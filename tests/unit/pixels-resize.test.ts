import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { resizeBilinear, standardise } from '../../src/pixels/resize.js';

/** Made by tests/oracles/pixels/make_pictures.py: Pillow's Image.resize(BILINEAR) of mode F, numpy's standardisation. */
interface Case {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly resized: string;
  readonly standardised: string;
}

const cases = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/pixels/resize.json'), 'utf8')) as readonly Case[];

for (const {
  from: [width, height],
  to: [toWidth, toHeight],
  resized,
  standardised,
} of cases) {
  test(`${width} × ${height} to ${toWidth} × ${toHeight} as Pillow does it`, () => {
    const image = resizeBilinear({ width, height, values: pattern(width, height), pixelAspect: 1 }, toWidth, toHeight);
    assert.equal(image.width, toWidth);
    assert.equal(image.height, toHeight);
    assert.ok(worstDifference(image.values, floats(resized)) < 1e-6);
    assert.ok(worstDifference(standardise(image.values), floats(standardised)) < 1e-4);
  });
}

test('pixel aspect follows the change of shape', () => {
  const image = resizeBilinear({ width: 40, height: 20, values: new Float32Array(800), pixelAspect: 1 }, 20, 20);
  assert.equal(image.pixelAspect, 0.5);
});

test('a flat picture standardises to zeros', () => {
  assert.deepEqual([...standardise(new Float32Array(4).fill(0.25))], [0, 0, 0, 0]);
});

/** The same formula in make_pictures.py. */
function pattern(width: number, height: number): Float32Array {
  return Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return ((x * 7919 + y * 104729 + x * y * 31) % 1009) / 1009;
  });
}

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

function worstDifference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}
