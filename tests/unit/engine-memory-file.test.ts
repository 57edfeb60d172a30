import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ComputeProcess } from '../../src/engine/compute-process.js';
import type { Confinement } from '../../src/engine/confinement.js';
import { ownFolders } from '../../src/engine/foreign/own-folders.js';
import { MemoryFile, withImagesPlaced, withImagesRead } from '../../src/engine/memory-file.js';
import { Fault } from '../../src/errors.js';
import { seededImage } from './network-seeded.js';

const megabyte = 2 ** 20;
const image = (name: string, floats: number): Float32Array => seededImage(name, floats);

/** In an ordinary folder, which every system has. */
function memoryFile(): MemoryFile {
  const folder = mkdtempSync(join(tmpdir(), 'memory-file-'));
  const file = MemoryFile.create(folder)!;
  assert.deepEqual(readdirSync(folder), [], 'the file has no name');
  rmSync(folder, { recursive: true });
  return file;
}

test('images of a request lie in the memory file and are read as they were; what is small, in arrays or in maps stays in the message', () => {
  const file = memoryFile();
  const [large, other, small] = [image('a', 50_000), image('b', 20_000), image('c', 100)];
  const request = {
    kind: 'step',
    batch: { input: { data: large, batch: 1 }, targets: small, weights: null, deeper: { data: other } },
    tensors: new Map([['weight', large]]),
    list: [large],
    // a site's own names
    labels: { placed: 'yes' },
    other: { placed: { byteOffset: 'a', length: 1 } },
  };
  const { request: sent, placed } = withImagesPlaced(request, file);
  assert.equal(placed.length, 2);
  const { batch, tensors, list } = sent as typeof request;
  assert.deepEqual(batch.input.data, { placed: { byteOffset: 0, length: 50_000 } });
  assert.deepEqual(batch.deeper.data, { placed: { byteOffset: 200_000, length: 20_000 } });
  assert.equal(batch.targets, small);
  assert.equal(tensors, request.tensors);
  assert.equal(list, request.list);
  assert.deepEqual(withImagesRead(sent, file.readable), request);
  assert.equal(request.batch.input.data, large, 'the request itself is unchanged');
  file.closeReadable();
  file.close();
});

test('a part of a larger array is written alone', () => {
  const file = memoryFile();
  const part = image('whole', 60_000).subarray(10_000, 40_000);
  const { request } = withImagesPlaced({ part }, file);
  assert.deepEqual(withImagesRead(request, file.readable), { part });
  file.closeReadable();
  file.close();
});

test('no place is used twice before its request is answered, and a free place is used again', () => {
  const file = memoryFile();
  const put = (floats: number) => file.put(new Float32Array(floats))!;
  const [first, second, third] = [put(20_000), put(30_000), put(20_000)];
  assert.deepEqual([first.byteOffset, second.byteOffset, third.byteOffset], [0, 80_000, 200_000]);
  file.free([second]);
  assert.equal(put(40_000).byteOffset, 280_000);
  const again = put(25_000);
  assert.equal(again.byteOffset, 80_000);
  file.free([first]);
  assert.equal(put(20_000).byteOffset, 0);
  assert.equal(file.put(new Float32Array(200 * megabyte)), undefined, 'beyond the most');
  file.closeReadable();
  file.close();
});

test('without such a folder requests go by message', () => {
  assert.equal(MemoryFile.create(join(tmpdir(), 'no-such-folder')), undefined);
});

for (const [kind, confinement] of [
  ['a compute process', undefined],
  ['a confined compute process', { memoryMb: 512, readable: [...ownFolders, dirname(fileURLToPath(import.meta.url))] }],
] as const satisfies readonly (readonly [string, Confinement | undefined])[])
  test(`${kind} gets images of any size, many at once, and nothing of them is left behind`, async (context) => {
    if (!existsSync('/dev/shm')) context.diagnostic('this system has no /dev/shm: images went by message');
    const child = new ComputeProcess({
      program: new URL('../bench/echo-process.js', import.meta.url),
      arguments: [],
      environment: {},
      limits: { answerMs: 20_000, firstAnswerMs: 60_000 },
      confinement,
    });
    const images = Array.from({ length: 12 }, (_, index) => image(`image ${index}`, index % 2 === 0 ? 70_000 * (index + 1) : 1000));
    for (let round = 0; round < 2; round++) {
      const replies = await Promise.all(images.map((data) => child.request({ reply: { data } }, 'an echo')));
      assert.deepEqual(
        replies,
        images.map((data) => ({ data })),
      );
    }
    assert.deepEqual(existsSync('/dev/shm') ? readdirSync('/dev/shm').filter((name) => name.startsWith('chest-ai-')) : [], []);
    const given = child.request({ reply: { data: images[0]! } }, 'an echo');
    process.kill(child.pid!, 'SIGKILL');
    await assert.rejects(given, (error) => error instanceof Fault && error.code === 'engine-failed');
    await assert.rejects(child.request({ reply: { data: images[0]! } }, 'an echo'), /ended/);
    await child.stop();
  });
