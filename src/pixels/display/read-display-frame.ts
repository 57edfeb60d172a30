import { decidingNumberOf, itemsOf, numbersOf, textOf, type DataSet } from '../../dicom/data-set.js';
import type { Part10File } from '../../dicom/part10.js';
import { hounsfieldUnits } from '../ct/ct-slice.js';
import { lungBox } from '../ct/lung.js';
import { lungMargin, supineTurn } from '../ct/present-ct-slice.js';
import { frameDataSet } from '../functional-groups.js';
import { turned, turnedBox, type Turn } from '../orientation.js';
import { pixelAspectOf } from '../pixel-aspect.js';
import { linearWindow, windowsOf, type CtWindow } from '../window.js';
import { presentFrame } from '../xray/xray.js';
import type { DisplayFrame } from './display-frame.js';
import { linearSamples } from './linear-samples.js';
import { reduced } from './reduced.js';

/** How CT slices are shown. */
export interface DisplayedCt {
  readonly window: CtWindow;
  /** The network sees all of a slice, and not only its lungs. */
  readonly wholeSlice: boolean;
}

/**
 * A frame of a radiograph or of a CT series, decoded, upright and with its contrast as a window. A contrast that is no window (a VOI LUT
 * table, a sigmoid, a Modality LUT table) is applied here; its result, 0 to 4095, can be windowed further. Colour is shown by its
 * luminance. Padding and what a shutter covers have the value that is shown black.
 *
 * @param frameNumber 1-based
 * @throws Fault as decodeFrames; dicom-attribute for what decides and cannot be read
 */
export async function readDisplayFrame(file: Part10File, frameNumber: number, ct: DisplayedCt): Promise<DisplayFrame> {
  const dataSet = frameDataSet(file.dataSet, frameNumber);
  const frame = isHounsfield(dataSet) ? await ctFrame(file, dataSet, frameNumber, ct) : await xrayFrame(file, dataSet, frameNumber);
  return reduced(frame);
}

function isHounsfield(dataSet: DataSet): boolean {
  return (
    textOf(dataSet, 'Modality')?.toUpperCase() === 'CT' &&
    (itemsOf(dataSet, 'ModalityLUTSequence').length > 0 ||
      (decidingNumberOf(dataSet, 'RescaleSlope') !== undefined && decidingNumberOf(dataSet, 'RescaleIntercept') !== undefined))
  );
}

async function ctFrame(
  file: Part10File,
  dataSet: DataSet,
  frameNumber: number,
  { window, wholeSlice }: DisplayedCt,
): Promise<DisplayFrame> {
  const slice = await hounsfieldUnits(file, frameNumber);
  const { width, height } = slice;
  const turn = supineTurn(dataSet);
  const hu = Int16Array.from(slice.hu, (value) => Math.min(32767, Math.max(-32768, Math.round(value))));
  const lungs = (wholeSlice ? undefined : lungBox(slice, lungMargin)) ?? { left: 0, top: 0, right: width, bottom: height };
  return {
    ...sizeOf(dataSet, width, height, turn),
    samples: turned(hu, width, height, turn),
    slope: 1,
    intercept: 0,
    unit: 'HU',
    isInverse: false,
    windows: distinct([window, ...ownWindows(dataSet)]),
    reduction: 1,
    shown: turnedBox(lungs, width, height, turn),
  };
}

async function xrayFrame(file: Part10File, dataSet: DataSet, frameNumber: number): Promise<DisplayFrame> {
  const presented = await presentFrame(file, frameNumber);
  const { geometry, image } = presented;
  const { columns, rows, turn } = geometry;
  const linear = linearSamples(presented, dataSet);
  return {
    ...sizeOf(dataSet, columns, rows, turn),
    samples: turned(linear.samples, columns, rows, turn),
    slope: linear.slope,
    intercept: linear.intercept,
    unit: '',
    isInverse: presented.greyScale.isInverse,
    windows: distinct([linear.window, ...(linear.isApplied || presented.isColour ? [] : ownWindows(dataSet))]),
    reduction: 1,
    shown: { left: geometry.left, top: geometry.top, right: geometry.left + image.width, bottom: geometry.top + image.height },
  };
}

/** Size after turning, with the spacing of pixels. */
function sizeOf(dataSet: DataSet, width: number, height: number, { transpose }: Turn) {
  const aspect = pixelAspectOf(dataSet);
  const stated = ['PixelSpacing', 'ImagerPixelSpacing', 'NominalScannedPixelSpacing']
    .map((keyword) => numbersOf(dataSet, keyword))
    .find(([row, column]) => row !== undefined && column !== undefined && row > 0 && column > 0);
  const [row, column] = (transpose ? [stated?.[1], stated?.[0]] : (stated ?? [])) as [number?, number?];
  return {
    columns: transpose ? height : width,
    rows: transpose ? width : height,
    pixelAspect: transpose ? 1 / aspect : aspect,
    ...(row !== undefined && column !== undefined ? { spacing: [row, column] as const } : {}),
  };
}

function ownWindows(dataSet: DataSet): readonly CtWindow[] {
  return windowsOf(dataSet).flatMap((one) => linearWindow(one) ?? []);
}

const maxWindows = 8;

function distinct(windows: readonly CtWindow[]): readonly CtWindow[] {
  const known = new Map(windows.map(({ center, width }) => [`${center}/${width}`, { center, width }]));
  return [...known.values()].slice(0, maxWindows);
}
