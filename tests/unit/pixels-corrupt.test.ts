import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { Part10File } from '../../src/dicom/part10.js';
import { Fault } from '../../src/errors.js';
import { decodeFrames } from '../../src/pixels/decode/decode.js';

/** Codestreams with changed, lost and added bytes: a fault or a picture, soon, and the next whole file decodes as before. */
const names = [
  'rle-16-12-u',
  'rle-rgb-8-1frames',
  'jpeg-baseline-8-u',
  'jpeg-baseline-ybr-422',
  'jpeg-extended-12-u',
  'jpeg-lossless-sv1-12-u',
  'jpeg-lossless-p14-sv6-12-u',
  'jpeg-lossless-sv6-rgb',
  'dcmcjpls-12-u',
  'jls-near-12-u',
  'j2k-16-12-u',
  'j2k-lossy-16-12-u',
  'j2k-rgb-8-1frames',
  'htj2k-16-12-u',
  'htj2k-lossy-16-12-u',
];
const trials = 40;
/** CharLS may count to 2³¹ in a damaged codestream before it gives up; everything else is done at once. */
const maxMs = (name: string): number => (/jls|jpls/.test(name) ? 60_000 : 5000);

for (const name of names) {
  test(`${name} damaged in ${trials} ways`, async () => {
    const file = readPart10(readFileSync(join(projectRoot, 'tests/fixtures/pixels/synthetic', `${name}.dcm`)));
    const whole = await hashOf(file);
    assert.ok(file.pixelData?.kind === 'encapsulated');
    const stream = Buffer.concat(file.pixelData.fragments);
    let state = 12345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let trial = 0; trial < trials; trial++) {
      const damaged = damage(stream, trial % 4, random);
      const start = process.cpuUsage();
      try {
        await decodeFrames({ ...file, pixelData: { kind: 'encapsulated', offsetTable: new Uint8Array(0), fragments: [damaged] } });
      } catch (thrown) {
        assert.ok(thrown instanceof Fault && thrown.code === 'pixels-unreadable', thrown instanceof Error ? thrown.stack : String(thrown));
        assert.ok(thrown.subject.sopInstanceUID);
      }
      const { user, system } = process.cpuUsage(start);
      assert.ok((user + system) / 1000 < maxMs(name), `trial ${trial} took ${(user + system) / 1000} ms of processor time`);
    }
    assert.equal(await hashOf(file), whole);
  });
}

function damage(stream: Buffer, kind: number, random: (below: number) => number): Uint8Array {
  const bytes = new Uint8Array(stream);
  if (kind === 0) return bytes.slice(0, random(bytes.length));
  if (kind === 1) for (let i = 0; i < 10; i++) bytes[random(bytes.length)] = random(256);
  if (kind === 2) bytes[random(Math.min(200, bytes.length))] = random(256);
  if (kind === 3) bytes.copyWithin(random(bytes.length), random(bytes.length));
  return bytes;
}

async function hashOf(file: Part10File): Promise<string> {
  const { frames } = await decodeFrames(file);
  return createHash('sha256').update(Int32Array.from(frames[0]!.samples)).digest('hex');
}
