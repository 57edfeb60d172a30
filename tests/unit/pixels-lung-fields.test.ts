import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bordersCovered, lungsCovered, onlyLungs } from '../../src/pixels/xray/covered.js';
import { frontalTemplateHalf } from '../../src/pixels/xray/frontal-template.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { lungFields, placeTemplate } from '../../src/pixels/xray/lung-fields.js';

/** The mean chest itself as a picture, moved and scaled. */
function meanChest(size: number, { shiftX = 0, shiftY = 0, scale = 1 } = {}): GreyImage {
  const cell = (x: number, y: number): number => {
    const column = Math.min(23, Math.max(0, Math.floor(((x - 0.5 - shiftX) / scale + 0.5) * 24)));
    const row = Math.min(23, Math.max(0, Math.floor(((y - 0.5 - shiftY) / scale + 0.5) * 24)));
    return frontalTemplateHalf[row * 12 + Math.min(column, 23 - column)]! / 100;
  };
  return {
    width: size,
    height: size,
    pixelAspect: 1,
    values: Float32Array.from(
      { length: size * size },
      (_, i) => 0.5 + cell(((i % size) + 0.5) / size, (Math.floor(i / size) + 0.5) / size) / 8,
    ),
  };
}

const share = (mask: Uint8Array): number => mask.reduce((sum, one) => sum + one, 0) / mask.length;

test('the mean chest is found where it lies, however it is moved', () => {
  assert.deepEqual(
    (({ centreX, centreY, scaleX, scaleY }) => [centreX, centreY, scaleX, scaleY])(placeTemplate(meanChest(96))),
    [0.5, 0.5, 1, 1],
  );
  for (const [shiftX, shiftY] of [
    [0.08, 0],
    [-0.08, 0.04],
    [0, -0.08],
  ] as const) {
    const { centreX, centreY, score } = placeTemplate(meanChest(96, { shiftX, shiftY }));
    assert.ok(
      Math.abs(centreX - 0.5 - shiftX) <= 0.041 && Math.abs(centreY - 0.5 - shiftY) <= 0.041,
      `${centreX}, ${centreY} for ${shiftX}, ${shiftY}`,
    );
    assert.ok(score > 0.8);
  }
});

test('lung fields: two, of a plausible size, left and right of the middle, in any size of picture', () => {
  const size = 192;
  const mask = lungFields(meanChest(size));
  assert.ok(share(mask) > 0.2 && share(mask) < 0.45, String(share(mask)));
  const at = (x: number, y: number): number => mask[Math.round(y * size) * size + Math.round(x * size)]!;
  assert.deepEqual([at(0.33, 0.4), at(0.67, 0.4), at(0.5, 0.5), at(0.5, 0.9), at(0.05, 0.05), at(0.95, 0.05)], [1, 1, 0, 0, 0, 0]);
  assert.ok(Math.abs(share(lungFields(meanChest(96))) - share(mask)) < 0.03);
  assert.ok(share(lungFields(meanChest(size), 0)) < share(mask));
});

test('what is covered is covered, the rest is untouched', () => {
  const image = meanChest(96);
  const mask = lungFields(image);
  const [without, alone] = [lungsCovered(image), onlyLungs(image)];
  const hidden = new Set<number>();
  image.values.forEach((value, i) => {
    if (mask[i] === 1) {
      assert.equal(alone.values[i], value);
      hidden.add(without.values[i]!);
    } else {
      assert.equal(without.values[i], value);
    }
  });
  assert.equal(hidden.size, 1);
  const framed = bordersCovered(image);
  assert.equal(framed.values[48 * 96 + 48], image.values[48 * 96 + 48]);
  assert.equal(new Set([0, 95, 95 * 96, 15 * 96 + 15, 48 * 96 + 2].map((i) => framed.values[i])).size, 1);
  assert.deepEqual(image, meanChest(96));
});

test('a blank picture has a place too, and nothing fails', () => {
  const blank: GreyImage = { width: 40, height: 50, pixelAspect: 1, values: new Float32Array(2000).fill(0.3) };
  assert.equal(lungFields(blank).length, 2000);
  assert.deepEqual(lungsCovered(blank).values, blank.values);
});
