import { CoefficientReader, coefficientTable } from './jpeg-coefficients.js';
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
  const reader = new CoefficientReader(bytes, scan.start);
  const { across, down, horizontal, vertical } = mcus(frame);
  const alone = scan.components.length === 1;
  const parts = scan.components.map(({ index, dc, ac }) => {
    const component = frame.components[index]!;
    const tablesOfPart = { dc: tables.dc[dc], ac: tables.ac[ac], quantization: tables.quantization[component.quantization] };
    if (!tablesOfPart.dc || !tablesOfPart.ac || !tablesOfPart.quantization) throw new Error('a JPEG scan without its tables');
    return {
      component,
      plane: planes[index]!,
      dc: tablesOfPart.dc,
      ac: coefficientTable(tablesOfPart.ac),
      quantization: Float64Array.from(tablesOfPart.quantization, (step, k) => step * scales[zigzag[k]!]!),
      previous: 0,
    };
  });
  // A scan of one component has no MCU padding: its blocks are those that hold pixels (§A.2.2).
  const only = parts[0]!.component;
  const unitsAcross = alone ? Math.ceil((frame.columns * only.horizontal) / (8 * horizontal)) : across;
  const unitsDown = alone ? Math.ceil((frame.rows * only.vertical) / (8 * vertical)) : down;
  const block = new Float64Array(64);
  const base = 2 ** (frame.precision - 1);
  const max = 2 ** frame.precision - 1;
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
        part.previous = reader.block(part.dc, part.ac, part.quantization, zigzag, part.previous, block);
        const left = (x * wide + (inner % wide)) * 8;
        const top = (y * high + Math.floor(inner / wide)) * 8;
        inverseDct(block);
        place(block, part.plane, left, top, base, max);
      }
    }
    if (reader.exhausted) throw new Error(`the codestream ends in unit ${unit + 1} of ${unitsAcross * unitsDown}`);
  }
  return reader.position;
}

const zigzag = Uint8Array.of(
  0,
  1,
  8,
  16,
  9,
  2,
  3,
  10,
  17,
  24,
  32,
  25,
  18,
  11,
  4,
  5,
  12,
  19,
  26,
  33,
  40,
  48,
  41,
  34,
  27,
  20,
  13,
  6,
  7,
  14,
  21,
  28,
  35,
  42,
  49,
  56,
  57,
  50,
  43,
  36,
  29,
  22,
  15,
  23,
  30,
  37,
  44,
  51,
  58,
  59,
  52,
  45,
  38,
  31,
  39,
  46,
  53,
  60,
  61,
  54,
  47,
  55,
  62,
  63,
);

/** A block's values, levels shifted and clipped (§A.3.1), into the component's plane. */
function place(block: Float64Array, plane: Plane, left: number, top: number, base: number, max: number): void {
  const { samples, width } = plane;
  // Adding a half and cutting off rounds, since what is negative is clipped anyway.
  const shift = base + 0.5;
  for (let y = 0, i = 0; y < 8; y++) {
    const line = (top + y) * width + left;
    for (let x = 0; x < 8; x++, i++) {
      const value = block[i]! + shift;
      samples[line + x] = value <= 0 ? 0 : value >= max ? max : value | 0;
    }
  }
}

/** Arai, Agui and Nakajima's scale of each coefficient, to be multiplied into the quantization: A(row) · A(column) / 8. */
const scales = Float64Array.from({ length: 64 }, (_, i) => (aan(i >> 3) * aan(i & 7)) / 8);

function aan(k: number): number {
  return k === 0 ? 1 : Math.cos((k * Math.PI) / 16) * Math.SQRT2;
}

/** Inverse DCT of a block of scaled coefficients, in place (§A.3.3, by Arai, Agui and Nakajima: five multiplications a line). */
function inverseDct(block: Float64Array): void {
  for (let column = 0; column < 8; column++) inverseLine(block, column, 8);
  for (let row = 0; row < 64; row += 8) inverseLine(block, row, 1);
}

function inverseLine(block: Float64Array, at: number, step: number): void {
  const c0 = block[at]!;
  const c1 = block[at + step]!;
  const c2 = block[at + 2 * step]!;
  const c3 = block[at + 3 * step]!;
  const c4 = block[at + 4 * step]!;
  const c5 = block[at + 5 * step]!;
  const c6 = block[at + 6 * step]!;
  const c7 = block[at + 7 * step]!;
  if (c1 === 0 && c2 === 0 && c3 === 0 && c4 === 0 && c5 === 0 && c6 === 0 && c7 === 0) {
    for (let i = 1; i < 8; i++) block[at + i * step] = c0;
    return;
  }
  const sum04 = c0 + c4;
  const difference04 = c0 - c4;
  const sum26 = c2 + c6;
  const rotated26 = (c2 - c6) * Math.SQRT2 - sum26;
  const even0 = sum04 + sum26;
  const even3 = sum04 - sum26;
  const even1 = difference04 + rotated26;
  const even2 = difference04 - rotated26;
  const z13 = c5 + c3;
  const z10 = c5 - c3;
  const z11 = c1 + c7;
  const z12 = c1 - c7;
  const odd7 = z11 + z13;
  const z5 = (z10 + z12) * 1.847759065022573512;
  const odd6 = z5 - z10 * 2.613125929752753055 - odd7;
  const odd5 = (z11 - z13) * Math.SQRT2 - odd6;
  const odd4 = z5 - z12 * 1.082392200292393968 - odd5;
  block[at] = even0 + odd7;
  block[at + 7 * step] = even0 - odd7;
  block[at + step] = even1 + odd6;
  block[at + 6 * step] = even1 - odd6;
  block[at + 2 * step] = even2 + odd5;
  block[at + 5 * step] = even2 - odd5;
  block[at + 3 * step] = even3 + odd4;
  block[at + 4 * step] = even3 - odd4;
}

/** Blocks' padding cut off; subsampled components repeated. */
function interleaved(frame: JpegFrame, planes: readonly Plane[]): Uint8Array | Uint16Array {
  const { rows, columns, components } = frame;
  const { horizontal, vertical } = mcus(frame);
  const length = rows * columns * components.length;
  const samples = frame.precision <= 8 ? new Uint8Array(length) : new Uint16Array(length);
  components.forEach((component, index) => {
    const plane = planes[index]!;
    if (components.length === 1) {
      for (let y = 0; y < rows; y++) samples.set(plane.samples.subarray(y * plane.width, y * plane.width + columns), y * columns);
      return;
    }
    const wide = horizontal === 2 * component.horizontal;
    for (let y = 0, to = index; y < rows; y++) {
      const line = Math.floor((y * component.vertical) / vertical) * plane.width;
      const at = plane.samples.subarray(line, line + Math.ceil((columns * component.horizontal) / horizontal));
      if (wide) widened(at, samples, to, components.length, columns);
      else for (let x = 0; x < columns; x++) samples[to + x * components.length] = at[Math.floor((x * component.horizontal) / horizontal)]!;
      to += columns * components.length;
    }
  });
  return samples;
}

/** Twice the width by a triangle filter, 3 to 1 towards the nearer neighbour: what libjpeg, and so everybody, does with 4:2:2. */
function widened(from: Uint16Array, samples: Uint8Array | Uint16Array, start: number, step: number, columns: number): void {
  const last = from.length - 1;
  for (let x = 0, to = start; x < columns; x++, to += step) {
    const near = x >> 1;
    const far = x % 2 === 0 ? Math.max(0, near - 1) : Math.min(last, near + 1);
    samples[to] = (3 * from[near]! + from[far]! + (x % 2 === 0 ? 1 : 2)) >> 2;
  }
}
