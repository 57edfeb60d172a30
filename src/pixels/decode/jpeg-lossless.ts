import { BitReader } from './jpeg-bits.js';
import type { HuffmanTable } from './jpeg-bits.js';
import { DifferenceReader } from './jpeg-differences.js';
import { walkJpeg } from './jpeg-segments.js';
import type { JpegFrame, JpegScan, JpegTables } from './jpeg-segments.js';
import type { DecodedFrame } from './stored-frames.js';

/**
 * JPEG lossless, process 14 (ISO/IEC 10918-1 §H), any predictor, 2 to 16 bits, one or three components: `.57` and `.70`.
 * Bit-exact by construction. Own code because no maintained WASM codec has this process and the npm ones copy sample by sample.
 * @throws Error for a damaged codestream
 */
export function decodeJpegLossless(bytes: Uint8Array): DecodedFrame {
  let samples: Uint8Array | Uint16Array | undefined;
  walkJpeg(bytes, (frame, scan, tables) => {
    if (frame.process !== 0xc3) throw new Error('not the lossless process');
    samples ??=
      frame.precision <= 8
        ? new Uint8Array(frame.rows * frame.columns * frame.components.length)
        : new Uint16Array(frame.rows * frame.columns * frame.components.length);
    return decodeScan(bytes, frame, scan, tables, samples);
  });
  return { samples: samples! };
}

function decodeScan(bytes: Uint8Array, frame: JpegFrame, scan: JpegScan, tables: JpegTables, samples: Uint8Array | Uint16Array): number {
  if (frame.components.some(({ horizontal, vertical }) => horizontal !== 1 || vertical !== 1))
    throw new Error('a lossless JPEG with subsampled components');
  const { columns, rows, precision } = frame;
  const step = frame.components.length;
  const parts = scan.components.map(({ index, dc }) => ({ index, table: demand(tables.dc[dc]) }));
  const start = 1 << (precision - scan.pointTransform - 1);
  if (parts.length === 1 && step === 1 && scan.restartInterval === 0) {
    const differences = new DifferenceReader(bytes, scan.start, parts[0]!.table);
    decodePlain(differences, samples, rows, columns, scan.selection, start);
    shift(samples, scan.pointTransform);
    return differences.end;
  }
  const reader = new BitReader(bytes, scan.start);
  const interval = scan.restartInterval || Infinity;
  let untilRestart = interval;
  // Row after which prediction starts anew.
  let firstRow = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; ) {
      if (untilRestart === 0) {
        reader.restart();
        untilRestart = interval;
        firstRow = row;
      }
      const run = Math.min(columns - column, untilRestart);
      if (parts.length === 1)
        decodeRun(
          reader,
          parts[0]!.table,
          samples,
          (row * columns + column) * step + parts[0]!.index,
          run,
          step,
          column === 0,
          row === firstRow,
          columns * step,
          scan.selection,
          start,
        );
      else
        for (let i = 0; i < run; i++) {
          for (const { index, table } of parts)
            decodeRun(
              reader,
              table,
              samples,
              (row * columns + column + i) * step + index,
              1,
              step,
              column + i === 0,
              row === firstRow,
              columns * step,
              scan.selection,
              start,
            );
        }
      column += run;
      untilRestart -= run;
    }
    if (reader.exhausted) throw new Error(`the codestream ends in row ${row + 1} of ${rows}`);
  }
  shift(samples, scan.pointTransform);
  return reader.position;
}

/** The whole image of one component, row by row: differences first, then the predictor over them. */
function decodePlain(
  reader: DifferenceReader,
  samples: Uint8Array | Uint16Array,
  rows: number,
  columns: number,
  selection: number,
  start: number,
): void {
  const differences = new Int32Array(columns);
  for (let row = 0, at = 0; row < rows; row++) {
    reader.read(differences);
    let left = (row === 0 ? start : samples[at - columns]!) + differences[0]!;
    samples[at] = left;
    if (row === 0 || selection === 1) {
      for (let x = 1; x < columns; x++) samples[at + x] = left = (left + differences[x]!) & 0xffff;
    } else {
      for (let x = 1, i = at + 1; x < columns; x++, i++) {
        samples[i] = predicted(selection, samples[i - 1]!, samples[i - columns]!, samples[i - columns - 1]!) + differences[x]!;
      }
    }
    at += columns;
  }
}

function shift(samples: Uint8Array | Uint16Array, pointTransform: number): void {
  if (pointTransform > 0) for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! << pointTransform;
}

/** `count` samples of one component from offset `at` on, all in one row (§H.1.2). */
function decodeRun(
  reader: BitReader,
  table: HuffmanTable,
  samples: Uint8Array | Uint16Array,
  at: number,
  count: number,
  step: number,
  atLeft: boolean,
  atTop: boolean,
  stride: number,
  selection: number,
  start: number,
): void {
  const end = at + count * step;
  if (atLeft && count > 0) {
    samples[at] = (atTop ? start : samples[at - stride]!) + nextDifference(reader, table);
    at += step;
  }
  if (atTop || selection === 1) {
    let left = samples[at - step]!;
    for (; at < end; at += step) samples[at] = left = (left + nextDifference(reader, table)) & 0xffff;
    return;
  }
  for (; at < end; at += step) {
    const left = samples[at - step]!;
    const above = samples[at - stride]!;
    const corner = samples[at - stride - step]!;
    samples[at] = predicted(selection, left, above, corner) + nextDifference(reader, table);
  }
}

function nextDifference(reader: BitReader, table: HuffmanTable): number {
  const size = reader.symbol(table);
  // Category 16 stands for 32768 and has no further bits (§H.1.2.2).
  return size === 16 ? 32768 : reader.difference(size);
}

/** Table H.1. */
function predicted(selection: number, left: number, above: number, corner: number): number {
  switch (selection) {
    case 2:
      return above;
    case 3:
      return corner;
    case 4:
      return left + above - corner;
    case 5:
      return left + ((above - corner) >> 1);
    case 6:
      return above + ((left - corner) >> 1);
    case 7:
      return (left + above) >> 1;
    default:
      throw new Error(`JPEG lossless predictor ${selection}`);
  }
}

function demand(table: HuffmanTable | undefined): HuffmanTable {
  if (!table) throw new Error('a JPEG scan without its Huffman table');
  return table;
}
