import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { Fault } from '../../src/errors.js';
import { DecoderPool, toStored } from '../../src/pixels/decoder-pool.js';
import { resizeBilinear } from '../../src/pixels/resize.js';
import { presentXray } from '../../src/pixels/xray.js';

const folder = join(projectRoot, 'tests/fixtures/pixels/synthetic');
const names = ['explicit-16-12-11-u', 'rle-16-12-u', 'dcmcjpls-12-u', 'j2k-16-12-u', 'jpeg-lossless-sv1-12-u', 'jpeg-baseline-8-u', 'htj2k-16-12-u'];
let pool: DecoderPool;
before(() => { pool = new DecoderPool({ workers: 2 }); });
after(() => pool.stop());

test('pictures come back as presentXray makes them, many at once', async () => {
  const pictures = await Promise.all(names.map((name) => pool.xray(readFileSync(join(folder, `${name}.dcm`)))));
  for (const [i, name] of names.entries()) {
    assert.deepEqual(pictures[i]!.image, (await presentXray(readPart10(readFileSync(join(folder, `${name}.dcm`))))).image);
  }
});

test('a scaled picture leads back to stored pixels', async () => {
  const bytes = readFileSync(join(folder, 'explicit-16-12-11-u.dcm'));
  const { image, geometry } = await pool.xray(bytes, { width: 16, height: 16 });
  const whole = await presentXray(readPart10(bytes));
  assert.deepEqual(image, resizeBilinear(whole.image, 16, 16));
  assert.deepEqual(toStored(geometry, { left: 0, top: 0, right: 16, bottom: 16 }), whole.toStored({ left: 0, top: 0, right: whole.image.width, bottom: whole.image.height }));
});

test('faults keep their code and subject; the bytes given stay usable', async () => {
  const bytes = readFileSync(join(folder, 'j2k-16-12-u.dcm'));
  await assert.rejects(pool.xray(bytes.subarray(0, 400)), (thrown: unknown) => thrown instanceof Fault && thrown.code === 'dicom-unreadable');
  await pool.xray(bytes);
  assert.ok(readPart10(bytes).pixelData);
});

for (const [name, source, code] of [
  ['hangs', 'for (;;);', 'timed-out'],
  ['throws outside', "setImmediate(() => { throw new Error('broken'); })", 'pixels-unreadable'],
  ['exits', 'process.exit(3)', 'pixels-unreadable'],
  ['eats the memory', 'const all = []; for (;;) all.push(new Array(1e5).fill(all.length + 0.5));', 'pixels-unreadable'],
] as const) {
  test(`a decoder that ${name} is replaced and its file parked; the others go on`, async () => {
    const program = `import('node:worker_threads').then(({ parentPort }) => parentPort.on('message', ({ id, task }) => { if (task.bytes[0] === 1) { ${source} } else parentPort.postMessage({ id, result: 0.5 }); }))`;
    const fragile = new DecoderPool({ workers: 1, timeoutMs: 1500, heapMb: 48, program: new URL(`data:text/javascript,${encodeURIComponent(program)}`) });
    const bad = fragile.lungFraction(Uint8Array.of(1));
    const good = fragile.lungFraction(Uint8Array.of(2));
    await assert.rejects(bad, (thrown: unknown) => {
      assert.ok(thrown instanceof Fault, String(thrown));
      assert.equal(thrown.code, code);
      assert.equal(thrown.retryable, false);
      return true;
    });
    assert.equal(await good, 0.5);
    await fragile.stop();
  });
}

test('stopping rejects what is left, and can be followed by a start', async () => {
  const short = new DecoderPool({ workers: 1 });
  const left = Promise.allSettled([1, 2, 3].map(() => short.xray(readFileSync(join(folder, 'j2k-16-12-u.dcm')))));
  await short.stop();
  assert.ok((await left).every((one) => one.status === 'rejected' && (one.reason as Fault).retryable));
  await assert.rejects(short.xray(new Uint8Array(1)));
  short.start();
  await short.xray(readFileSync(join(folder, 'j2k-16-12-u.dcm')));
  await short.stop();
});

test('the event loop goes on while five megapixels are decoded', async () => {
  const samples = Uint16Array.from({ length: 2500 * 2048 }, (_, i) => (i * 7919) % 4096);
  const bytes = writePart10({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', SOPInstanceUID: '2.25.5', Rows: 2500, Columns: 2048, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0, PixelData: new Uint8Array(samples.buffer),
  });
  await pool.xray(bytes, { width: 192, height: 192 });
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 5);
  const start = performance.now();
  for (let i = 0; i < 3; i++) await pool.xray(bytes, { width: 192, height: 192 });
  const taken = performance.now() - start;
  clearInterval(ticking);
  // Decoded on the main thread, three pictures would leave room for two or three ticks. The delay itself: npm run bench -- pixels.
  assert.ok(ticks >= Math.max(4, taken / 100), `${ticks} ticks of 5 ms in ${taken} ms`);
});
