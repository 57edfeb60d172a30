import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { Fault } from '../../src/errors.js';
import { analyzeUpload, type UploadedFile } from '../../src/reporting/analyze-upload.js';
import { UploadAnalyses } from '../../src/server/page/analyze-uploads.js';
import { temporaryDirectory } from '../support/orthanc.js';

const folder = temporaryDirectory('cancelled');
const files: UploadedFile[] = [];
for (let index = 0; index < 4; index++) {
  const path = join(folder, `${index}.png`);
  writeFileSync(
    path,
    await sharp({ create: { width: 64, height: 64, channels: 3, background: '#888' } })
      .png()
      .toBuffer(),
  );
  files.push({ name: `${index}.png`, path });
}
const isBrokenOff = (error: unknown): boolean => error instanceof Fault && error.code === 'upload-broken-off';

/** A model and a reader that note what they are asked for. @param onRead called when the image of a number is read */
function noting(onRead: (number: number) => Promise<void> | void) {
  let reads = 0;
  const reader = {
    async readPicture() {
      await onRead(++reads);
      const image = { width: 1, height: 1, values: Float32Array.of(0), pixelAspect: 1 };
      return { image, preview: { width: 1, height: 1, values: Uint8Array.of(0), pixelAspect: 1 } };
    },
  };
  const model = { name: 'm', version: 'v', engine: { name: 'e', why: '' }, predictXrays: async () => [{ findings: [] }] };
  return { loaded: { reader, model } as unknown as Parameters<typeof analyzeUpload>[1], reads: () => reads };
}

test('usability 17: when the sender goes away, the next image is not analyzed', async () => {
  const gone = new AbortController();
  const { loaded, reads } = noting((number) => {
    if (number === 2) gone.abort();
  });
  await assert.rejects(analyzeUpload(files, loaded, { maxImages: 4, signal: gone.signal }), isBrokenOff);
  assert.equal(reads(), 2);
  const whole = noting(() => undefined);
  assert.equal((await analyzeUpload(files, whole.loaded, { maxImages: 4 })).length, 4);
  assert.equal(whole.reads(), 4);
});

test('usability 17: an upload that waits for its turn leaves the queue, and the one behind it follows', async () => {
  const release: (() => void)[] = [];
  const { loaded, reads } = noting(() => new Promise<void>((resolve) => release.push(resolve)));
  const ports = {
    reader: loaded.reader,
    model: () => loaded.model,
    settings: { maxImages: 4, termsOf: () => assert.fail() },
    clock: { now: () => new Date() },
    log: {},
  };
  const uploads = new UploadAnalyses(ports as unknown as ConstructorParameters<typeof UploadAnalyses>[0]);
  const gone = new AbortController();
  const path = files[0]!.path;
  const first = [uploads.analyze(path, 'a'), uploads.analyze(path, 'b')];
  const waiting = uploads.analyze(path, 'c', { signal: gone.signal });
  const behind = uploads.analyze(path, 'd');
  const refused = assert.rejects(waiting, isBrokenOff);
  while (reads() < 2) await new Promise((resolve) => setImmediate(resolve));
  gone.abort();
  await refused;
  for (const done of release.splice(0)) done();
  await Promise.all(first);
  while (reads() < 3) await new Promise((resolve) => setImmediate(resolve));
  for (const done of release.splice(0)) done();
  assert.equal((await behind).images.length, 1);
  assert.equal(reads(), 3, 'the one that left was never read');
  await assert.rejects(uploads.analyze(path, 'e', { signal: gone.signal }), isBrokenOff);
});
