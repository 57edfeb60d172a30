import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Example, ExampleSource } from '../../src/dataset/example.js';
import { drawFullField, isFullField, withFullField } from '../../src/dataset/full-field.js';
import { withGuardClass } from '../../src/dataset/guard-class.js';
import { lookAlikes, makeLookAlike } from '../../src/dataset/look-alikes.js';
import { keyedRandom } from '../../src/lib/seeded-random.js';
import { splitExamples } from '../../src/dataset/split.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { resizeBilinear } from '../../src/pixels/resize.js';

/** Grey rises to the right and, more slowly, downwards: every place and every turn can be told. */
const ramp = (offset = 0): GreyImage => ({
  width: 200,
  height: 240,
  pixelAspect: 1,
  values: Float32Array.from({ length: 48_000 }, (_, i) => offset + 0.5 * ((i % 200) / 199) + 0.25 * (Math.floor(i / 200) / 239)),
});
const at = ({ width, height, values }: GreyImage, x: number, y: number): number =>
  values[Math.round(y * (height - 1)) * width + Math.round(x * (width - 1))]!;

const highest = ({ values }: GreyImage): number => values.reduce((most, value) => Math.max(most, value), 0);
const lowest = ({ values }: GreyImage): number => values.reduce((least, value) => Math.min(least, value), 1);

describe('look-alikes', () => {
  const chest = ramp();
  const whole = resizeBilinear(chest, 320, 320);
  const made = (how: (typeof lookAlikes)[number], key = 0): GreyImage =>
    makeLookAlike(how, chest, ramp(0.2), keyedRandom('look-alike', key));

  test('upside down and inverted', () => {
    assert.ok(Math.abs(at(made('upside-down'), 0.2, 0.9) - at(whole, 0.2, 0.1)) < 0.01);
    assert.ok(Math.abs(at(made('inverted'), 0.2, 0.9) - (1 - at(whole, 0.2, 0.9))) < 1e-6);
  });

  test('turned by one, two and three quarters', () => {
    const corners = new Set(Array.from({ length: 30 }, (_, key) => at(made('turned', key), 0, 0).toFixed(2)));
    // top left shows what was top right, bottom right or bottom left
    assert.deepEqual([...corners].sort(), [at(whole, 0, 1), at(whole, 1, 0), at(whole, 1, 1)].map((value) => value.toFixed(2)).sort());
  });

  test('quarters lie elsewhere, a montage holds both, a cut-out less than half of a side', () => {
    for (let key = 0; key < 20; key++) {
      const quarters = made('quarters', key);
      assert.ok(Math.abs(at(quarters, 0.25, 0.25) - at(whole, 0.25, 0.25)) > 0.05);
      assert.ok(highest(made('montage', key)) > highest(whole) + 0.1);
      const part = made('cut-out', key);
      assert.ok(highest(part) - lowest(part) < 0.45 * 0.75 + 0.02);
    }
  });

  test('each is a picture in [0, 1], the same for the same draws', () => {
    for (const how of lookAlikes) {
      const image = made(how, 5);
      assert.ok(
        image.values.every((value) => value >= 0 && value <= 1),
        how,
      );
      assert.deepEqual(made(how, 5), image, how);
    }
  });
});

test('a guard class: holds of every image, not of look-alikes and others, of which nothing else is known', async () => {
  const examples = Array.from(
    { length: 40 },
    (_, index): Example => ({
      key: `image-${index}`,
      patient: `p${index >> 1}`,
      source: index % 2 ? 'north' : 'south',
      view: 'PA',
      labels: index % 3 ? ['mass'] : [],
    }),
  );
  const source: ExampleSource = { kind: 'several', classes: ['mass'], examples, picture: async () => ramp() };
  const others: ExampleSource = {
    ...source,
    examples: [{ key: 'lateral', patient: 'p99', source: 'north', view: 'L', labels: ['mass'] }],
    picture: async () => ramp(0.1),
  };
  const guarded = withGuardClass(source, { name: 'chest', share: 0.5, seed: 1, others });
  assert.deepEqual(guarded.classes, ['mass', 'chest']);
  assert.equal(guarded.examples.length, 61);
  const fakes = guarded.examples.slice(40);
  assert.ok(guarded.examples.slice(0, 40).every(({ labels, unknown }) => labels.includes('chest') && unknown === undefined));
  assert.ok(fakes.every(({ labels, unknown }) => labels.length === 0 && unknown!.join() === 'mass'));
  assert.equal(new Set(guarded.examples.map(({ key }) => key)).size, 61);
  for (const example of [guarded.examples[0]!, fakes[0]!, fakes.at(-1)!])
    assert.ok((await guarded.picture({ ...example, labels: ['other'] })).width > 0);
  assert.ok(Math.abs((await guarded.picture(fakes.at(-1)!)).values[0]! - 0.1) < 1e-6);
  const { parts } = splitExamples(guarded.examples, { seed: 1, shares: { validation: 0.3 } });
  for (const [index, { key, patient }] of guarded.examples.entries()) {
    if (key.includes('.'))
      assert.equal(
        parts[index],
        parts[guarded.examples.findIndex((one) => one.patient === patient)],
        'a look-alike stays with its patient',
      );
  }
});

describe('slices as a scanner shows them', () => {
  const slice: GreyImage = { width: 120, height: 90, pixelAspect: 1, values: new Float32Array(10_800).fill(0.5) };
  const cropped: ExampleSource = {
    kind: 'several',
    classes: ['covid-19'],
    examples: [{ key: 'slice-1', patient: 'p', source: 's', view: 'Axial', labels: ['covid-19'], perceptualHash: 'f'.repeat(64) }],
    picture: () => Promise.resolve(slice),
  };

  test('each slice twice, of the same patient, with the same labels', async () => {
    const both = withFullField(cropped, 1);
    assert.deepEqual(
      both.examples.map(({ key, patient, labels }) => [key, patient, labels]),
      [
        ['slice-1', 'p', ['covid-19']],
        ['slice-1.full-field', 'p', ['covid-19']],
      ],
    );
    assert.deepEqual(both.examples.map(isFullField), [false, true]);
    assert.equal(both.examples[1]!.perceptualHash, undefined, 'it looks like no other picture');
    assert.equal(await both.picture(both.examples[0]!), slice);
    const [drawn, again] = [await both.picture(both.examples[1]!), await withFullField(cropped, 1).picture(both.examples[1]!)];
    assert.deepEqual(drawn.values, again.values, 'the same each time');
  });

  test('the slice lies within, a quarter to seven tenths of the picture, and around it is something else', () => {
    for (let key = 0; key < 20; key++) {
      const { width, height, values } = drawFullField(slice, keyedRandom('full field', key));
      assert.deepEqual([width, height], [320, 320]);
      const own = values.filter((value) => value === 0.5).length / values.length;
      // 0.55 × 0.42 to 0.9 × 0.75, less the corners of a rounded one, the table, and what lies beyond a round field
      assert.ok(own > 0.15 && own <= 0.9 * 0.75 + 0.01, `${own}`);
      assert.notEqual(values[0], 0.5);
      assert.ok(values.every((value) => value >= 0 && value <= 1));
    }
  });
});
