import { numbersOf, type DataSet } from '../../dicom/data-set.js';
import type { Part10File } from '../../dicom/part10.js';
import { frameDataSet } from '../functional-groups.js';
import { cropped, type Box, type GreyImage } from '../image.js';
import { toStored, turned, turnedBox, type PresentedGeometry, type Turn } from '../orientation.js';
import { pixelAspectOf } from '../pixel-aspect.js';
import { windowMapping, type CtWindow } from '../window.js';
import { hounsfieldUnits } from './ct-slice.js';
import { lungBox } from './lung.js';

export interface PresentedCtSlice {
  readonly image: GreyImage;
  readonly geometry: PresentedGeometry;
  /** A box on `image`, in pixels of the stored frame. */
  toStored(box: Box): Box;
}

/** Share of the lungs' width and height that is shown around them. */
export const lungMargin = 0.06;

/**
 * One axial slice through a window, patient's right at the left and front at the top.
 *
 * @param window in Hounsfield units, LINEAR (PS3.3 §C.11.2.1.2)
 * @param field `lungs` shows only the lungs with a small margin, whatever the field of view of the scan was: so are the
 *   published pictures cut from which networks learn, and table, arms and shoulders stay outside; a slice without lung is
 *   shown whole
 * @param furtherWindows give the picture more channels
 * @throws Fault as hounsfieldUnits
 */
export async function presentCtSlice(
  file: Part10File,
  window: CtWindow,
  frameNumber = 1,
  field: 'whole' | 'lungs' = 'whole',
  furtherWindows: readonly CtWindow[] = [],
): Promise<PresentedCtSlice> {
  const slice = await hounsfieldUnits(file, frameNumber);
  const dataSet = frameDataSet(file.dataSet, frameNumber);
  const turn = supineTurn(dataSet);
  const { width: columns, height: rows } = slice;
  const [values, ...further] = [window, ...furtherWindows].map((one) => turned(slice.hu.map(windowMapping(one)), columns, rows, turn));
  const aspect = pixelAspectOf(dataSet);
  const whole: GreyImage = {
    width: turn.transpose ? rows : columns,
    height: turn.transpose ? columns : rows,
    values: values!,
    ...(further.length > 0 ? { planes: [values!, ...further] } : {}),
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
export function supineTurn(dataSet: DataSet): Turn {
  const [rowX = 1, rowY = 0, , columnX = 0, columnY = 1] = numbersOf(dataSet, 'ImageOrientationPatient');
  const transpose = Math.abs(rowY) > Math.abs(rowX);
  return { transpose, flipX: (transpose ? columnX : rowX) < 0, flipY: (transpose ? rowY : columnY) < 0 };
}
