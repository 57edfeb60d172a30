import { itemsOf, notANumber, placedNumbersOf, textOf } from '../dicom/data-set.js';
import type { DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import { lookupTable, lookUp } from './lookup-table.js';
import type { InputRange } from './lookup-table.js';
import type { Mapping } from './modality-lut.js';

/** A window of VOI LUT (PS3.3 §C.11.2), in modality values. */
export interface Window {
  readonly center: number;
  readonly width: number;
  /** VOI LUT Function (0028,1056). */
  readonly shape?: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
}

/** Window → [0, 1]; the three functions of §C.11.2.1.2 and §C.11.2.1.3. */
export function windowMapping({ center, width, shape = 'LINEAR' }: Window): Mapping {
  if (shape === 'SIGMOID') return (value) => 1 / (1 + Math.exp((-4 * (value - center)) / width));
  // LINEAR counts pixels of integer value: half a grey level off, and a width of 1 is a threshold.
  const [middle, range] = shape === 'LINEAR' ? [center - 0.5, width - 1] : [center, width];
  const low = middle - range / 2;
  const high = middle + range / 2;
  return (value) => (value <= low ? 0 : value > high ? 1 : (value - middle) / range + 0.5);
}

/**
 * All windows of an image or frame that make sense, in the order of the file. Centre and width of one place belong together, also
 * where another of either is empty or no number.
 */
export function windowsOf(dataSet: DataSet): readonly Window[] {
  const widths = placedNumbersOf(dataSet, 'WindowWidth');
  const named = textOf(dataSet, 'VOILUTFunction')?.toUpperCase();
  const shape = named === 'SIGMOID' || named === 'LINEAR_EXACT' ? named : 'LINEAR';
  return placedNumbersOf(dataSet, 'WindowCenter').flatMap((center, index) => {
    const width = widths[index];
    const valid = center !== undefined && !Number.isNaN(center) && width !== undefined && (shape === 'LINEAR' ? width >= 1 : width > 0);
    return valid ? [{ center, width, shape }] : [];
  });
}

/**
 * What the file itself says on how to show it: its VOI LUT tables, then its windows, each in the order of the file. They are
 * alternatives (PS3.3 §C.11.2.1.1); the first is what a viewer shows. One that cannot be read is passed over for another that can.
 * @param input the modality values of the image, if known
 * @returns modality values → [0, 1]
 * @throws Fault dicom-attribute where tables or windows are stated and none of them can be read
 */
export function voiMappings(dataSet: DataSet, input?: InputRange): readonly Mapping[] {
  const faults: Fault[] = [];
  const tables = itemsOf(dataSet, 'VOILUTSequence').flatMap((item) => {
    try {
      const table = lookupTable(item, input);
      return [(value: number) => Math.min(1, lookUp(table, value) / table.white)];
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      faults.push(thrown);
      return [];
    }
  });
  const mappings = [...tables, ...windowsOf(dataSet).map(windowMapping)];
  for (const keyword of ['WindowCenter', 'WindowWidth'])
    if (placedNumbersOf(dataSet, keyword).some(Number.isNaN)) faults.push(notANumber(dataSet, keyword));
  if (mappings.length === 0 && faults[0]) throw faults[0];
  return mappings;
}
