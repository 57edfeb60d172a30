import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { keyedRandom } from '../../src/lib/seeded-random.js';

/** A PNG of smooth blotches, another one for each name; `bright` adds a bright disc that a network can learn to see. */
export async function blotchPng(
  name: string,
  options: { readonly width?: number; readonly height?: number; readonly bright?: boolean } = {},
): Promise<Buffer> {
  const { width = 72, height = 64, bright = false } = options;
  const draws = keyedRandom('blotch', name);
  const coarse = Float32Array.from({ length: 64 }, () => draws.next());
  const centre = { x: draws.uniform(0.3, 0.7), y: draws.uniform(0.3, 0.7) };
  const at = (x: number, y: number): number => coarse[Math.min(7, y) * 8 + Math.min(7, x)]!;
  const pixels = Uint8Array.from({ length: width * height }, (_, index) => {
    const [x, y] = [((index % width) / width) * 7, (Math.floor(index / width) / height) * 7];
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const upper = at(left, top) * (1 - x + left) + at(left + 1, top) * (x - left);
    const lower = at(left, top + 1) * (1 - x + left) + at(left + 1, top + 1) * (x - left);
    const disc = bright && Math.hypot(x / 7 - centre.x, y / 7 - centre.y) < 0.18;
    return disc ? 250 : Math.round(40 + 120 * (upper * (1 - y + top) + lower * (y - top)));
  });
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}

/** Writes `metadata.csv` and `images/` into a folder, as published sets come. */
export async function writePictureSet(
  folder: string,
  csv: string | Uint8Array,
  pictures: Readonly<Record<string, Uint8Array | string>>,
): Promise<{ readonly metadata: string; readonly images: string; readonly out: string }> {
  const images = join(folder, 'images');
  mkdirSync(images, { recursive: true });
  writeFileSync(join(folder, 'metadata.csv'), csv);
  for (const [name, bytes] of Object.entries(pictures)) {
    mkdirSync(dirname(join(images, name)), { recursive: true });
    writeFileSync(join(images, name), bytes);
  }
  return { metadata: join(folder, 'metadata.csv'), images, out: join(folder, 'set') };
}
