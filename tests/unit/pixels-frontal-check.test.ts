import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { checkFrontal } from '../../src/pixels/xray/frontal-check.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { readPicture } from '../../src/pixels/picture.js';
import { chestPhantom } from '../../src/samples/chest-phantom.js';
import type { StoredPixels } from '../../src/samples/chest-phantom.js';
import { handPhantom } from '../../src/samples/hand-phantom.js';
import { presentXray } from '../../src/pixels/xray/xray.js';

const shared = join(projectRoot, '../shared/data');
const skip = existsSync(shared) ? false : `${shared} is not there`;
const side = 96;

function picture(value: (x: number, y: number) => number): GreyImage {
  return {
    width: side,
    height: side,
    pixelAspect: 1,
    values: Float32Array.from({ length: side * side }, (_, i) => value(i % side, Math.floor(i / side))),
  };
}

/** Two dark lungs in a bright body, dark air above the shoulders. */
function chest(x: number, y: number): number {
  const [across, down] = [(x - 47.5) / 48, (y - 47.5) / 48];
  const lung = Math.hypot((Math.abs(across) - 0.45) / 0.3, (down + 0.1) / 0.65) < 1;
  const air = (down < -0.75 && Math.abs(across) > 0.35) || Math.abs(across) > 0.93;
  return lung || air ? 0.2 : 0.8;
}

test('a blank exposure, noise, a screenshot and stripes are refused', () => {
  let state = 1;
  const noise = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  assert.equal(checkFrontal(picture(() => 0.5)).refusal, 'blank');
  assert.equal(checkFrontal(picture(noise)).refusal, 'not a frontal chest');
  assert.equal(checkFrontal(picture((x, y) => (y < 10 || (x > 20 && y % 9 < 2) ? 1 : 0))).refusal, 'not a frontal chest');
  assert.ok(checkFrontal(picture((x) => x / side)).refusal);
});

test('a chest is taken; exchanged black and white, and a turned one, are named', () => {
  assert.equal(checkFrontal(picture(chest)).refusal, undefined);
  assert.equal(checkFrontal(picture((x, y) => 1 - chest(x, y))).refusal, 'inverted');
  assert.equal(checkFrontal(picture((x, y) => chest(y, x))).refusal, 'turned');
  assert.equal(checkFrontal(picture((x, y) => chest(side - 1 - y, x))).refusal, 'turned');
});

test('real frontal radiographs pass, laterals and CT slices do not', { skip }, async () => {
  const passed = async (folder: string, names: readonly string[]): Promise<number> => {
    const checks = await Promise.all(names.map(async (name) => checkFrontal(await readPicture(readFileSync(join(folder, name))))));
    return checks.filter(({ refusal }) => refusal === undefined).length / names.length;
  };
  const imagesOf = (set: string, count: number): readonly [string, readonly string[]] => {
    const folder = join(shared, set, 'images');
    return [
      folder,
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(jpe?g|png)$/i.test(name))
        .sort()
        .slice(0, count),
    ];
  };
  const mixed = await passed(...imagesOf('nih-mixed-findings', 150));
  const slices = await passed(...imagesOf('covid-ct-ucsd', 150));
  const origin = readFileSync(join(shared, 'covid-chestxray-2020-03-15/metadata.csv'), 'utf8').split('\n');
  const laterals = [
    ...new Set(origin.filter((line) => /,L,/.test(line)).flatMap((line) => line.match(/[^,]+\.(?:jpe?g|png)/gi) ?? [])),
  ].filter((name) => existsSync(join(shared, 'covid-chestxray-2020-03-15/images', name)));
  const sideways = await passed(join(shared, 'covid-chestxray-2020-03-15/images'), laterals);
  assert.ok(mixed > 0.95, `frontal ${mixed}`);
  assert.ok(slices < 0.03, `CT ${slices}`);
  assert.ok(laterals.length >= 8 && sideways === 0, `lateral ${sideways} of ${laterals.length}`);
});

for (const [file, expected] of [
  ['J2KI/RG1_J2KI', true],
  ['JLSN/RG1_JLSN', true],
  ['JPLL/RG2_JPLL', false],
  ['RLE/RG3_RLE', false],
  ['J2KI/SC1_J2KI', false],
  ['J2KI/MG1_J2KI', false],
] as const) {
  test(`${file} is ${expected ? '' : 'not '}a frontal chest`, { skip }, async () => {
    const bytes = readFileSync(join(shared, 'dicom/robyoung__dicom-test-files/data/WG04', file));
    const { image } = await presentXray(readPart10(bytes));
    assert.equal(checkFrontal(image).refusal === undefined, expected, JSON.stringify(checkFrontal(image)));
  });
}

