import { huffmanTable } from './jpeg-bits.js';
import type { HuffmanTable } from './jpeg-bits.js';

export interface JpegComponent {
  readonly id: number;
  readonly horizontal: number;
  readonly vertical: number;
  readonly quantization: number;
}

export interface JpegFrame {
  /** 0xC0 baseline, 0xC1 extended sequential, 0xC3 lossless. */
  readonly process: number;
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: readonly JpegComponent[];
}

export interface JpegScan {
  readonly components: readonly { readonly index: number; readonly dc: number; readonly ac: number }[];
  /** Lossless: predictor 1 to 7 and point transform; meaningless for DCT. */
  readonly selection: number;
  readonly pointTransform: number;
  /** Where the coded data begin. */
  readonly start: number;
  readonly restartInterval: number;
}

export interface JpegTables {
  readonly dc: (HuffmanTable | undefined)[];
  readonly ac: (HuffmanTable | undefined)[];
  /** In zigzag order, as stored. */
  readonly quantization: (Uint16Array | undefined)[];
}

/**
 * Walks the segments of a sequential JPEG (ISO/IEC 10918-1 §B.2) and hands each scan on.
 * @param onScan decodes one scan and returns the offset behind it
 * @throws Error if a segment is malformed
 */
export function walkJpeg(bytes: Uint8Array, onScan: (frame: JpegFrame, scan: JpegScan, tables: JpegTables) => number): JpegFrame {
  const tables: JpegTables = { dc: [], ac: [], quantization: [] };
  let frame: JpegFrame | undefined;
  let restartInterval = 0;
  let scans = 0;
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff || bytes[at + 1] === 0xff || bytes[at + 1] === 0) {
      at++;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) break;
    if (marker >= 0xd0 && marker <= 0xd8) {
      at += 2;
      continue;
    }
    const segment = bytes.subarray(at + 4, at + 2 + word(bytes, at + 2));
    at += 2 + word(bytes, at + 2);
    if (at > bytes.length) throw new Error('a JPEG segment is cut off');
    if (marker === 0xc4) readHuffman(segment, tables);
    else if (marker === 0xdb) readQuantization(segment, tables);
    else if (marker === 0xdd) restartInterval = word(segment, 0);
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) frame = readFrame(marker, segment);
    else if (marker === 0xda) {
      if (!frame) throw new Error('a JPEG scan before its frame header');
      at = onScan(frame, readScan(segment, frame, at, restartInterval), tables);
      if (++scans > 16) throw new Error('more JPEG scans than components');
    }
  }
  if (!frame || scans === 0) throw new Error('a JPEG codestream without scan');
  return frame;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function readHuffman(segment: Uint8Array, tables: JpegTables): void {
  for (let at = 0; at + 17 <= segment.length; ) {
    const selector = segment[at]!;
    const lengths = segment.subarray(at + 1, at + 17);
    const count = lengths.reduce((sum, length) => sum + length, 0);
    (selector >> 4 === 0 ? tables.dc : tables.ac)[selector & 3] = huffmanTable(lengths, segment.slice(at + 17, at + 17 + count));
    at += 17 + count;
  }
}

function readQuantization(segment: Uint8Array, tables: JpegTables): void {
  for (let at = 0; at < segment.length; ) {
    const wide = segment[at]! >> 4 === 1;
    const start = at + 1;
    tables.quantization[segment[at]! & 3] = Uint16Array.from({ length: 64 }, (_, i) =>
      wide ? word(segment, start + 2 * i) : (segment[start + i] ?? 0),
    );
    at = start + (wide ? 128 : 64);
  }
}

function readFrame(process: number, segment: Uint8Array): JpegFrame {
  const count = segment[5] ?? 0;
  if (segment.length < 6 + 3 * count || count < 1 || count > 4) throw new Error('a malformed JPEG frame header');
  const components = Array.from({ length: count }, (_, i) => {
    const at = 6 + 3 * i;
    const sampling = segment[at + 1]!;
    return { id: segment[at]!, horizontal: sampling >> 4, vertical: sampling & 15, quantization: segment[at + 2]! & 3 };
  });
  if (components.some(({ horizontal, vertical }) => horizontal < 1 || horizontal > 4 || vertical < 1 || vertical > 4))
    throw new Error('a JPEG sampling factor outside 1 to 4');
  return { process, precision: segment[0]!, rows: word(segment, 1), columns: word(segment, 3), components };
}

function readScan(segment: Uint8Array, frame: JpegFrame, start: number, restartInterval: number): JpegScan {
  const count = segment[0] ?? 0;
  if (count < 1 || segment.length < 4 + 2 * count) throw new Error('a malformed JPEG scan header');
  const components = Array.from({ length: count }, (_, i) => {
    const index = frame.components.findIndex(({ id }) => id === segment[1 + 2 * i]);
    if (index < 0) throw new Error('a JPEG scan of a component that the frame has not');
    return { index, dc: segment[2 + 2 * i]! >> 4, ac: segment[2 + 2 * i]! & 15 };
  });
  return { components, selection: segment[1 + 2 * count]!, pointTransform: segment[3 + 2 * count]! & 15, start, restartInterval };
}
