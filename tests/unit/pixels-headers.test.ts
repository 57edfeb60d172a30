import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { Fault } from '../../src/errors.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { presentXray } from '../../src/pixels/xray/xray.js';
import { cleanFile, headerCase, side, variantElements, variants, type HeaderCase } from '../support/header-cases.js';

/** Made by tests/oracles/pixels/make_headers.py: five numbers of each picture as pydicom reads it. */
const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/pixels/headers.json'), 'utf8')) as {
  readonly cases: number;
  readonly twins: readonly (readonly number[])[];
  /** A bit for each case that pydicom cannot read, the first one highest. */
  readonly unreadable: string;
  /** Cases that pydicom reads otherwise than their twin. */
  readonly other: Readonly<Record<string, readonly (number | null)[]>>;
};
/** `CASES=1234` repeats single ones. */
const only = process.env['CASES']?.split(',').map(Number);
const whole = (image: GreyImage): boolean => image.width === side && image.height === side;

/** The numbers of make_headers.py. */
function numbersOf({ values, width, height }: GreyImage): readonly number[] {
  const sums = [0, 0, 0, 0, 0];
  values.forEach((value, index) => {
    const [x, y] = [index % width, Math.floor(index / width)];
    [1, value, x / width, y / height, ((x + 3 * y) % 7) / 7].forEach((weight, i) => (sums[i]! += (value * weight) / values.length));
  });
  return sums;
}

function alike(numbers: readonly number[], read: readonly (number | null)[] | undefined): boolean {
  return read !== undefined && numbers.every((one, i) => Math.abs(one - (read[i] ?? NaN)) < 1e-3);
}

async function pictureOf(bytes: Uint8Array): Promise<GreyImage> {
  return (await presentXray(readPart10(bytes))).image;
}

test(`${variants} radiographs with plain headers are shown as pydicom reads them`, async () => {
  for (let variant = 0; variant < variants; variant++) {
    const image = await pictureOf(cleanFile(variant));
    assert.ok(whole(image), `variant ${variant} was cut`);
    assert.ok(
      alike(numbersOf(image), golden.twins[variant]),
      `variant ${variant}: ${numbersOf(image).join()}, pydicom ${golden.twins[variant]!.join()}`,
    );
  }
});

test(`${golden.cases} unusual headers give their clean twin's picture; damaged ones that, pydicom's reading, or a fault that names the attribute`, async () => {
  const drafts = Array.from({ length: variants }, (_, variant) => variantElements(variant));
  const twins = await Promise.all(drafts.map((_, variant) => pictureOf(cleanFile(variant))));
  const wrong: string[] = [];
  const seen = { twin: 0, pydicom: 0, refused: 0 };
  for (const index of only ?? Array.from({ length: golden.cases }, (_, i) => i)) {
    const one = headerCase(index, drafts);
    const outcome = await outcomeOf(one, twins[one.variant]!, readByPydicom(index, one.variant));
    if (outcome in seen && (one.damaged || outcome === 'twin')) seen[outcome as keyof typeof seen]++;
    else wrong.push(`${index} of variant ${one.variant} (${one.applied.join(', ')}): ${outcome}`);
  }
  assert.deepEqual(wrong.slice(0, 60), []);
  // Damage of one byte is nearly always without consequence.
  if (!only) assert.ok(seen.twin > 0.9 * golden.cases && seen.refused < 0.05 * golden.cases, JSON.stringify(seen));
});

const unreadable = Buffer.from(golden.unreadable, 'base64');

function readByPydicom(index: number, variant: number): readonly (number | null)[] | undefined {
  if ((unreadable[index >> 3]! >> (7 - (index & 7))) & 1) return undefined;
  return golden.other[index] ?? golden.twins[variant];
}

function showsNothing([mean, square]: readonly (number | null)[]): boolean {
  return (square ?? 0) - (mean ?? 0) ** 2 < 0.02;
}

async function outcomeOf({ bytes, damaged }: HeaderCase, twin: GreyImage, read: readonly (number | null)[] | undefined): Promise<string> {
  try {
    const { image, greyScale } = await presentXray(readPart10(bytes));
    // A damaged entry of a lookup table, or a damaged pixel, shows as itself.
    const others = image.values.filter((value, i) => !(Math.abs(value - (twin.values[i] ?? NaN)) < 1e-5)).length;
    if (image.values.length === twin.values.length && others <= (damaged ? 0.02 * twin.values.length : 0)) return 'twin';
    if (alike(numbersOf(image), read)) return 'pydicom';
    // Where a damaged table leaves a flat border, that is cut off.
    if (!whole(image) && read && Math.abs(numbersOf(image)[0]! - (read[0] ?? NaN)) < 0.02) return 'pydicom';
    // What shows nothing of the image is passed over (docs/reference/pixels.md).
    if (greyScale === 'percentiles' && read && showsNothing(read)) return 'pydicom';
    return `another picture of ${image.width} × ${image.height}, ${numbersOf(image)
      .map((one) => one.toFixed(3))
      .join()}; pydicom ${read?.join() ?? 'nothing'}`;
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    return thrown.subject.attribute === undefined && thrown.code !== 'dicom-unreadable'
      ? `a fault without a name: ${thrown.message}`
      : 'refused';
  }
}