const size = { rows: 400, columns: 320 };

/** Stored pixels as a picture, the brightest one white. */
function shown({ values, rows, columns }: StoredPixels): GreyImage {
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  return { width: columns, height: rows, pixelAspect: 1, values: Float32Array.from(values, (value) => value / most) };
}

for (const seed of ['a', 'b', 'c']) {
  test(`phantom ${seed}: a chest passes; a hand, two chests side by side and a chest in a workstation's window do not`, () => {
    const chestImage = shown(chestPhantom({ seed, ...size }));
    assert.equal(checkFrontal(chestImage).refusal, undefined);
    assert.equal(checkFrontal(shown(handPhantom({ seed, ...size }))).refusal, 'not a frontal chest');
    const at = (x: number, y: number): number => chestImage.values[y * size.columns + x]!;
    const pair: GreyImage = {
      width: 640,
      height: 400,
      pixelAspect: 1,
      values: Float32Array.from({ length: 640 * 400 }, (_, i) => at((i % 640) % 320, Math.floor(i / 640))),
    };
    assert.ok(checkFrontal(pair).refusal);
    const screen = Float32Array.from({ length: 960 * 540 }, (_, i) => {
      const [x, y] = [i % 960, Math.floor(i / 960)];
      if (y < 40) return 0.85;
      if (x > 700) return y % 24 < 12 && x % 9 < 5 ? 0.8 : 0.2;
      return x >= 160 && x < 480 && y >= 90 && y < 490 ? at(x - 160, y - 90) : 0.12;
    });
    assert.ok(checkFrontal({ width: 960, height: 540, pixelAspect: 1, values: screen }).refusal);
  });
}

test('border, contrast, proportions and place of a chest do not matter', () => {
  const { width, height, values } = shown(chestPhantom({ seed: 'a', ...size }));
  const at = (x: number, y: number): number =>
    values[Math.min(height - 1, Math.max(0, Math.floor(y * height))) * width + Math.min(width - 1, Math.max(0, Math.floor(x * width)))]!;
  const made = (columns: number, rows: number, value: (x: number, y: number) => number): GreyImage => ({
    width: columns,
    height: rows,
    pixelAspect: 1,
    values: Float32Array.from({ length: columns * rows }, (_, i) => value((i % columns) / columns, Math.floor(i / columns) / rows)),
  });
  const framed = (ground: number) => (x: number, y: number) =>
    Math.min(x, y, 1 - x, 1 - y) < 0.15 ? ground : at((x - 0.15) / 0.7, (y - 0.15) / 0.7);
  for (const [what, image] of Object.entries({
    'a black border': made(300, 300, framed(0)),
    'a white border': made(300, 300, framed(1)),
    'low contrast': made(300, 300, (x, y) => 0.45 + 0.1 * at(x, y)),
    'a bright exposure': made(300, 300, (x, y) => at(x, y) ** 0.4),
    'a dark exposure': made(300, 300, (x, y) => at(x, y) ** 2.5),
    landscape: made(420, 280, at),
    portrait: made(240, 400, at),
    'off centre': made(300, 300, (x, y) => at(x + 0.06, y - 0.05)),
    cropped: made(300, 300, (x, y) => at(0.06 + 0.88 * x, 0.05 + 0.9 * y)),
  }))
    assert.equal(checkFrontal(image).refusal, undefined, what);
});

const files = join(shared, 'dicom/robyoung__dicom-test-files/data/WG04');
test('real files: a chest passes; hip, ankle, printed head CT and angiogram do not', {
  skip: existsSync(files) ? false : `${files} is not there`,
}, async () => {
  const refusalOf = async (name: string): Promise<string | undefined> =>
    checkFrontal((await presentXray(readPart10(readFileSync(join(files, name))))).image).refusal;
  assert.equal(await refusalOf('J2KI/RG1_J2KI'), undefined);
  for (const name of ['RLE/RG2_RLE', 'RLE/RG3_RLE', 'JLSL/SC1_JLSL', 'RLE/XA1_RLE']) assert.ok(await refusalOf(name), name);
});
