import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { applyAugmentation } from '../../src/dataset/apply-augmentation.js';
import { drawAugmentation, fastaiTransforms, robustTransforms, type Augmentation } from '../../src/dataset/augmentation.js';
import { keyedRandom } from '../../src/lib/seeded-random.js';

interface Golden {
  readonly ranges: readonly {
    readonly name: string;
    readonly kwargs: Readonly<Record<string, readonly [number, number]>>;
    readonly p: number;
  }[];
  readonly transforms: readonly {
    readonly shape: string;
    readonly height: number;
    readonly width: number;
    readonly outHeight: number;
    readonly outWidth: number;
    readonly pixels: readonly number[];
    readonly cases: readonly {
      readonly name: string;
      readonly warp?: [number, number, number, number];
      readonly rotate?: number;
      readonly zoom?: [number, number, number];
      readonly brightness?: number;
      readonly contrast?: number;
      readonly flip?: boolean;
      readonly values: readonly number[];
    }[];
  }[];
}

/** tests/oracles/training/golden.py, with fastai 1.0.61 itself. */
const golden = JSON.parse(readFileSync(new URL('../../../tests/fixtures/training/golden.json', import.meta.url), 'utf8')) as Golden;

describe('augmentation beside fastai', () => {
  for (const { shape, height, width, outHeight, outWidth, pixels, cases } of golden.transforms) {
    for (const { name, values, zoom, ...rest } of cases) {
      test(`${shape}: ${name}`, () => {
        const augmentation: Augmentation = { ...rest, ...(zoom ? { zoom: { scale: zoom[0], row: zoom[1], column: zoom[2] } } : {}) };
        const found = applyAugmentation({ width, height, values: Uint8Array.from(pixels), most: 255 }, augmentation, outWidth, outHeight);
        const worst = values.reduce((most, value, index) => Math.max(most, Math.abs(value - found[index]!)), 0);
        assert.equal(found.length, values.length);
        // both in float32, coordinates of up to 30 pixels
        assert.ok(worst < 2e-5, `differs by ${worst}`);
      });
    }
  }

  test('ranges and probabilities are those of get_transforms', () => {
    const range = (name: string, key: string): readonly [number, number] => golden.ranges.find((one) => one.name === name)!.kwargs[key]!;
    const s = fastaiTransforms;
    assert.deepEqual(range('symmetric_warp', 'magnitude'), [-s.maxWarp, s.maxWarp]);
    assert.deepEqual(range('rotate', 'degrees'), [-s.maxRotate, s.maxRotate]);
    assert.deepEqual(range('zoom', 'scale'), [1, s.maxZoom]);
    assert.deepEqual(range('brightness', 'change'), [0.5 * (1 - s.maxLighting), 0.5 * (1 + s.maxLighting)]);
    assert.deepEqual(range('contrast', 'scale'), [1 - s.maxLighting, 1 / (1 - s.maxLighting)]);
    for (const { name, p } of golden.ranges)
      assert.equal(p, { crop_pad: 1, brightness: s.pLighting, contrast: s.pLighting }[name] ?? s.pAffine, name);
  });

  test('what is drawn stays in its range, as often as it should, and depends on the key alone', () => {
    const drawn = Array.from({ length: 4000 }, (_, index) => drawAugmentation(fastaiTransforms, keyedRandom(7, 3, index)));
    const share = (of: (one: Augmentation) => unknown): number => drawn.filter((one) => of(one) !== undefined).length / drawn.length;
    for (const found of [
      share((one) => one.warp),
      share((one) => one.rotate),
      share((one) => one.zoom),
      share((one) => one.brightness),
      share((one) => one.contrast),
    ]) {
      // 5 standard deviations of 4,000 draws
      assert.ok(Math.abs(found - 0.75) < 5 * Math.sqrt((0.75 * 0.25) / 4000), `${found}`);
    }
    assert.equal(
      share((one) => one.flip),
      0,
    );
    for (const { warp = [], rotate = 0, zoom, brightness = 0.5, contrast = 1 } of drawn) {
      assert.ok(
        warp.every((value) => Math.abs(value) <= 0.2) && Math.abs(rotate) <= 10 && (!zoom || (zoom.scale >= 1 && zoom.scale <= 1.1)),
      );
      assert.ok(brightness >= 0.4 && brightness <= 0.6 && contrast >= 0.8 && contrast <= 1.25);
    }
    const logs = drawn.flatMap(({ contrast }) => (contrast === undefined ? [] : [Math.log(contrast)]));
    assert.ok(Math.abs(logs.reduce((sum, value) => sum + value, 0) / logs.length) < 0.02, 'contrast is uniform in its logarithm');
    assert.deepEqual(drawAugmentation(fastaiTransforms, keyedRandom(7, 3, 41)), drawn[41]);
    assert.notDeepEqual(drawAugmentation(fastaiTransforms, keyedRandom(7, 4, 41)), drawn[41]);
    const flips = Array.from(
      { length: 1000 },
      (_, index) => drawAugmentation({ ...fastaiTransforms, flip: 0.5 }, keyedRandom('flip', index)).flip === true,
    ).filter(Boolean).length;
    assert.ok(Math.abs(flips - 500) < 5 * Math.sqrt(250), `${flips}`);
  });

  test('beyond fastai: gamma and covered borders, without changing what is drawn of the rest', () => {
    const settings = { ...fastaiTransforms, maxGamma: robustTransforms.maxGamma, pCover: 1 };
    for (let index = 0; index < 50; index++) {
      const { gamma, cover, ...rest } = drawAugmentation(settings, keyedRandom('beyond', index));
      assert.deepEqual(rest, drawAugmentation(fastaiTransforms, keyedRandom('beyond', index)));
      assert.ok(gamma! >= Math.exp(-0.5) && gamma! <= Math.exp(0.5));
      const pixels = Float32Array.from({ length: 64 * 64 }, () => 0.25);
      const found = applyAugmentation({ width: 64, height: 64, values: pixels, most: 1 }, { gamma: 2, cover: cover! }, 64, 64);
      const centre = found.filter((_, i) => Math.abs((i % 64) - 32) < 14 && Math.abs(Math.floor(i / 64) - 32) < 14);
      assert.ok(
        centre.every((value) => Math.abs(value - 0.0625) < 1e-6),
        'the lungs are not covered',
      );
      assert.ok(found.every((value) => Math.abs(value - 0.0625) < 1e-6 || Math.abs(value - cover!.grey) < 1e-6));
    }
  });
});
