import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { Fault } from '../../src/errors.js';
import { presentPicture, readPicture } from '../../src/pixels/picture.js';
import { pictureFormat } from '../../src/pixels/decode/picture-format.js';

const greys = Float32Array.from({ length: 64 * 64 }, (_, i) => 0.5 + 0.4 * Math.sin(i / 5) * Math.cos(i / 300));
const rawGrey = (scale: number): Uint16Array => Uint16Array.from(greys, (value) => Math.round(value * scale));
const likeGreys = (values: Float32Array, tolerance: number): void =>
  assert.ok(values.every((value, i) => Math.abs(value - greys[i]!) < tolerance));

for (const bits of [10, 12, 14, 16]) {
  test(`a picture of ${bits} bits in 16 has its full contrast`, async () => {
    const values = rawGrey(2 ** bits - 1);
    values[0] = 2 ** bits - 1;
    const png = await sharp(values, { raw: { width: 64, height: 64, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    const { values: shown } = await readPicture(png);
    likeGreys(
      Float32Array.from(shown, (value, i) => (i === 0 ? greys[0]! : value)),
      2e-3,
    );
  });
}

test('TIFF, WebP, GIF and BMP are read; what is not read is named', async () => {
  const bytes = Uint8Array.from(greys, (value) => Math.round(value * 255));
  const input = sharp(bytes, { raw: { width: 64, height: 64, channels: 1 } });
  likeGreys((await readPicture(await input.clone().tiff({ compression: 'none' }).toBuffer())).values, 3e-3);
  likeGreys((await readPicture(await input.clone().webp({ lossless: true }).toBuffer())).values, 3e-3);
  assert.equal(pictureFormat(await input.clone().gif().toBuffer()), 'GIF');
  likeGreys((await readPicture(bitmapOf(bytes))).values, 3e-3);
  for (const [start, name] of [
    ['\0\0\0\x18ftypheic', 'HEIC'],
    ['%PDF-1.4 ', 'PDF'],
    ['\0\0\0\x0cjP  \r\n', 'JPEG 2000'],
  ] as const) {
    await assert.rejects(
      readPicture(Buffer.from(start.padEnd(200), 'latin1')),
      (thrown: unknown) => thrown instanceof Fault && thrown.detail.startsWith(name),
    );
  }
});

/** 24 bits, from the bottom up. */
function bitmapOf(grey: Uint8Array): Buffer {
  const header = Buffer.alloc(54);
  header.write('BM');
  for (const [at, value] of [
    [10, 54],
    [14, 40],
    [18, 64],
    [22, 64],
  ] as const)
    header.writeUInt32LE(value, at);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  return Buffer.concat([
    header,
    Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => grey[(63 - Math.floor(i / 192)) * 64 + Math.floor((i % 192) / 3)]!)),
  ]);
}

/** CMYK of 8 bits, 64 × 64, uncompressed. */
function inkTiff(samples: Uint8Array): Buffer {
  // Tag, type (3: 16 bits, 4: 32 bits), count, value.
  const entries = [
    [256, 4, 1, 64],
    [257, 4, 1, 64],
    [258, 3, 4, 8 + 2 + 108 + 4],
    [259, 3, 1, 1],
    [262, 3, 1, 5],
    [273, 4, 1, 8 + 2 + 108 + 4 + 8],
    [277, 3, 1, 4],
    [278, 4, 1, 64],
    [279, 4, 1, samples.length],
  ] as const;
  const head = Buffer.alloc(8 + 2 + 108 + 4 + 8);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(entries.length, 8);
  entries.forEach(([tag, type, count, value], i) => {
    head.writeUInt16LE(tag, 10 + 12 * i);
    head.writeUInt16LE(type, 12 + 12 * i);
    head.writeUInt32LE(count, 14 + 12 * i);
    head.writeUInt32LE(value, 18 + 12 * i);
  });
  for (let i = 0; i < 4; i++) head.writeUInt16LE(8, 122 + 2 * i);
  return Buffer.concat([head, samples]);
}

test('a colour profile changes nothing, and a flat border is cut from a picture as from a radiograph', async () => {
  const bytes = Uint8Array.from(greys, (value) => Math.round(value * 255));
  const input = sharp(bytes, { raw: { width: 64, height: 64, channels: 1 } });
  const profiled = await input.clone().toColourspace('srgb').withIccProfile('p3').png().toBuffer();
  const { data, info } = await sharp(profiled, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
  assert.ok((await sharp(profiled).metadata()).hasProfile);
  assert.ok((await readPicture(profiled)).values.every((value, i) => Math.abs(value * 255 - data[i * info.channels]!) < 1e-3));
  const cmyk = Uint8Array.from({ length: 4 * bytes.length }, (_, i) => (i % 4 === 3 ? 0 : 255 - bytes[i >> 2]!));
  likeGreys((await readPicture(inkTiff(cmyk))).values, 0.02);
  const framed = await presentPicture(
    await input.clone().extend({ top: 9, bottom: 9, left: 7, right: 7, background: '#000000' }).png().toBuffer(),
  );
  assert.deepEqual([framed.width, framed.height], [64, 64]);
});
