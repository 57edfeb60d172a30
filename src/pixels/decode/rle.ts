import { readFileSync } from 'node:fs';
import type { ImageFormat } from './image-format.js';
import type { DecodedFrame } from './stored-frames.js';

/** What codecs/rle/rle.c exports: the inner loops, on addresses in its memory. */
interface RleLoops {
  readonly memory: WebAssembly.Memory;
  /** Bytes unpacked, at most `length`. */
  unpack(from: number, end: number, plane: number, length: number): number;
  merge(high: number, low: number, samples: number, count: number, mask: number): void;
  spread(plane: number, samples: number, count: number, stride: number): void;
}

const program = new URL('../../../../codecs/rle/rle.wasm', import.meta.url);
/** Below it lie the program's own stack and data. */
const firstFree = 65536;
const page = 65536;
/** The loops read and write whole vectors, so up to a longest run beyond the ends. */
const slack = 256;
/** Memory of WebAssembly never shrinks: an instance that grew beyond this is not reused. */
const maxKeptBytes = 256e6;
let instance: RleLoops | undefined;

/**
 * RLE Lossless (PS3.5 §G): one PackBits segment for each byte of each sample, highest byte first, colour by plane.
 * @throws Error if the header or a segment does not fit the image
 */
export function decodeRle(bytes: Uint8Array, format: ImageFormat): DecodedFrame {
  const { rows, columns, samplesPerPixel, bitsAllocated, bitsStored } = format;
  const size = Math.max(1, bitsAllocated / 8);
  const segments = segmentsOf(bytes, size * samplesPerPixel);
  const pixels = rows * columns;
  const length = bitsAllocated === 1 ? Math.ceil(pixels / 8) : pixels;
  // Input, a plane for each of the two bytes that are merged, the samples.
  const input = firstFree;
  const planes = [input + bytes.length + slack, input + bytes.length + length + 2 * slack] as const;
  const output = planes[1] + length + slack;
  const outputLength = length * samplesPerPixel * size;
  const loops = loopsWith(output + outputLength + slack);
  new Uint8Array(loops.memory.buffer, input, bytes.length).set(bytes);
  const unpack = (segment: number, plane: number): void => {
    const { start, end } = segments[segment]!;
    const given = loops.unpack(input + start, input + end, plane, length);
    if (given < length) throw new Error(`RLE segment ${segment + 1} gives ${given} bytes where ${length} are needed`);
  };
  const merged = size === 2 && samplesPerPixel === 1;
  // What most radiographs are: bits above the stored ones are cut off on the way.
  const cut = merged && !format.signed && format.highBit === bitsStored - 1;
  if (segments.length === 1) unpack(0, output);
  else if (merged) {
    planes.forEach((plane, segment) => unpack(segment, plane));
    loops.merge(planes[0], planes[1], output, pixels, cut ? 2 ** bitsStored - 1 : 0xffff);
  } else {
    segments.forEach((_, segment) => {
      unpack(segment, planes[0]);
      const sample = Math.floor(segment / size);
      loops.spread(planes[0], output + sample * size + (size - 1 - (segment % size)), pixels, samplesPerPixel * size);
    });
  }
  const decoded = new Uint8Array(loops.memory.buffer, output, outputLength).slice();
  if (bitsAllocated === 1) return { samples: bits(decoded, pixels) };
  return {
    ...(cut ? { cut } : {}),
    samples: size === 1 ? decoded : size === 2 ? new Uint16Array(decoded.buffer) : new Uint32Array(decoded.buffer),
  };
}

/** The RLE header (§G.5). */
function segmentsOf(bytes: Uint8Array, expected: number): readonly { readonly start: number; readonly end: number }[] {
  if (bytes.length < 64) throw new Error('the RLE header is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0, true);
  if (!Number.isInteger(expected) || count !== expected) throw new Error(`${expected} RLE segments were expected, ${count} found`);
  return Array.from({ length: count }, (_, segment) => {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < count ? view.getUint32(8 + 4 * segment, true) : bytes.length;
    if (start < 64 || end < start || end > bytes.length) throw new Error(`RLE segment ${segment + 1} lies outside the frame`);
    return { start, end };
  });
}

/** With memory up to `needed` bytes. @throws Error beyond 1 GB */
function loopsWith(needed: number): RleLoops {
  if (!instance || (instance.memory.buffer.byteLength > maxKeptBytes && needed <= maxKeptBytes)) {
    const environment = { env: { emscripten_notify_memory_growth: (): void => undefined } };
    instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(program)), environment).exports as unknown as RleLoops;
  }
  const missing = needed - instance.memory.buffer.byteLength;
  if (missing > 0) instance.memory.grow(Math.ceil(missing / page));
  return instance;
}

function bits(packed: Uint8Array, pixels: number): Uint8Array {
  return Uint8Array.from({ length: pixels }, (_, i) => (packed[i >> 3]! >> (i & 7)) & 1);
}
