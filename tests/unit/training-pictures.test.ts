import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { retrainingFolders } from '../../src/retraining/retraining-folders.js';
import { pruneTrainingPictures, removePicturesOfStudies } from '../../src/retraining/training-pictures.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { presentationVersion } from '../../src/pixels/presentation-version.js';
import { pictureKeyOf } from '../../src/retraining/picture-key.js';

const dataDir = mkdtempSync(join(tmpdir(), 'chest-ai-pictures-'));
after(() => rmSync(dataDir, { recursive: true, force: true }));

const { pictures } = retrainingFolders({ dataDir });
const image = (study: string, instance: string, content?: string) => ({ studyInstanceUID: study, sopInstanceUID: instance, content });
const picture = { width: 4, height: 4, values: new Float32Array(16), pixelAspect: 1 };
const files = (): number => readdirSync(pictures, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).length;

test('D6: the pictures of a deleted study go, in every size; those of others stay', async () => {
  const [small, large] = [new PictureCache(pictures, { width: 8, height: 8 }), new PictureCache(pictures, { width: 16, height: 16 })];
  for (const cache of [small, large])
    for (const one of [image('1.2', '1.2.1'), image('1.2', '1.2.2'), image('1.3', '1.3.1')]) await cache.put(pictureKeyOf(one), picture);
  await removePicturesOfStudies({ dataDir }, ['1.2']);
  assert.equal(files(), 2);
  assert.ok(small.has(pictureKeyOf(image('1.3', '1.3.1'))));
  await removePicturesOfStudies({ dataDir }, ['never seen']);
  assert.equal(files(), 2);
});

test('D6: pictures of images that are no longer labelled are removed by the next run', async () => {
  assert.equal(await pruneTrainingPictures({ dataDir }, [image('1.4', '1.4.1')]), 2);
  assert.equal(files(), 0);
});

test('D14: another content under the same UID, and another presentation, is another picture', () => {
  assert.notEqual(pictureKeyOf(image('1.2', '1.2.1', 'a')), pictureKeyOf(image('1.2', '1.2.1', 'b')));
  assert.equal(pictureKeyOf(image('1.2', '1.2.1', 'a')), pictureKeyOf(image('1.2', '1.2.1', 'a')));
  assert.match(new PictureCache(pictures, { width: 8, height: 8 }).fileOf('abcd'), new RegExp(`9x9-${presentationVersion}/`));
});

test('D6: a folder without pictures is no fault', async () => {
  await removePicturesOfStudies({ dataDir: join(dataDir, 'none') }, ['1.2']);
  assert.equal(await pruneTrainingPictures({ dataDir: join(dataDir, 'none') }, []), 0);
});
