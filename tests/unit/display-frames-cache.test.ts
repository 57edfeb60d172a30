import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../../src/dicom/uid.js';
import { DisplayFrames } from '../../src/server/page/display-frames.js';
import { displayFrame } from '../support/example-replies.js';

/** Counts what is retrieved; a file of `size` bytes is none that anything could decode. */
function framesOf(size: (instance: string) => number) {
  const retrieved: string[] = [];
  const unused = (): never => assert.fail('not part of this test');
  const frames = new DisplayFrames(
    {
      dicomWeb: {
        async retrieveInstance(_study, _series, instance) {
          retrieved.push(instance);
          return { length: size(instance) } as Uint8Array;
        },
        retrieveStudyMetadata: unused,
        searchForStudies: unused,
      },
    },
    { readDisplayFrame: async () => displayFrame },
  );
  const read = (instance: string, frame: number): Promise<unknown> =>
    frames.displayFrame({ study: '1' as StudyInstanceUID, series: '2' as SeriesInstanceUID, instance: instance as SOPInstanceUID }, frame);
  return { retrieved, read };
}

test('three readers go through three multi-frame images with one retrieval each; the file used longest ago makes room', async () => {
  const { retrieved, read } = framesOf(() => 80e6);
  for (let frame = 2; frame < 6; frame++) for (const instance of ['a', 'b', 'c']) await read(instance, frame);
  assert.deepEqual(retrieved, ['a', 'b', 'c']);
  await read('a', 6);
  await read('d', 2);
  await read('a', 7);
  assert.deepEqual(retrieved, ['a', 'b', 'c', 'd']);
  await read('b', 6);
  assert.deepEqual(retrieved, ['a', 'b', 'c', 'd', 'b']);
});

test('cached files are bounded in bytes, and an image of one frame is not cached', async () => {
  const { retrieved, read } = framesOf((instance) => (instance === 'huge' ? 300e6 : 150e6));
  await read('single', 1);
  await read('single', 1);
  assert.equal(retrieved.length, 2);
  await read('huge', 2);
  await read('huge', 3);
  assert.equal(retrieved.length, 4);
  await read('a', 2);
  await read('b', 2);
  await read('b', 3);
  assert.deepEqual(retrieved.slice(4), ['a', 'b']);
  await read('a', 3);
  assert.deepEqual(retrieved.slice(4), ['a', 'b', 'a'], 'two of 150 MB are too much');
});
