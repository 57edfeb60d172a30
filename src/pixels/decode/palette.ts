import { Fault } from '../../errors.js';
import { numbersOf } from '../../dicom/data-set.js';
import type { DataSet } from '../../dicom/data-set.js';
import type { Samples } from './stored-frames.js';

const colours = ['Red', 'Green', 'Blue'] as const;
const max16 = 65535;

/** Palette Color Lookup Table module (PS3.3 §C.7.9): the luminance (Rec. 601) of each sample as 16 bits. */
export function paletteLuminance(samples: Samples, dataSet: DataSet): Uint16Array {
  const [red, green, blue] = colours.map((colour) => palette(dataSet, colour)) as [Palette, Palette, Palette];
  const entries = red.entries.map((value, i) =>
    Math.round(0.299 * value + 0.587 * (green.entries[i] ?? 0) + 0.114 * (blue.entries[i] ?? 0)),
  );
  const last = entries.length - 1;
  return Uint16Array.from(samples, (sample) => entries[Math.min(last, Math.max(0, sample - red.first))]!);
}

interface Palette {
  /** Sample that the first entry stands for. */
  readonly first: number;
  /** 16 bits, whatever the file has. */
  readonly entries: readonly number[];
}

function palette(dataSet: DataSet, colour: (typeof colours)[number]): Palette {
  const keyword = `${colour}PaletteColorLookupTable`;
  const [count, first, bits] = numbersOf(dataSet, `${keyword}Descriptor`);
  const data = dataSet[`${keyword}Data`];
  const segmented = dataSet[`Segmented${keyword}Data`];
  if (count === undefined || first === undefined)
    throw new Fault('dicom-attribute', 'it is missing', { attribute: `${keyword}Descriptor` });
  // 0 stands for 65536; written as SS, a count above 32767 looks negative (§C.7.6.3.1.5).
  const length = count <= 0 ? count + 65536 : count;
  if (data instanceof Uint8Array && data.length > 0) return { first, entries: plainEntries(data, length, bits === 8) };
  if (segmented instanceof Uint8Array && segmented.length > 0)
    return { first, entries: segmentedEntries(segmented, length, bits === 8, `Segmented${keyword}Data`) };
  throw new Fault('dicom-attribute', 'it is missing', { attribute: `${keyword}Data` });
}

function plainEntries(data: Uint8Array, length: number, narrow: boolean): readonly number[] {
  // 8-bit entries that lie one in a byte; elsewhere an entry is a word whatever its bits are.
  if (narrow && data.length < 2 * length) return Array.from(data.subarray(0, length), (value) => value * 257);
  const words = wordsOf(data).slice(0, length);
  const factor = narrow && words.every((value) => value < 256) ? 257 : 1;
  return words.map((value) => value * factor);
}

/**
 * Segmented Palette Color Lookup Table Data (§C.7.9.2): discrete, linear and indirect segments, until the table is full.
 * An indirect segment repeats others and may not lead to another indirect one, so nothing turns in circles.
 */
function segmentedEntries(data: Uint8Array, length: number, narrow: boolean, attribute: string): readonly number[] {
  const wrong = (detail: string): Fault => new Fault('dicom-attribute', detail, { attribute });
  const values = narrow ? [...data] : wordsOf(data);
  const max = narrow ? 255 : max16;
  const entries: number[] = [];
  const readSegments = (start: number, wanted: number, indirectAllowed: boolean): void => {
    let at = start;
    const next = (): number => {
      const value = values[at++];
      if (value === undefined) throw wrong('a segment is cut off');
      return value;
    };
    for (let segment = 0; segment < wanted && at < values.length && entries.length < length; segment++) {
      const opcode = next();
      const count = next();
      if (opcode === 0) for (let i = 0; i < count; i++) entries.push(next());
      else if (opcode === 1) {
        const from = entries.at(-1);
        const to = next();
        if (from === undefined) throw wrong('a linear segment comes first');
        for (let i = 1; i <= count; i++) entries.push(Math.round(from + ((to - from) * i) / count));
      } else if (opcode === 2 && indirectAllowed) {
        // Two words, or four bytes: the offset of the first segment in bytes.
        const parts = Array.from({ length: narrow ? 4 : 2 }, next);
        const offset = parts.reduceRight((sum, part) => sum * (max + 1) + part, 0);
        if (offset >= data.length) throw wrong(`an indirect segment points to byte ${offset} of ${data.length}`);
        readSegments(narrow ? offset : offset >> 1, count, false);
      } else throw wrong(opcode === 2 ? 'an indirect segment leads to another' : `a segment of the unknown kind ${opcode}`);
    }
  };
  readSegments(0, Infinity, true);
  if (entries.length < length) throw wrong(`${entries.length} entries where ${length} are stated`);
  return entries.slice(0, length).map((value) => (narrow ? value * 257 : value));
}

function wordsOf(data: Uint8Array): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return Array.from({ length: data.length >> 1 }, (_, i) => view.getUint16(2 * i, true));
}
