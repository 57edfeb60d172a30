import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { SourcePicture } from '../../src/dataset/apply-augmentation.js';
import {
  drawAugmentation,
  fastaiTransforms,
  noTransforms,
  robustTransforms,
  type AugmentationSettings,
} from '../../src/dataset/augmentation.js';
import { changeBackground, cropToLungs, equalised, placementOf, type PlacedPicture } from '../../src/dataset/lung-augmentation.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { keyedRandom } from '../../src/lib/seeded-random.js';
import { coversLungs, greyTrainingPicture, type PictureTask } from '../../src/dataset/training-picture.js';
import { lungFieldBox, lungFields, lungFieldsAt, placeTemplate } from '../../src/pixels/xray/lung-fields.js';

const straight = { centreX: 0.5, centreY: 0.5, scaleX: 1, scaleY: 1, score: 1 };
const size = 96;
const picture = (value: (x: number, y: number) => number): SourcePicture => ({
  width: size,
  height: size,
  values: Float32Array.from({ length: size * size }, (_, i) => value(i % size, Math.floor(i / size))),
  most: 255,
});
const flat = (value: number): PlacedPicture => ({ picture: picture(() => value), placement: straight });
const none = (): PlacedPicture => assert.fail('no other picture is needed');
/** Surely in a lung, surely outside. */
const [lung, corner] = [Math.floor(0.4 * size) * size + Math.floor(0.3 * size), 2 * size + 2];

describe('what is drawn', () => {
  const lungs = { pExchange: 0.4, pAlone: 0.2, pCovered: 0.1, pCrop: 0.5 };
  const drawn = Array.from({ length: 4000 }, (_, index) =>
    drawAugmentation({ ...robustTransforms, pEqualise: 0.3, lungs }, keyedRandom('lungs', index)),
  );

  test('as often as it should, and nothing else is drawn otherwise', () => {
    const share = (of: (one: (typeof drawn)[number]) => boolean): number => drawn.filter(of).length / drawn.length;
    for (const [found, expected] of [
      [share((one) => one.lungs?.what === 'exchanged'), 0.4],
      [share((one) => one.lungs?.what === 'alone'), 0.2],
      [share((one) => one.lungs?.what === 'covered'), 0.1],
      [share((one) => one.lungCrop !== undefined), 0.5],
      [share((one) => one.equalise !== undefined), 0.3],
    ] as const) {
      // 5 standard deviations of 4,000 draws
      assert.ok(Math.abs(found - expected) < 5 * Math.sqrt((expected * (1 - expected)) / 4000), `${found}, expected ${expected}`);
    }
    drawn
      .slice(0, 50)
      .forEach(({ lungs: _, lungCrop: __, equalise: ___, ...rest }, index) =>
        assert.deepEqual(rest, drawAugmentation(robustTransforms, keyedRandom('lungs', index))),
      );
    assert.ok(
      drawn.every(({ lungCrop }) => !lungCrop || Object.values(lungCrop).every((margin: number) => margin >= 0 && margin <= 1 / 6)),
    );
  });
});

