import type { ImageFormat } from './image-format.js';

/** Integer samples in the smallest type that holds them. */
export type Samples = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;

/** Decompressed frames, before any lookup table: the stored values of PS3.3 §C.7.6.3.1. */
export interface StoredFrames {
  readonly format: ImageFormat;
  /** Meaning of the samples as given here: RGB or YBR_FULL for colour, whatever the file contains. */
  readonly photometricInterpretation: string;
  readonly frames: readonly StoredFrame[];
}

export interface StoredFrame {
  /** 1-based. */
  readonly frameNumber: number;
  /** Row-major, colour by pixel: rows × columns × samplesPerPixel. */
  readonly samples: Samples;
}

/** What a codec gives for one frame. */
export interface DecodedFrame {
  readonly samples: Samples;
  /**
   * Bits of a sample that count, where the codestream says so itself; a sign is then in bit precision − 1.
   * Undefined: samples are cells as in native pixel data, to be cut by Bits Stored and High Bit.
   */
  readonly precision?: number;
  /** The samples are stored values already. */
  readonly cut?: true;
  /** Set where it differs from the file's. */
  readonly photometricInterpretation?: string;
}

/**
 * Cells of Bits Allocated → stored values: bits above High Bit (old overlays) and below the value removed, sign extended.
 * Works in place where the type stays the same, so pass samples that nobody else reads.
 */
export function storedValues(cells: Samples, format: Pick<ImageFormat, 'bitsStored' | 'highBit' | 'signed'>): Samples {
  const { bitsStored, highBit, signed } = format;
  const width = cells.BYTES_PER_ELEMENT * 8;
  const left = width - 1 - highBit;
  const right = width - bitsStored;
  if (left === 0 && right === 0) return retyped(cells, signed);
  const values = retyped(cells, signed);
  if (signed) {
    // Moving the sign bit to the top of 32 bits and back extends it.
    const up = 31 - highBit;
    const down = 32 - bitsStored;
    for (let i = 0; i < values.length; i++) values[i] = (values[i]! << up) >> down;
  } else if (values instanceof Uint16Array && highBit === bitsStored - 1 && values.byteOffset % 4 === 0) {
    // Two at a time: this is what most radiographs are.
    const pairs = new Uint32Array(values.buffer, values.byteOffset, values.length >> 1);
    const mask = 2 ** bitsStored - 1;
    const both = (mask << 16) | mask;
    for (let i = 0; i < pairs.length; i++) pairs[i]! &= both;
    if (values.length % 2 === 1) values[values.length - 1]! &= mask;
  } else {
    const shift = highBit + 1 - bitsStored;
    const mask = bitsStored === 32 ? 0xffffffff : 2 ** bitsStored - 1;
    for (let i = 0; i < values.length; i++) values[i] = ((values[i]! >>> shift) & mask) >>> 0;
  }
  return values;
}

/** The same bits read with or without sign; no copy. */
function retyped(cells: Samples, signed: boolean): Samples {
  const { buffer, byteOffset, length } = cells;
  switch (cells.BYTES_PER_ELEMENT) {
    case 1:
      return signed ? new Int8Array(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length);
    case 2:
      return signed ? new Int16Array(buffer, byteOffset, length) : new Uint16Array(buffer, byteOffset, length);
    default:
      return signed ? new Int32Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length);
  }
}
