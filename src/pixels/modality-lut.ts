import { itemsOf, numberOf, numbersOf } from '../dicom/data-set.js';
import type { DataSet } from '../dicom/data-set.js';

/** A function of one value to one value; composed once and then tabulated for every stored value that can occur. */
export type Mapping = (value: number) => number;

/** LUT Data with its descriptor (PS3.3 §C.11.1.1). */
export interface LookupTable {
  /** Input value of the first entry; smaller ones take the first entry, values behind the last take the last. */
  readonly first: number;
  /** Bits of an entry, 8 to 16. */
  readonly bits: number;
  readonly entries: readonly number[] | Uint16Array;
}

/**
 * The Modality LUT (PS3.3 §C.11.1) of an image or of one frame's functional groups: stored values → modality values (HU in CT).
 * The table goes before Rescale Slope and Intercept, as in pydicom's apply_modality_lut; identity if there is neither.
 */
export function modalityMapping(dataSet: DataSet): Mapping {
  const table = lookupTable(itemsOf(dataSet, 'ModalityLUTSequence')[0]);
  if (table) return (value) => lookUp(table, value);
  const slope = numberOf(dataSet, 'RescaleSlope');
  const intercept = numberOf(dataSet, 'RescaleIntercept');
  if (slope === undefined || intercept === undefined || slope === 0) return (value) => value;
  return (value) => value * slope + intercept;
}

/** The table of a Modality or VOI LUT item, or undefined if the item is absent or makes no sense. */
export function lookupTable(item: DataSet | undefined): LookupTable | undefined {
  if (!item) return undefined;
  const [count, start, bits] = numbersOf(item, 'LUTDescriptor');
  if (count === undefined || start === undefined || bits === undefined) return undefined;
  // Written as SS, a count above 32767 looks negative; 0 stands for 65536 (§C.11.1.1).
  const length = count <= 0 ? count + 65536 : count;
  const entries = entriesOf(item, length, bits);
  return entries.length > 0 ? { first: start, bits: bits >= 1 && bits <= 16 ? bits : 16, entries } : undefined;
}

function entriesOf(item: DataSet, length: number, bits: number): readonly number[] | Uint16Array {
  const data = item['LUTData'];
  if (!(data instanceof Uint8Array)) return numbersOf(item, 'LUTData').map((entry) => (entry < 0 ? entry + 65536 : entry));
  // 8-bit entries may lie two in a word (§C.11.1.1.1).
  if (bits <= 8 && data.length < 2 * length) return [...data.subarray(0, length)];
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return Uint16Array.from({ length: Math.min(length, data.length >> 1) }, (_, index) => view.getUint16(2 * index, true));
}

export function lookUp(table: LookupTable, value: number): number {
  const index = Math.trunc(value) - table.first;
  const last = table.entries.length - 1;
  return table.entries[index < 0 ? 0 : index > last ? last : index]!;
}
