import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fastaiTransforms, noTransforms } from '../../src/dataset/augmentation.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { PictureWorkers } from '../../src/dataset/picture-workers.js';
import { prefetched } from '../../src/dataset/prefetch.js';
import { keyedRandom } from '../../src/lib/seeded-random.js';
import { trainingPicture, type PictureTask } from '../../src/dataset/training-picture.js';
import { isFault } from '../support/fault.js';

const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const cache = new PictureCache(folder, { width: 40, height: 36 });
const draws = keyedRandom('pictures');
await cache.put('first-key', { width: 60, height: 50, pixelAspect: 1, values: Float32Array.from({ length: 3000 }, () => draws.next()) });

const task = (position: number, settings = fastaiTransforms): PictureTask => ({
  file: cache.fileOf('first-key'),
  sourceWidth: cache.width,
  sourceHeight: cache.height,
  input: { width: 40, height: 36, channels: 1, normalization: 'per-image' },
  settings,
  seed: 1,
  epoch: 2,
  position,
});

test('pictures depend on their task alone, not on how many threads make them', async () => {
  const made = async (workers: number): Promise<readonly Float32Array[]> => {
    const threads = new PictureWorkers(workers);
    try {
      return await Promise.all(Array.from({ length: 12 }, (_, position) => threads.picture(task(position))));
    } finally {
      await threads.close();
    }
  };
  const alone = Array.from({ length: 12 }, (_, position) => trainingPicture(task(position)));
  for (const workers of [1, 3]) assert.deepEqual(await made(workers), alone);
  assert.notDeepEqual(alone[0], alone[1]);
});

test('what the network takes has mean 0 and deviation 1', () => {
  const values = trainingPicture(task(0, noTransforms));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  assert.ok(values.length === 1440 && Math.abs(mean) < 1e-5 && Math.abs(deviation - 1) < 1e-5);
});

test('a picture that is missing or cut off is a fault that names it; the threads go on', async () => {
  const threads = new PictureWorkers(1);
  try {
    writeFileSync(join(folder, 'cut.grey8'), Buffer.alloc(10));
    await assert.rejects(threads.picture({ ...task(0), file: join(folder, 'cut.grey8') }), isFault('image-unreadable'));
    await assert.rejects(threads.picture({ ...task(0), file: join(folder, 'none.grey8') }), /none\.grey8/);
    assert.equal((await threads.picture(task(0))).length, 1440);
  } finally {
    await threads.close();
  }
  await assert.rejects(threads.picture(task(0)), isFault('engine-failed'));
});

test('prefetching keeps the order, begins no more than it may, and waits for what it began', async () => {
  let begun = 0;
  let most = 0;
  let given = 0;
  const make = async (index: number): Promise<number> => {
    begun++;
    most = Math.max(most, begun - given);
    await new Promise((resolve) => setTimeout(resolve, (7 * index) % 5));
    return index;
  };
  const found: number[] = [];
  for await (const index of prefetched(2, 20, make, 4)) {
    given++;
    found.push(index);
    if (index === 11) break;
  }
  assert.deepEqual(found, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.ok(most <= 4, `${most} at once`);
  await assert.rejects(async () => {
    for await (const index of prefetched(0, 4, async (one) => (one === 2 ? Promise.reject(new Error('third')) : one))) assert.ok(index < 2);
  }, /third/);
});