describe('the background of the lungs', () => {
  test('of another picture, of one grey, or of the mean that stays visible', () => {
    const exchanged = changeBackground(flat(100), { what: 'exchanged' }, () => flat(200)).values;
    assert.deepEqual([exchanged[lung], exchanged[corner]], [100, 200]);
    const alone = changeBackground(flat(100), { what: 'alone', grey: 0.5 }, none).values;
    assert.deepEqual([alone[lung], alone[corner]], [100, 127.5]);
    const covered = changeBackground(flat(100), { what: 'covered', grey: 1 }, none).values;
    assert.deepEqual([covered[lung], covered[corner]], [255, 100]);
    const own: PlacedPicture = { picture: picture((x) => (x < size / 2 ? 40 : 80)), placement: straight };
    const plain = changeBackground(own, { what: 'alone' }, none).values;
    // the mask is symmetric, so the mean of both lungs is the middle
    assert.ok(Math.abs(plain[corner]! - 60) < 1e-3, `${plain[corner]}`);
  });

  test('another picture is laid lung on lung', () => {
    // its chest is smaller and lies further right and down; grey is the place from the left
    const other: PlacedPicture = {
      picture: picture((x) => x),
      placement: { ...straight, centreX: 0.6, centreY: 0.55, scaleX: 0.5, scaleY: 0.8 },
    };
    const found = changeBackground(flat(250), { what: 'exchanged' }, () => other).values;
    for (const column of [0, 5, 48, 90]) {
      const place = (((column + 0.5) / size - 0.5) * 0.5 + 0.6) * size - 0.5;
      assert.ok(Math.abs(found[2 * size + column]! - Math.min(Math.max(place, 0), size - 1)) < 1e-3, `column ${column}`);
    }
  });

  test('the crop holds the lungs and its margins, as far as the picture reaches', () => {
    const own: PlacedPicture = { picture: picture((x, y) => x + 100 * y), placement: straight };
    const bare = cropToLungs(own, { left: 0, top: 0, right: 0, bottom: 0 });
    // columns 4 to 20 and rows 3 to 17 of the template's 24
    assert.deepEqual([bare.width, bare.height, bare.values[0]], [64, 56, 16 + 100 * 12]);
    const wide = cropToLungs(own, { left: 0.5, top: 0.5, right: 0.125, bottom: 0.5 });
    assert.deepEqual([wide.width, wide.height, wide.values[0], wide.values.at(-1)], [92, 96, 0, 91 + 9500]);
    const box = lungFieldBox(straight);
    assert.deepEqual(
      [box.left, box.top, box.right, box.bottom].map((place) => Math.round(place * 24 * 1e9) / 1e9),
      [4, 3, 20, 17],
    );
  });

  test('an even histogram, in part or whole', () => {
    const four = { width: 2, height: 2, most: 255, values: Uint8Array.of(0, 0, 200, 200) };
    // the middle of the first half of the pixels, and of the second
    assert.deepEqual([...equalised(four, 1).values], [63.75, 63.75, 191.25, 191.25]);
    assert.deepEqual([...equalised(four, 0).values], [0, 0, 200, 200]);
    assert.deepEqual([...equalised(four, 0.5).values], [31.875, 31.875, 195.625, 195.625]);
  });
});

describe('pictures to train on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lungs-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const cache = new PictureCache(folder, { width: 64, height: 64 });
  const draws = keyedRandom('noise');
  await cache.put('chest', { width: 80, height: 80, pixelAspect: 1, values: Float32Array.from({ length: 6400 }, () => draws.next()) });
  await cache.put('other', { width: 80, height: 80, pixelAspect: 1, values: new Float32Array(6400).fill(1) });
  const task = (lungs: AugmentationSettings['lungs'], otherChest?: string): PictureTask => ({
    file: cache.fileOf('chest'),
    sourceWidth: cache.width,
    sourceHeight: cache.height,
    input: { width: 64, height: 64, channels: 1, normalization: 'per-image' },
    settings: { ...noTransforms, lungs },
    seed: 1,
    epoch: 0,
    position: 0,
    otherChest,
  });

  test('a picture without lungs stays as it is; one with lungs gets the background of the other', () => {
    const always = { pExchange: 1, pAlone: 0, pCovered: 0, pCrop: 0 };
    const plain = greyTrainingPicture(task(undefined));
    assert.deepEqual(greyTrainingPicture(task(always)), plain);
    const exchanged = greyTrainingPicture(task(always, cache.fileOf('other')));
    assert.deepEqual(greyTrainingPicture(task(always, cache.fileOf('other'))), exchanged);
    assert.equal(exchanged[65], 1);
    assert.ok(
      exchanged.filter((value, index) => Math.abs(value - plain[index]!) < 1e-6).length > 200,
      'the lungs are those of the picture',
    );
  });

  test('where the lungs lie is kept beside the picture', () => {
    const file = cache.fileOf('chest');
    const values = new Uint8Array(readFileSync(file));
    const shown = { width: cache.width, height: cache.height, values, most: 255 };
    const placement = placeTemplate({ ...shown, values: Float32Array.from(values), pixelAspect: 1 });
    assert.deepEqual(placementOf(file, shown), placement);
    assert.ok(existsSync(`${file}.placement.json`));
    assert.deepEqual(JSON.parse(readFileSync(`${file}.placement.json`, 'utf8')), placement);
    const image = { width: 60, height: 50, pixelAspect: 1, values: Float32Array.from({ length: 3000 }, () => draws.next()) };
    assert.deepEqual(lungFieldsAt(placeTemplate(image), image), lungFields(image));
  });

  test('who trains knows which pictures have their lungs covered', () => {
    const key = (position: number) => ({
      settings: { ...fastaiTransforms, lungs: { pExchange: 0.3, pAlone: 0.2, pCovered: 0.3, pCrop: 0 } },
      seed: 5,
      epoch: 2,
      position,
    });
    for (let position = 0; position < 40; position++) {
      assert.equal(
        coversLungs(key(position)),
        drawAugmentation(key(position).settings, keyedRandom('augmentation', 5, 2, position)).lungs?.what === 'covered',
      );
    }
  });
});
