import { BitReader } from './jpeg-bits.js';
import { walkJpeg } from './jpeg-segments.js';
import type { JpegFrame, JpegScan, JpegTables } from './jpeg-segments.js';
import type { DecodedFrame } from './stored-frames.js';

/**
 * Sequential DCT JPEG of 8 or 12 bits, Huffman-coded (ISO/IEC 10918-1 §F): for 12-bit `.51`, which neither libvips nor any
 * npm codec decodes. Plain floating point; 8-bit frames go through libjpeg instead (jpeg-baseline.ts).
 * @throws Error for a damaged codestream or another process
 */
export function decodeJpegExtended(bytes: Uint8Array): DecodedFrame {
  let planes: Plane[] | undefined;
  const frame = walkJpeg(bytes, (current, scan, tables) => {
    if (current.process !== 0xc0 && current.process !== 0xc1) throw new Error('not a sequential DCT process');
    planes ??= planesOf(current);
    return decodeScan(bytes, current, scan, tables, planes);
  });
  return { samples: interleaved(frame, planes!) };
}

/** One component in whole blocks. */
interface Plane {
  readonly width: number;
  readonly height: number;
  readonly samples: Uint16Array;
}

function planesOf(frame: JpegFrame): Plane[] {
  const { across, down } = mcus(frame);
  return frame.components.map(({ horizontal, vertical }) => {
    const width = across * horizontal * 8;
    const height = down * vertical * 8;
    return { width, height, samples: new Uint16Array(width * height) };
  });
}

function mcus(frame: JpegFrame): { across: number; down: number; horizontal: number; vertical: number } {
  const horizontal = Math.max(...frame.components.map((one) => one.horizontal));
  const vertical = Math.max(...frame.components.map((one) => one.vertical));
  return { across: Math.ceil(frame.columns / (8 * horizontal)), down: Math.ceil(frame.rows / (8 * vertical)), horizontal, vertical };
}

function decodeScan(bytes: Uint8Array, frame: JpegFrame, scan: JpegScan, tables: JpegTables, planes: readonly Plane[]): number {
  const reader = new BitReader(bytes, scan.start);
  const { across, down, horizontal, vertical } = mcus(frame);
  const alone = scan.components.length === 1;
  const parts = scan.components.map(({ index, dc, ac }) => {
    const component = frame.components[index]!;
    const tablesOfPart = { dc: tables.dc[dc], ac: tables.ac[ac], quantization: tables.quantization[component.quantization] };
    if (!tablesOfPart.dc || !tablesOfPart.ac || !tablesOfPart.quantization) throw new Error('a JPEG scan without its tables');
    return { component, plane: planes[index]!, dc: tablesOfPart.dc, ac: tablesOfPart.ac, quantization: tablesOfPart.quantization, previous: 0 };
  });
  // A scan of one component has no MCU padding: its blocks are those that hold pixels (§A.2.2).
  const only = parts[0]!.component;
  const unitsAcross = alone ? Math.ceil((frame.columns * only.horizontal) / (8 * horizontal)) : across;
  const unitsDown = alone ? Math.ceil((frame.rows * only.vertical) / (8 * vertical)) : down;
  const block = new Float64Array(64);
  const base = 2 ** (frame.precision - 1);
  const most = 2 ** frame.precision - 1;
  for (let unit = 0; unit < unitsAcross * unitsDown; unit++) {
    if (scan.restartInterval > 0 && unit > 0 && unit % scan.restartInterval === 0) {
      reader.restart();
      for (const part of parts) part.previous = 0;
    }
    const x = unit % unitsAcross;
    const y = Math.floor(unit / unitsAcross);
    for (const part of parts) {
      const wide = alone ? 1 : part.component.horizontal;
      const high = alone ? 1 : part.component.vertical;
      for (let inner = 0; inner < wide * high; inner++) {
        part.previous = readBlock(reader, part, block);
        const left = (x * wide + (inner % wide)) * 8;
        const top = (y * high + Math.floor(inner / wide)) * 8;
        inverseDct(block);
        for (let i = 0; i < 64; i++) {
          const value = Math.round(block[i]! + base);
          part.plane.samples[(top + (i >> 3)) * part.plane.width + left + (i & 7)] = value < 0 ? 0 : value > most ? most : value;
        }
      }
    }
    if (reader.exhausted) throw new Error(`the codestream ends in unit ${unit + 1} of ${unitsAcross * unitsDown}`);
  }
  return reader.position;
}

/** §F.2.2: one block of dequantized coefficients in natural order; returns the new DC prediction. */
function readBlock(reader: BitReader, part: { dc: Parameters<BitReader['symbol']>[0]; ac: Parameters<BitReader['symbol']>[0]; quantization: Uint16Array; previous: number }, block: Float64Array): number {
  block.fill(0);
  const dc = part.previous + reader.difference(reader.symbol(part.dc) & 15);
  block[0] = dc * part.quantization[0]!;
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(part.ac);
    const size = symbol & 15;
    const run = symbol >> 4;
    if (size === 0) {
      if (run !== 15) break;
      k += 15;
      continue;
    }
    k += run;
    if (k > 63) throw new Error('a JPEG block with more than 64 coefficients');
    block[zigzag[k]!] = reader.difference(size) * part.quantization[k]!;
  }
  return dc;
}

const zigzag = Uint8Array.of(
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
);

/** cosines[x * 8 + u] = C(u) / 2 · cos((2x + 1) u π / 16): §A.3.3 separated into rows and columns. */
const cosines = Float64Array.from({ length: 64 }, (_, i) => ((i & 7) === 0 ? Math.SQRT1_2 : 1) / 2 * Math.cos(((2 * (i >> 3) + 1) * (i & 7) * Math.PI) / 16));
const rowsDone = new Float64Array(64);

function inverseDct(block: Float64Array): void {
  for (let row = 0; row < 64; row += 8) {
    for (let x = 0; x < 8; x++) {
      let sum = 0;
      for (let u = 0; u < 8; u++) sum += block[row + u]! * cosines[x * 8 + u]!;
      rowsDone[row + x] = sum;
    }
  }
  for (let x = 0; x < 8; x++) {
    for (let y = 0; y < 8; y++) {
      let sum = 0;
      for (let v = 0; v < 8; v++) sum += rowsDone[v * 8 + x]! * cosines[y * 8 + v]!;
      block[y * 8 + x] = sum;
    }
  }
}

/** Blocks' padding cut off; subsampled components repeated. */
function interleaved(frame: JpegFrame, planes: readonly Plane[]): Uint8Array | Uint16Array {
  const { rows, columns, components } = frame;
  const { horizontal, vertical } = mcus(frame);
  const length = rows * columns * components.length;
  const samples = frame.precision <= 8 ? new Uint8Array(length) : new Uint16Array(length);
  components.forEach((component, index) => {
    const plane = planes[index]!;
    for (let y = 0, to = index; y < rows; y++) {
      const line = Math.floor((y * component.vertical) / vertical) * plane.width;
      for (let x = 0; x < columns; x++, to += components.length) samples[to] = plane.samples[line + Math.floor((x * component.horizontal) / horizontal)]!;
    }
  });
  return samples;
}
