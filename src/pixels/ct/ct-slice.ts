import { decidingNumberOf, itemsOf, textOf } from '../../dicom/data-set.js';
import type { Part10File } from '../../dicom/part10.js';
import { Fault } from '../../errors.js';
import { decodeFrames } from '../decode/decode.js';
import { frameDataSet } from '../functional-groups.js';
import { valueRange } from '../histogram.js';
import { modalityMapping } from '../modality-lut.js';
import { paddingRange } from '../padding.js';
import { tabulated } from '../tabulate.js';

/** Air; what padding outside the reconstructed circle counts as. */
const airHu = -1000;

/** An axial slice in Hounsfield units. */
export interface CtSlice {
  readonly width: number;
  readonly height: number;
  /** Row-major, as stored (not turned); padding is −1000. */
  readonly hu: Float32Array;
}

/**
 * Hounsfield units of one frame (Modality LUT, PS3.3 §C.11.1; per frame in enhanced objects).
 * @param frameNumber 1-based
 * @throws Fault as decodeFrames; dicom-attribute if the object has no rescale and so no Hounsfield units
 */
export async function hounsfieldUnits(file: Part10File, frameNumber = 1): Promise<CtSlice> {
  const dataSet = frameDataSet(file.dataSet, frameNumber);
  const subject = {
    attribute: 'RescaleSlope',
    ...(textOf(dataSet, 'SOPInstanceUID') ? { sopInstanceUID: textOf(dataSet, 'SOPInstanceUID')! } : {}),
  };
  const stored = await decodeFrames(file, [frameNumber]);
  const {
    format,
    frames: [frame],
  } = stored;
  if (format.samplesPerPixel !== 1)
    throw new Fault('dicom-attribute', 'a colour image has no Hounsfield units', { ...subject, attribute: 'SamplesPerPixel' });
  if (itemsOf(dataSet, 'ModalityLUTSequence').length === 0) {
    const missing = ['RescaleSlope', 'RescaleIntercept'].find((keyword) => decidingNumberOf(dataSet, keyword) === undefined);
    if (missing)
      throw new Fault('dicom-attribute', 'without rescale the stored values are no Hounsfield units', { ...subject, attribute: missing });
  }
  const range = valueRange(frame!.samples);
  const toHu = modalityMapping(dataSet, range);
  const padding = paddingRange(dataSet, format);
  const hu = tabulated(frame!.samples, range, undefined, (value) =>
    padding && value >= padding.low && value <= padding.high ? airHu : toHu(value),
  );
  return { width: format.columns, height: format.rows, hu };
}
