import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asFault, Fault } from '../errors.js';
import type { GreyImage } from '../pixels/image.js';
import { framed, type FrameSpecification } from '../pixels/input-frame.js';
import { presentationVersion } from '../pixels/presentation-version.js';
import type { Example, ExampleSource } from './example.js';
import { writeFileAtomically } from '../lib/atomic-write.js';

/** What a network will see is cut from a picture by this much larger a side, so that zoom and rotation do not blur it. */
const cacheMargin = 1.125;

/**
 * Pictures of one size on disk, one file each, 8 bits a pixel, row by row, named by the example's key: decoding a radiograph costs
 * more than a training step on it, and is done once. The key must name the bytes of the image; the folder names the size and the
 * version of the presentation, so what an earlier release drew is not mixed with what this one draws.
 */
export class PictureCache {
  readonly width: number;
  readonly height: number;

  /** How a picture is cut or padded; its filter is Pillow's bilinear one, whatever the network's. */
  readonly frame: FrameSpecification;

  /** @param input what the network takes; pictures are kept `cacheMargin` larger */
  constructor(
    readonly directory: string,
    input: Pick<FrameSpecification, 'width' | 'height' | 'fit' | 'shorterSide' | 'padding'>,
  ) {
    const { width, height, fit, shorterSide, padding } = input;
    this.width = Math.ceil(width * cacheMargin);
    this.height = Math.ceil(height * cacheMargin);
    this.frame = {
      width: this.width,
      height: this.height,
      fit,
      padding,
      ...(shorterSide === undefined
        ? {}
        : { shorterSide: Math.ceil((shorterSide * Math.max(this.width, this.height)) / Math.max(width, height)) }),
    };
  }

  fileOf(key: string): string {
    if (!/^[\w.-]{4,160}$/.test(key)) throw new RangeError(`expected a checksum or a UID, found ${key.slice(0, 40)}`);
    return join(
      this.directory,
      `${this.width}x${this.height}-${presentationVersion}${nameOfFit(this.frame)}`,
      key.slice(-2),
      `${key}.grey8`,
    );
  }

  has(key: string): boolean {
    return existsSync(this.fileOf(key));
  }

  async put(key: string, image: GreyImage): Promise<void> {
    const file = this.fileOf(key);
    if (existsSync(file)) return;
    try {
      mkdirSync(dirname(file), { recursive: true });
    } catch (error) {
      throw asFault(error, 'dataset-invalid', { source: dirname(file) });
    }
    const { values } = framed(image, this.frame);
    await writeFileAtomically(
      file,
      Uint8Array.from(values, (value) => Math.round(Math.min(Math.max(value, 0), 1) * 255)),
      { durable: false },
    );
  }

  /** Makes what is missing of the examples. @returns the keys of those that cannot be read, with the reason */
  async fill(
    source: ExampleSource,
    examples: readonly Example[],
    { signal, onProgress }: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (done: number, total: number) => void } = {},
  ): Promise<ReadonlyMap<string, string>> {
    const unreadable = new Map<string, string>();
    for (const [index, example] of examples.entries()) {
      signal?.throwIfAborted();
      onProgress?.(index, examples.length);
      if (this.has(example.key)) continue;
      try {
        await this.put(example.key, await source.picture(example));
      } catch (error) {
        if (!(error instanceof Fault) || error.retryable) throw error;
        unreadable.set(example.key, error.detail);
      }
    }
    onProgress?.(examples.length, examples.length);
    return unreadable;
  }
}

/** Empty for squashed pictures, as in earlier releases. */
function nameOfFit({ fit, shorterSide, padding }: FrameSpecification): string {
  if (fit === undefined || fit === 'squash') return '';
  return [`-${fit}`, ...(shorterSide === undefined ? [] : [shorterSide]), ...(padding === undefined ? [] : [padding])].join('-');
}

/** Blocking, for a worker thread. @returns `width * height` grey values, 0 to 255 */
export function readCachedPicture(file: string, width: number, height: number): Uint8Array {
  const bytes = readFileSync(file);
  if (bytes.length !== width * height)
    throw new Fault('image-unreadable', `expected ${width * height} bytes, found ${bytes.length}`, { source: file });
  return bytes;
}
