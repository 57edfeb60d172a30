import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { asFault, Fault } from '../errors.js';
import type { GreyImage } from '../pixels/image.js';
import { perceptualHash } from './perceptual-hash.js';
import { readManifest, writeManifest, type ManifestEntry } from './manifest.js';
import type { PictureCache } from './picture-cache.js';
import { readExamplePicture } from './read-picture.js';

/** Smaller than this, a picture is a thumbnail or a mistake. */
const minSide = 32;

export interface VerifyOptions {
  readonly directory: string;
  /** Where good images are written anew, as PNG; the data set itself is never touched. */
  readonly repairInto?: string | undefined;
  /** Longest side of what is written there; as it is, if not given. */
  readonly maxSize?: number | undefined;
  /** Filled on the way with each image in the size that training reads. */
  readonly cache?: PictureCache | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface VerifyReport {
  readonly images: number;
  readonly broken: readonly { readonly file: string; readonly reason: string }[];
  /** Written to `repairInto`. */
  readonly repaired: number;
}

/**
 * Decodes every image of a data set (fastai's `verify_images`, which overwrites and deletes files; this one does not): missing,
 * changed since import, unreadable, cut off, of no size, or without any contrast.
 */
export async function verifyDataset({ directory, repairInto, maxSize, cache, onProgress }: VerifyOptions): Promise<VerifyReport> {
  const manifest = await readManifest(directory);
  const broken: { file: string; reason: string }[] = [];
  const kept: ManifestEntry[] = [];
  for (const [index, entry] of manifest.entries.entries()) {
    onProgress?.(index, manifest.entries.length);
    try {
      const image = await decoded(directory, entry);
      await cache?.put(entry.sha256, image);
      if (repairInto !== undefined) kept.push(await repaired(repairInto, entry, image, maxSize));
    } catch (error) {
      if (!(error instanceof Fault) || error.code === 'disk-full') throw error;
      broken.push({ file: entry.file, reason: error.detail });
    }
  }
  onProgress?.(manifest.entries.length, manifest.entries.length);
  if (repairInto !== undefined) await writeManifest(repairInto, { ...manifest, entries: kept });
  return { images: manifest.entries.length, broken, repaired: kept.length };
}

async function decoded(directory: string, { file, sha256 }: ManifestEntry): Promise<GreyImage> {
  const source = join(directory, file);
  const bytes = await readFile(source).catch((error: unknown) =>
    Promise.reject(
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? new Fault('image-unreadable', 'the file is missing', { source })
        : asFault(error, 'image-unreadable', { source }),
    ),
  );
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw new Fault('image-unreadable', 'the file has changed since it was imported', { source });
  const image = await readExamplePicture(bytes, source);
  if (Math.min(image.width, image.height) < minSide)
    throw new Fault('image-unreadable', `expected at least ${minSide} pixels a side, found ${image.width} × ${image.height}`, { source });
  const [first] = image.values;
  if (image.values.every((value) => value === first)) throw new Fault('image-unreadable', 'every pixel has the same value', { source });
  return image;
}

async function repaired(directory: string, entry: ManifestEntry, image: GreyImage, maxSize: number | undefined): Promise<ManifestEntry> {
  const file = `${entry.file.replace(/\.[^./]+$/, '')}.${entry.sha256.slice(0, 8)}.png`;
  const bytes = await greyPng(image, maxSize);
  try {
    await mkdir(join(directory, dirname(file)), { recursive: true });
    await writeFile(join(directory, file), bytes);
  } catch (error) {
    throw asFault(error, 'dataset-invalid', { source: file });
  }
  // hashed as it will be read, so that the new data set agrees with itself
  const hash = perceptualHash(await readExamplePicture(bytes, file));
  return { ...entry, file, sha256: createHash('sha256').update(bytes).digest('hex'), perceptualHash: hash };
}

/** 16 bits, so that nothing of a DICOM image's range is lost. */
async function greyPng({ width, height, values }: GreyImage, maxSize: number | undefined): Promise<Buffer> {
  const samples = Uint16Array.from(values, (value) => Math.round(value * 65535));
  const picture = sharp(samples, { raw: { width, height, channels: 1 } }).toColourspace('grey16');
  const sized =
    maxSize !== undefined && Math.max(width, height) > maxSize
      ? picture.resize(maxSize, maxSize, { fit: 'inside', kernel: 'lanczos3' })
      : picture;
  return sized.png().toBuffer();
}
