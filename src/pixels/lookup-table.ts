import { notANumber, numbersOf, placedNumbersOf, textOf } from '../dicom/data-set.js';
import type { DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';

/** LUT Data with its descriptor (PS3.3 §C.11.1.1). */
export interface LookupTable {
  /** Input value of the first entry; smaller ones take the first entry, values behind the last take the last. */
  readonly first: number;
  /** The output that is white in a VOI LUT: 2^bits − 1. */
  readonly white: number;
  readonly entries: readonly number[] | Uint16Array;
}

/** The values that a table is applied to, from the smallest to the largest. */
export interface InputRange {
  readonly low: number;
  readonly high: number;
}

/** Fewer entries than this share above the range of the stated bits are damaged. */
const maxWild = 0.01;

/**
 * The table of a Modality or VOI LUT item. Writers make mistakes in LUT Descriptor, and what the table and the image show is
 * believed before it:
 * - A count above 32767 that was written as SS looks negative, and 0 stands for 65536 (§C.11.1.1).
 * - A first value may have been written as US where it is negative, or as SS where it is above 32767: of the two readings the one
 *   counts that covers more of the values of this image.
 * - The bits of an entry are those that the largest entry needs, where that is more than stated or leaves the highest bit unused;
 *   a few wild entries do not count.
 *
 * @param input the values that go in, if known
 * @throws Fault dicom-attribute for an item without a readable descriptor or data
 */
export function lookupTable(item: DataSet, input?: InputRange): LookupTable {
  const [count, start, bits = 16] = placedNumbersOf(item, 'LUTDescriptor');
  if (count === undefined || start === undefined || Number.isNaN(count) || Number.isNaN(start)) throw notANumber(item, 'LUTDescriptor');
  const length = count <= 0 ? count + 65536 : count;
  const entries = entriesOf(item, length, bits);
  if (entries.length === 0)
    throw new Fault('dicom-attribute', 'a lookup table without entries', {
      attribute: 'LUTData',
      ...(textOf(item, 'SOPInstanceUID') ? { sopInstanceUID: textOf(item, 'SOPInstanceUID')! } : {}),
    });
  return { first: firstValue(start, entries.length, input), white: whiteOf(entries, bits), entries };
}

export function lookUp(table: LookupTable, value: number): number {
  const index = Math.trunc(value) - table.first;
  const last = table.entries.length - 1;
  return table.entries[Math.max(0, Math.min(last, index))]!;
}

function firstValue(stated: number, length: number, input: InputRange | undefined): number {
  if (!input) return stated;
  const other = stated < 0 ? stated + 65536 : stated > 32767 ? stated - 65536 : stated;
  const covered = (first: number): number => Math.min(input.high, first + length - 1) - Math.max(input.low, first);
  return covered(other) > Math.max(-1, covered(stated)) ? other : stated;
}

function whiteOf(entries: readonly number[] | Uint16Array, stated: number): number {
  const white = 2 ** stated - 1;
  let largest = 1;
  let above = 0;
  for (const entry of entries) {
    if (entry > largest) largest = entry;
    if (entry > white) above++;
  }
  return stated >= 8 && stated <= 16 && above > 0 && above < maxWild * entries.length ? white : 2 ** Math.ceil(Math.log2(largest + 1)) - 1;
}

function entriesOf(item: DataSet, length: number, bits: number): readonly number[] | Uint16Array {
  const data = item['LUTData'];
  if (!(data instanceof Uint8Array)) {
    const words = numbersOf(item, 'LUTData').map((entry) => (entry < 0 ? entry + 65536 : entry));
    if (bits > 8 || words.length * 2 < length || words.length >= length) return words.slice(0, length);
    return words.flatMap((word) => [word & 255, word >> 8]).slice(0, length);
  }
  // 8-bit entries may lie two in a word (§C.11.1.1.1).
  if (data.length < 2 * length && (bits <= 8 || data.length === length || data.length === length + 1)) return [...data.subarray(0, length)];
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return Uint16Array.from({ length: Math.min(length, data.length >> 1) }, (_, index) => view.getUint16(2 * index, true));
}
