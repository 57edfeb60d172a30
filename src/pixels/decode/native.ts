import { Fault } from '../../errors.js';
import type { ImageFormat } from './image-format.js';
import type { Samples } from './stored-frames.js';

/**
 * The cells of one frame of uncompressed Pixel Data (PS3.5 §8.1.1, §D), colour by pixel, copied out of the file.
 * Cells of 8, 16 and 32 bits; others (1 for bitmaps, 12 in old files) lie as a stream, lowest bit first, without padding between frames.
 *
 * @param littleEndian false only for Explicit VR Big Endian
 * @param vr of Pixel Data: bytes of OW are swapped in big endian, those of OB are not
 */
export function nativeCells(
  bytes: Uint8Array,
  index: number,
  format: ImageFormat,
  encoding: { littleEndian: boolean; vr: string },
): Samples {
  const { rows, columns, samplesPerPixel, bitsAllocated } = format;
  const halved = isHalved(bytes.length, format);
  const count = rows * columns * (halved ? 2 : samplesPerPixel);
  const needed = Math.ceil((count * bitsAllocated * format.numberOfFrames) / 8);
  if (bytes.length < needed) {
    throw new Fault('pixels-unreadable', `Pixel Data has ${bytes.length} bytes where ${needed} are needed`, {
      attribute: 'PixelData (7FE0,0010)',
    });
  }
  const cells =
    bitsAllocated % 8 === 0 && bitsAllocated !== 24
      ? wholeCells(bytes, index * count, count, bitsAllocated / 8, encoding)
      : packedCells(bytes, index * count, count, bitsAllocated);
  if (halved) return doubled(cells, count);
  return format.planar ? byPixel(cells, rows * columns) : cells;
}

/**
 * Whether two luminances share one pair of colour differences (PS3.3 §C.7.6.3.1.2). Writers that say so and keep full colour, and
 * the reverse, are common: where the bytes are enough for the one only, they tell.
 */
function isHalved(
  length: number,
  { rows, columns, bitsAllocated, numberOfFrames, samplesPerPixel, photometricInterpretation }: ImageFormat,
): boolean {
  if (samplesPerPixel !== 3 || !photometricInterpretation.startsWith('YBR_')) return false;
  const full = Math.ceil((rows * columns * 3 * bitsAllocated * numberOfFrames) / 8);
  const stated = photometricInterpretation === 'YBR_FULL_422' || photometricInterpretation === 'YBR_PARTIAL_422';
  return length < full && (stated || (length >= Math.ceil((full * 2) / 3) && length <= Math.ceil((full * 2) / 3) + 1));
}

function wholeCells(
  bytes: Uint8Array,
  first: number,
  count: number,
  size: number,
  { littleEndian, vr }: { littleEndian: boolean; vr: string },
): Samples {
  // A copy: the values are changed in place later, and a view needs an aligned start.
  const copy = bytes.slice(first * size, (first + count) * size);
  if (!littleEndian && vr === 'OW' && size === 1) return swapPairs(bytes, first, count);
  if (!littleEndian && size > 1) size === 2 ? Buffer.from(copy.buffer).swap16() : Buffer.from(copy.buffer).swap32();
  return size === 1 ? copy : size === 2 ? new Uint16Array(copy.buffer) : new Uint32Array(copy.buffer);
}

/** 8-bit cells in big endian words: each pair of bytes is turned round. */
function swapPairs(bytes: Uint8Array, first: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => bytes[(first + i) ^ 1] ?? 0);
}

function packedCells(bytes: Uint8Array, first: number, count: number, bits: number): Samples {
  const cells = bits <= 8 ? new Uint8Array(count) : bits <= 16 ? new Uint16Array(count) : new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let position = (first + i) * bits;
    let value = 0;
    for (let taken = 0; taken < bits; ) {
      const offset = position & 7;
      const step = Math.min(8 - offset, bits - taken);
      value += ((bytes[position >> 3]! >> offset) & ((1 << step) - 1)) * 2 ** taken;
      position += step;
      taken += step;
    }
    cells[i] = value;
  }
  return cells;
}

/** Colour by plane → colour by pixel. */
export function byPixel<Kind extends Samples>(planes: Kind, pixels: number): Kind {
  const mixed = planes.slice() as Kind;
  for (let i = 0, to = 0; i < pixels; i++) {
    mixed[to++] = planes[i]!;
    mixed[to++] = planes[pixels + i]!;
    mixed[to++] = planes[2 * pixels + i]!;
  }
  return mixed;
}

/** Y1 Y2 Cb Cr → Y1 Cb Cr Y2 Cb Cr. */
function doubled(cells: Samples, count: number): Samples {
  const full = cells instanceof Uint8Array ? new Uint8Array((count / 2) * 3) : new Uint16Array((count / 2) * 3);
  for (let from = 0, to = 0; from + 3 < count; from += 4) {
    full[to++] = cells[from]!;
    full[to++] = cells[from + 2]!;
    full[to++] = cells[from + 3]!;
    full[to++] = cells[from + 1]!;
    full[to++] = cells[from + 2]!;
    full[to++] = cells[from + 3]!;
  }
  return full;
}
