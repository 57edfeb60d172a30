import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { collimatedBox } from '../../src/pixels/xray/collimation.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { readPicture } from '../../src/pixels/picture.js';
import { chestPhantom } from '../../src/samples/chest-phantom.js';

const width = 480;
const height = 560;
const phantom = chestPhantom({ seed: 'collimation', rows: height, columns: width });
const brightest = phantom.values.reduce((most, value) => Math.max(most, value), 0);

/** The phantom through a collimator: outside it bright, with scatter from the edge, noise everywhere, and a lead marker in the shadow. */
function collimated(margins: { readonly left: number; readonly top: number; readonly right: number }, slant = 0): GreyImage {
  let state = 1;
  const noise = (): number => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5) * 0.08;
  const values = Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const [across, down] = [slant * (y - height / 2), slant * (x - width / 2)];
    const depth = Math.min(x - margins.left * width - across, (1 - margins.right) * width - x + across, y - margins.top * height - down);
    if (margins.top > 0 && y > 8 && y < 26 && x > 40 && x < 60) return 0.1;
    const grey = depth < 0 ? 0.97 - 0.08 * Math.exp(depth / 40) : phantom.values[i]! / brightest;
    return Math.min(1, Math.max(0, grey + noise()));
  });
  return { width, height, values, pixelAspect: 1 };
}

for (const margins of [
  { left: 0.06, top: 0.06, right: 0.06 },
  { left: 0.18, top: 0.14, right: 0.12 },
  { left: 0, top: 0.2, right: 0 },
  { left: 0.1, top: 0, right: 0 },
]) {
  for (const slant of [0, 0.025]) {
    test(`a collimator's shadow of ${JSON.stringify(margins)}, ${slant ? 'slanted' : 'upright'}, is found`, () => {
      const { left, top, right } = collimatedBox(collimated(margins, slant));
      const slack = 0.02 + slant;
      for (const [found, put] of [
        [left / width, margins.left],
        [top / height, margins.top],
        [1 - right / width, margins.right],
      ] as const)
        assert.ok(Math.abs(found - put) <= slack, `${found} instead of ${put}`);
    });
  }
}

test('without a collimator in sight nothing is cut off', () => {
  assert.deepEqual(collimatedBox(collimated({ left: 0, top: 0, right: 0 })), { left: 0, top: 0, right: width, bottom: height });
  const flat: GreyImage = { width, height, values: new Float32Array(width * height).fill(1), pixelAspect: 1 };
  assert.deepEqual(collimatedBox(flat), { left: 0, top: 0, right: width, bottom: height });
  const tiny: GreyImage = { width: 2, height: 1, values: Float32Array.of(0, 1), pixelAspect: 1 };
  assert.deepEqual(collimatedBox(tiny), { left: 0, top: 0, right: 2, bottom: 1 });
});

const images = join(projectRoot, '../shared/data/nih-chest-xray-sample/images');
test('on real radiographs it finds the shadows that are there, and nothing on pictures without', {
  skip: existsSync(images) ? false : `${images} is not there`,
}, async () => {
  const names = readdirSync(images, { recursive: true, encoding: 'utf8' });
  const boxOf = async (file: string): Promise<readonly number[]> => {
    const picture = await readPicture(readFileSync(join(images, names.find((name) => name.includes(file))!)));
    const { left, top, right, bottom } = collimatedBox(picture);
    return [left / picture.width, top / picture.height, 1 - right / picture.width, 1 - bottom / picture.height].map(
      (one) => Math.round(one * 100) / 100,
    );
  };
  // By eye: bars above, at the right and below; above and at the right; at the left.
  const [a, b, c] = [await boxOf('00000915_005'), await boxOf('00001054_002'), await boxOf('00001526_000')];
  assert.ok(a[0] === 0 && a[1]! > 0.05 && a[2]! > 0.02 && a[3]! > 0.03, String(a));
  assert.ok(b[0] === 0 && b[1]! > 0.04, String(b));
  assert.ok(c[0]! > 0.08 && c[1] === 0 && c[2] === 0 && c[3] === 0, String(c));
  const kermany = join(projectRoot, '../shared/data/kermany-paediatric/images');
  const whole = readdirSync(kermany, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.jpe?g$/i.test(name))
    .sort()
    .slice(0, 60);
  for (const name of whole) {
    const picture = await readPicture(readFileSync(join(kermany, name)));
    assert.deepEqual(collimatedBox(picture), { left: 0, top: 0, right: picture.width, bottom: picture.height }, name);
  }
});
