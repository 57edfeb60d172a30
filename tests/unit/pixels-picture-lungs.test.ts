import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lungBox } from '../../src/pixels/ct/lung.js';
import { cutToLungs, lungsOfPicture, otsuThreshold } from '../../src/pixels/ct/picture-lungs.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { resizeBilinear } from '../../src/pixels/resize.js';
import { windowMapping } from '../../src/pixels/window.js';
import { lungsCovered, onlyLungs } from '../../src/pixels/xray/covered.js';
import { ctPhantom } from '../../src/samples/ct-phantom.js';

const phantom = ctPhantom({ seed: 'lungs of a picture', sex: 'M', slices: 6, size: 256 });
const middleSlice = {
  width: phantom.size,
  height: phantom.size,
  hu: Float32Array.from(phantom.slices[3]!.hu),
} satisfies Parameters<typeof lungBox>[0];

function picture(slice: typeof middleSlice, center: number, width: number): GreyImage {
  return {
    width: slice.width,
    height: slice.height,
    pixelAspect: 1,
    values: Float32Array.from(slice.hu.map(windowMapping({ center, width })), (value) => Math.round(value * 255) / 255),
  };
}

test('the picture of a slice is cut to the same lungs as its Hounsfield units, whatever the window', () => {
  const middle = middleSlice;
  const expected = lungBox(middle, 0)!;
  for (const [center, width] of [
    [-600, 1500],
    [-500, 1200],
    [-400, 1000],
    [-700, 1800],
    [-300, 1400],
  ] as const) {
    const { box } = lungsOfPicture(picture(middle, center, width))!;
    for (const side of ['left', 'top', 'right', 'bottom'] as const)
      assert.ok(
        Math.abs(box[side] - expected[side]) <= 0.03 * middle.width,
        `${side} ${box[side]}, expected ${expected[side]} (window ${center}/${width})`,
      );
  }
});

test('a picture that was cut to the lungs stays as it is, but for a line or two', () => {
  const once = cutToLungs(picture(middleSlice, -600, 1500));
  const twice = cutToLungs(once);
  assert.ok(
    twice.width >= 0.96 * once.width && twice.height >= 0.96 * once.height,
    `${once.width} × ${once.height}, then ${twice.width} × ${twice.height}`,
  );
});

test('covering the lungs takes their dark pixels away, covering the rest keeps them', () => {
  const slice = resizeBilinear(picture(middleSlice, -600, 1500), 128, 128);
  const { mask } = lungsOfPicture(slice)!;
  const [covered, alone] = [lungsCovered(slice, 'ct'), onlyLungs(slice, 'ct')];
  slice.values.forEach((value, i) => {
    if (mask[i] === 1) assert.equal(alone.values[i], value);
    else assert.equal(covered.values[i], value);
  });
  assert.equal(new Set(covered.values.filter((_, i) => mask[i] === 1)).size, 1, 'one grey');
});

test('a picture without lungs has none', () => {
  const values = Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 64 > 20 && i % 64 < 44 ? 0.8 : 0.1));
  const belly: GreyImage = { width: 64, height: 64, pixelAspect: 1, values };
  assert.equal(lungsOfPicture(belly), undefined);
  assert.equal(cutToLungs(belly), belly);
  assert.deepEqual(lungsCovered(belly, 'ct').values, belly.values);
});

test("the threshold is Otsu's: between two heaps of grey", () => {
  const threshold = otsuThreshold(
    Float32Array.from({ length: 1000 }, (_, i) => (i % 3 === 0 ? 0.8 + (i % 10) / 100 : 0.2 + (i % 10) / 100)),
  );
  assert.ok(threshold > 0.29 && threshold <= 0.8, String(threshold));
});
