import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { Fault } from '../../src/errors.js';
import { paletteLuminance } from '../../src/pixels/decode/palette.js';

/** Made by tests/oracles/pixels/make_palettes.py: pydicom's apply_color_lut. */
interface Case {
  readonly name: string;
  readonly dataSet: Readonly<Record<string, readonly number[] | string>>;
  readonly x: readonly number[];
  readonly grey: readonly number[];
}

const cases = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/pixels/palettes.json'), 'utf8')) as readonly Case[];

for (const { name, dataSet, x, grey } of cases) {
  test(`${name}: as pydicom shows it`, () => {
    const bytes = Object.fromEntries(
      Object.entries(dataSet).map(([key, value]) => [
        key,
        typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value,
      ]),
    );
    const shown = paletteLuminance(Uint16Array.from(x), bytes);
    grey.forEach((expected, i) => assert.ok(Math.abs(shown[i]! - expected) <= 1, `${x[i]} → ${shown[i]}, pydicom ${expected}`));
  });
}

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer);

for (const [name, segments, detail] of [
  ['an indirect segment that leads to itself', words(2, 1, 0, 0), /leads to another/],
  ['indirect segments in a circle', words(0, 1, 5, 2, 2, 0, 0), /leads to another/],
  ['an indirect segment to nowhere', words(2, 1, 5000, 0), /points to byte 5000/],
  ['a linear segment first', words(1, 4, 7), /comes first/],
  ['a segment that is cut off', words(0, 200, 1, 2), /cut off/],
  ['too few entries', words(0, 2, 1, 2), /2 entries where 256/],
  ['an unknown segment', words(9, 9, 9), /unknown kind/],
] as const) {
  test(`segmented palette, ${name}: a fault that names the attribute`, () => {
    const dataSet = Object.fromEntries(
      ['Red', 'Green', 'Blue'].flatMap((colour) => [
        [`${colour}PaletteColorLookupTableDescriptor`, [256, 0, 16]],
        [`Segmented${colour}PaletteColorLookupTableData`, segments],
      ]),
    );
    assert.throws(
      () => paletteLuminance(Uint16Array.of(1), dataSet),
      (thrown: unknown) =>
        thrown instanceof Fault &&
        thrown.code === 'dicom-attribute' &&
        detail.test(thrown.detail) &&
        thrown.subject.attribute === 'SegmentedRedPaletteColorLookupTableData',
    );
  });
}

test('no palette at all', () => {
  assert.throws(
    () => paletteLuminance(Uint8Array.of(1), {}),
    (thrown: unknown) => thrown instanceof Fault && thrown.subject.attribute === 'RedPaletteColorLookupTableDescriptor',
  );
});
