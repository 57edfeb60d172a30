import { decidingNumberOf, itemsOf } from '../dicom/data-set.js';
import type { DataSet } from '../dicom/data-set.js';
import { lookUp, lookupTable } from './lookup-table.js';
import type { InputRange } from './lookup-table.js';

/** A function of one value to one value; composed once and then tabulated for every stored value that can occur. */
export type Mapping = (value: number) => number;

/**
 * The Modality LUT (PS3.3 §C.11.1) of an image or of one frame's functional groups: stored values → modality values (HU in CT).
 * The table goes before Rescale Slope and Intercept, as in pydicom's apply_modality_lut; identity if there is neither.
 * @param input the stored values of the image, if known
 * @throws Fault dicom-attribute for a rescale or a table that is there and cannot be read
 */
export function modalityMapping(dataSet: DataSet, input?: InputRange): Mapping {
  const [item] = itemsOf(dataSet, 'ModalityLUTSequence');
  if (item) {
    const table = lookupTable(item, input);
    return (value) => lookUp(table, value);
  }
  const slope = decidingNumberOf(dataSet, 'RescaleSlope');
  const intercept = decidingNumberOf(dataSet, 'RescaleIntercept');
  if (slope === undefined || intercept === undefined || slope === 0) return (value) => value;
  return (value) => value * slope + intercept;
}
