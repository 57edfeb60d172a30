import type { ImageFormat } from './image-format.js';
import { byPixel } from './native.js';
import type { DecodedFrame, Samples } from './stored-frames.js';

/**
 * RLE Lossless (PS3.5 §G): one PackBits segment for each byte of each sample, highest byte first, colour by plane.
 * @throws Error if the header or a segment does not fit the image
 */
export function decodeRle(bytes: Uint8Array, format: ImageFormat): DecodedFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bytesPerSample = Math.max(1, format.bitsAllocated / 8);
  const expected = bytesPerSample * format.samplesPerPixel;
  if (bytes.length < 64) throw new Error('the RLE header is cut off');
  const count = view.getUint32(0, true);
  if (!Number.isInteger(bytesPerSample) || count !== expected) throw new Error(`${expected} RLE segments were expected, ${count} found`);
  const pixels = format.rows * format.columns;
  const length = format.bitsAllocated === 1 ? Math.ceil(pixels / 8) : pixels;
  const planes: Uint8Array[] = [];
  for (let segment = 0; segment < count; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const next = segment + 1 < count ? view.getUint32(8 + 4 * segment, true) : bytes.length;
    if (start < 64 || next < start || next > bytes.length) throw new Error(`RLE segment ${segment + 1} lies outside the frame`);
    planes.push(unpacked(bytes, start, next, length));
  }
  if (format.bitsAllocated === 1) return { samples: bits(planes[0]!, pixels) };
  const samples = merged(planes, pixels, bytesPerSample, format.samplesPerPixel);
  return { samples: format.samplesPerPixel === 3 ? byPixel(samples, pixels) : samples };
}

/** PackBits (PS3.5 §G.3.2). */
function unpacked(bytes: Uint8Array, start: number, end: number, length: number): Uint8Array {
  const plane = new Uint8Array(length);
  let from = start;
  let to = 0;
  while (from < end && to < length) {
    const header = bytes[from++]!;
    if (header < 128) {
      const run = Math.min(header + 1, length - to, end - from);
      // Short literal runs are the rule in noise; copying them by hand beats subarray and set.
      if (run < 32) for (let i = 0; i < run; i++) plane[to++] = bytes[from++]!;
      else {
        plane.set(bytes.subarray(from, from + run), to);
        to += run;
        from += run;
      }
    } else if (header > 128) {
      const run = Math.min(257 - header, length - to);
      plane.fill(bytes[from++]!, to, to + run);
      to += run;
    }
  }
  if (to < length) throw new Error(`an RLE segment gives ${to} bytes where ${length} are needed`);
  return plane;
}

function merged(planes: readonly Uint8Array[], pixels: number, size: number, samplesPerPixel: number): Samples {
  const length = pixels * samplesPerPixel;
  const samples = size === 1 ? new Uint8Array(length) : size === 2 ? new Uint16Array(length) : new Uint32Array(length);
  for (let sample = 0; sample < samplesPerPixel; sample++) {
    const parts = planes.slice(sample * size, (sample + 1) * size);
    const base = sample * pixels;
    if (size === 1) samples.set(parts[0]!, base);
    else if (size === 2) {
      const [high, low] = parts as [Uint8Array, Uint8Array];
      for (let i = 0; i < pixels; i++) samples[base + i] = (high[i]! << 8) | low[i]!;
    } else for (let i = 0; i < pixels; i++) samples[base + i] = parts.reduce((value, part) => value * 256 + part[i]!, 0);
  }
  return samples;
}

function bits(packed: Uint8Array, pixels: number): Uint8Array {
  return Uint8Array.from({ length: pixels }, (_, i) => (packed[i >> 3]! >> (i & 7)) & 1);
}
