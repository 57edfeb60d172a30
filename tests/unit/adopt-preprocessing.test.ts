import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { boxInWhole, mapInWhole } from '../../src/pixels/input-frame.js';
import { inputFrame, networkInput } from '../../src/pixels/network-input.js';
import { readPicture } from '../../src/pixels/picture.js';
import { inputSchema } from '../../src/registry/input-file.js';

interface Facts {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly absolute: number;
  readonly projection: number;
  readonly values: readonly (readonly [number, number])[];
}

interface Golden {
  readonly cases: Readonly<Record<string, unknown>>;
  readonly pictures: Readonly<
    Record<string, { readonly size: readonly [number, number]; readonly sum: number; readonly inputs: Readonly<Record<string, Facts>> }>
  >;
}

/** Made by tests/oracles/adopt/preprocessing.py with torchxrayvision, torchvision, timm, MONAI, scikit-image, OpenCV and Pillow. */
const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/adopt/preprocessing.json'), 'utf8')) as Golden;
const shared = join(projectRoot, '../shared/data');

/** As the oracle draws it. */
function phantom(width: number, height: number): GreyImage {
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const ramp = (2 * x + 3 * y + ((x * y) >> 4)) % 256;
      const disc = (3 * x - width) ** 2 + (3 * y - height) ** 2 < Math.floor((width * height) / 2) ? 90 : 0;
      values[y * width + x] = ((Math.floor(ramp / 2) + disc) % 256) / 255;
    }
  return { width, height, values, pixelAspect: 1 };
}

/** The largest difference from the oracle's facts, as part of the range of the input's values. */
function worst(input: Float32Array, expected: Facts): number {
  assert.equal(
    input.length,
    expected.shape.reduce((product, size) => product * size, 1),
  );
  let [sum, absolute, projection] = [0, 0, 0];
  for (let index = 0; index < input.length; index++) {
    sum += input[index]!;
    absolute += Math.abs(input[index]!);
    projection += input[index]! * (((index * 7919) % 2048) / 1024 - 1);
  }
  const differences = [
    sum / input.length - expected.mean,
    absolute / input.length - expected.absolute,
    projection / input.length - expected.projection,
    ...expected.values.map(([place, value]) => input[place]! - value),
  ];
  const scale = Math.max(1, ...expected.values.map(([, value]) => Math.abs(value)));
  return Math.max(...differences.map((one) => Math.abs(one) / scale));
}

for (const [name, { size, sum, inputs }] of Object.entries(golden.pictures)) {
  const file = join(shared, name);
  const real = name.includes('/');
  const skip = real && !existsSync(file) ? '../shared/data has no such picture' : false;
  test(`the network's input of ${name} equals that of ${Object.keys(inputs).length} preprocessing chains of others`, { skip }, async () => {
    const image = real ? await readPicture(readFileSync(file)) : phantom(...size);
    assert.deepEqual([image.width, image.height], size);
    assert.equal(
      image.values.reduce((total, value) => total + Math.round(value * 255), 0),
      sum,
      'the decoded picture',
    );
    for (const [chain, expected] of Object.entries(inputs)) {
      const input = inputSchema.parse(golden.cases[chain]);
      const difference = worst(networkInput(image, input), expected);
      assert.ok(difference < 1e-5, `${chain}: ${difference}`);
      // in the service the decoder makes the frame, and the engine's side only normalises it
      assert.deepEqual(networkInput(inputFrame(image, input), input), networkInput(image, input), `${chain}, framed by the decoder`);
    }
  });
}

test('a place in a cut or padded frame is a place in the whole picture', () => {
  const image = phantom(300, 200);
  const cut = inputFrame(image, { width: 64, height: 64, fit: 'centre-crop', normalization: 'per-image' });
  assert.deepEqual(cut.frame, { left: 50 / 300, top: 0, width: 200 / 300, height: 1 });
  assert.equal(cut.whole!.width, 96);
  const box = boxInWhole({ left: 0, top: 0.25, right: 0.5, bottom: 1 }, cut.frame);
  assert.ok(Math.abs(box.left - 1 / 6) < 1e-12 && Math.abs(box.right - 0.5) < 1e-12);
  const padded = inputFrame(image, { width: 60, height: 60, fit: 'pad', normalization: 'per-image' });
  assert.deepEqual(padded.frame, { left: 0, top: -0.25, width: 1, height: 1.5 });
  assert.deepEqual(boxInWhole({ left: 0, top: 0, right: 1, bottom: 1 }, padded.frame), { left: 0, top: 0, right: 1, bottom: 1 });
  const map = { values: Float32Array.of(1, 2, 3, 4), width: 2, height: 2 };
  assert.deepEqual(mapInWhole(map, undefined), map);
  // the bars above and below a padded picture are no part of it
  const whole = mapInWhole(map, padded.frame);
  assert.deepEqual([whole.width, whole.height, [...whole.values]], [2, 1, [3, 4]]);
  const beside = mapInWhole({ values: Float32Array.of(1, 2, 3, 4), width: 4, height: 1 }, cut.frame);
  assert.deepEqual([beside.width, [...beside.values]], [6, [0, 1, 2, 3, 4, 0]]);
});

test('model.json: preprocessing that contradicts itself is refused by its place', () => {
  const base = { width: 224, height: 224, channels: 3, resize: 'bilinear', normalization: 'imagenet' };
  const refusal = (change: object): string => {
    const parsed = inputSchema.safeParse({ ...base, ...change });
    return parsed.success ? '' : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  };
  assert.equal(refusal({}), '');
  assert.match(refusal({ shorterSide: 256 }), /shorterSide: expected only with fit centre-crop/);
  assert.match(refusal({ fit: 'centre-crop', shorterSide: 200 }), /shorterSide: expected at least width and height/);
  assert.match(refusal({ padding: 0.5 }), /padding: expected only with fit pad/);
  assert.match(refusal({ eightBit: true }), /eightBit: expected only with an antialiased filter/);
  assert.match(refusal({ normalization: { mean: [0.5, 0.5], std: [1], scale: 1 } }), /expected one number or 3 in mean, found 2/);
  assert.match(refusal({ normalization: { mean: [0.5], std: [0], scale: 1 } }), /positive standard deviations/);
  assert.match(
    refusal({
      windows: [
        { center: 0, width: 1 },
        { center: 1, width: 1 },
      ],
    }),
    /expected 2 channels, one for each window and slice, found 3/,
  );
  assert.match(refusal({ slices: 4 }), /expected an odd number/);
});
