import { Fault } from '../../errors.js';
import { decidingNumberOf, itemsOf, numbersOf, textOf } from '../../dicom/data-set.js';
import type { DataSet } from '../../dicom/data-set.js';
import type { Part10File } from '../../dicom/part10.js';
import { cropped } from '../xray/content-box.js';
import { decodeFrames } from '../decode/decode.js';
import { frameDataSet } from '../functional-groups.js';
import { valueRange } from '../histogram.js';
import type { Box, GreyImage } from '../image.js';
import { lungBox } from './lung.js';
import { modalityMapping } from '../modality-lut.js';
import { toStored, turned, turnedBox } from '../xray/orientation.js';
import type { PresentedGeometry, Turn } from '../xray/orientation.js';
import { paddingRange } from '../padding.js';
import { tabulated } from '../tabulate.js';
import { windowMapping } from '../voi-lut.js';
import { pixelAspectOf } from '../xray/xray.js';

export { chooseSlices, lungFraction, lungRange } from './lung.js';
export { orderAxialSlices } from './slice-order.js';
export type { AxialSlice, AxialStack } from './slice-order.js';

/** Air; what padding outside the reconstructed circle counts as. */
const airHu = -1000;
/** A lung window as most departments use it. */
export const lungWindow = { center: -600, width: 1500 } as const;

export interface PresentedCtSlice {
  readonly image: GreyImage;
  readonly geometry: PresentedGeometry;
  /** A box on `image`, in pixels of the stored frame. */
  toStored(box: Box): Box;
}

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

/** Share of the lungs' width and height that is shown around them. */
const lungMargin = 0.06;

/**
 * One axial slice through a window, patient's right at the left and front at the top.
 *
 * @param window in Hounsfield units, LINEAR (PS3.3 §C.11.2.1.2)
 * @param field `lungs` shows only the lungs with a small margin, whatever the field of view of the scan was: so are the
 *   published pictures cut from which networks learn, and table, arms and shoulders stay outside; a slice without lung is
 *   shown whole
 * @throws Fault as hounsfieldUnits
 */
export async function presentCtSlice(
  file: Part10File,
  window: { readonly center: number; readonly width: number },
  frameNumber = 1,
  field: 'whole' | 'lungs' = 'whole',
): Promise<PresentedCtSlice> {
  const slice = await hounsfieldUnits(file, frameNumber);
  const dataSet = frameDataSet(file.dataSet, frameNumber);
  const turn = supineTurn(dataSet);
  const { width: columns, height: rows } = slice;
  const values = turned(slice.hu.map(windowMapping(window)), columns, rows, turn);
  const aspect = pixelAspectOf(dataSet);
  const whole: GreyImage = {
    width: turn.transpose ? rows : columns,
    height: turn.transpose ? columns : rows,
    values,
    pixelAspect: turn.transpose ? 1 / aspect : aspect,
  };
  const lungs = field === 'lungs' ? lungBox(slice, lungMargin) : undefined;
  const shown = turnedBox(lungs ?? { left: 0, top: 0, right: columns, bottom: rows }, columns, rows, turn);
  const geometry: PresentedGeometry = { columns, rows, turn, left: shown.left, top: shown.top, scaleX: 1, scaleY: 1 };
  return { image: cropped(whole, shown), geometry, toStored: (box) => toStored(geometry, box) };
}

/**
 * Image Orientation (Patient) says which way rows and columns run: x grows to the patient's left, y to the back (§C.7.6.2.1.1).
 * A slice turned by a quarter, as of a patient on the side, is turned back.
 */
function supineTurn(dataSet: DataSet): Turn {
  const [rowX = 1, rowY = 0, , columnX = 0, columnY = 1] = numbersOf(dataSet, 'ImageOrientationPatient');
  const transpose = Math.abs(rowY) > Math.abs(rowX);
  return { transpose, flipX: (transpose ? columnX : rowX) < 0, flipY: (transpose ? rowY : columnY) < 0 };
}
