import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { Fault } from '../../src/errors.js';
import { readPicture } from '../../src/pixels/picture.js';

interface Expected {
  readonly width: number;
  readonly height: number;
  /** float32 little endian, base64. */
  readonly values: string;
  readonly tolerance: number;
}

const folder = join(projectRoot, 'tests/fixtures/pixels');
/** Made by tests/oracles/pixels/make_pictures.py with Pillow. */
const expected = JSON.parse(readFileSync(join(folder, 'pictures.json'), 'utf8')) as Readonly<Record<string, Expected>>;

for (const [name, { width, height, values, tolerance }] of Object.entries(expected)) {
  test(`${name} shows what Pillow sees in it`, async () => {
    const image = await readPicture(readFileSync(join(folder, 'pictures', name)));
    assert.deepEqual([image.width, image.height], [width, height]);
    const reference = new Float32Array(Uint8Array.from(Buffer.from(values, 'base64')).buffer);
    const worst = image.values.reduce((most, value, i) => Math.max(most, Math.abs(value - reference[i]!)), 0);
    assert.ok(worst <= tolerance, `off by ${worst}`);
  });
}

test('what is no picture, or half of one, is a fault that names the file', async () => {
  const whole = readFileSync(join(folder, 'pictures/rgb.png'));
  for (const bytes of [new Uint8Array(0), Buffer.from('hello'), whole.subarray(0, 60), whole.subarray(0, whole.length - 200)]) {
    await assert.rejects(
      readPicture(bytes, 'x.png'),
      (thrown: unknown) => thrown instanceof Fault && thrown.code === 'image-unreadable' && thrown.subject.source === 'x.png',
    );
  }
});
