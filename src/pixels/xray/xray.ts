import { Fault } from '../../errors.js';
import { textOf, textsOf } from '../../dicom/data-set.js';
import type { DataSet } from '../../dicom/data-set.js';
import type { Part10File } from '../../dicom/part10.js';
import { decodeFrames } from '../decode/decode.js';
import { frameDataSet } from '../functional-groups.js';
import { greySamples } from '../decode/grey.js';
import { histogramOf, valueRange } from '../histogram.js';
import { cropped, type Box, type GreyImage } from '../image.js';
import { toStored, turned, turnedBox, unturned, uprightTurn } from '../orientation.js';
import type { PresentedGeometry } from '../orientation.js';
import { paddingRange } from '../padding.js';
import type { PaddingRange } from '../padding.js';
import type { Samples } from '../decode/stored-frames.js';
import { exposedField } from './exposed-field.js';
import { visibleRegion } from './shutter.js';
import { pixelAspectOf } from '../pixel-aspect.js';
import { narrowed, tabulated } from '../tabulate.js';
import { greyScaleFor, type GreyScale } from '../window.js';

export interface PresentedXray {
  readonly image: GreyImage;
  readonly geometry: PresentedGeometry;
  readonly greyScale: GreyScale['source'];
  /** A box on `image`, in pixels of the stored frame. */
  toStored(box: Box): Box;
}

/**
 * A radiograph as a radiologist sees it: upright, the patient's left at the right, air dark; left out is what shutter and
 * collimator cover by the header, a flat border, and the shadow of a collimator.
 *
 * Stored values go through Modality LUT, VOI LUT and Presentation LUT (window.ts); colour is shown by its luminance;
 * padding and covered pixels are black. Only the first frame counts.
 * @throws Fault as decodeFrames and greyScaleFor do
 */
export async function presentXray(file: Part10File): Promise<PresentedXray> {
  try {
    return await present(file);
  } catch (thrown) {
    const sopInstanceUID = textOf(file.dataSet, 'SOPInstanceUID');
    throw thrown instanceof Fault && sopInstanceUID ? thrown.about({ sopInstanceUID }) : thrown;
  }
}

async function present(file: Part10File): Promise<PresentedXray> {
  const { image, geometry, greyScale } = await presentFrame(file, 1);
  return { image, geometry, greyScale: greyScale.source, toStored: (box) => toStored(geometry, box) };
}

/** A frame as presentXray shows it, and the stored values beside it. */
export interface PresentedFrame {
  readonly image: GreyImage;
  readonly geometry: PresentedGeometry;
  readonly greyScale: GreyScale;
  /** Row-major as stored, not turned; of colour the luminance. */
  readonly samples: Samples;
  /** Of the samples. */
  readonly range: { readonly low: number; readonly high: number };
  /** Whether a sample is padding or covered by a shutter, so that it is shown black. */
  isHidden(index: number): boolean;
  readonly isColour: boolean;
  /** Bits of a sample that count. */
  readonly bits: number;
}

/** @param frameNumber 1-based @throws Fault as presentXray does */
export async function presentFrame(file: Part10File, frameNumber: number): Promise<PresentedFrame> {
  const dataSet = frameDataSet(file.dataSet, frameNumber);
  const turn = uprightTurn(textsOf(dataSet, 'PatientOrientation')) ?? unturned;
  const stored = await decodeFrames(file, [frameNumber]);
  const { columns, rows } = stored.format;
  const grey = greySamples(stored, stored.frames[0]!, dataSet);
  const padding = grey.colour ? undefined : paddingRange(dataSet, stored.format);
  const visible = visibleRegion(dataSet, stored.format);
  const range = valueRange(grey.samples);
  const greyScale: GreyScale = grey.colour
    ? {
        mapping: (value) => value / (2 ** grey.bits - 1),
        source: 'file',
        window: { center: 2 ** (grey.bits - 1), width: 2 ** grey.bits },
        isInverse: false,
      }
    : greyScaleOf(grey.samples, { range, padding, covered: visible?.covered }, dataSet, stored.photometricInterpretation);
  const shown = tabulated(grey.samples, range, padding, greyScale.mapping);
  if (visible) for (let i = 0; i < shown.length; i++) if (visible.covered[i]) shown[i] = 0;
  const aspect = pixelAspectOf(dataSet);
  const whole: GreyImage = {
    width: turn.transpose ? rows : columns,
    height: turn.transpose ? columns : rows,
    values: turned(shown, columns, rows, turn),
    pixelAspect: turn.transpose ? 1 / aspect : aspect,
  };
  const open = turnedBox(visible?.box ?? { left: 0, top: 0, right: columns, bottom: rows }, columns, rows, turn);
  const uncovered = cropped(whole, open);
  const exposed = exposedField(uncovered);
  const geometry: PresentedGeometry = {
    columns,
    rows,
    turn,
    left: open.left + exposed.left,
    top: open.top + exposed.top,
    scaleX: 1,
    scaleY: 1,
  };
  const { samples } = grey;
  return {
    image: cropped(uncovered, exposed),
    geometry,
    greyScale,
    samples,
    range,
    isHidden: (index) =>
      visible?.covered[index] === 1 || (padding !== undefined && samples[index]! >= padding.low && samples[index]! <= padding.high),
    isColour: grey.colour,
    bits: grey.bits,
  };
}

function greyScaleOf(
  samples: Samples,
  {
    range,
    padding,
    covered,
  }: {
    readonly range: { low: number; high: number };
    readonly padding: PaddingRange | undefined;
    readonly covered: Uint8Array | undefined;
  },
  dataSet: DataSet,
  photometricInterpretation: string,
): GreyScale {
  const isPadding = (index: number): boolean => padding !== undefined && samples[index]! >= padding.low && samples[index]! <= padding.high;
  const leftOut = (index: number): boolean => covered?.[index] === 1 || isPadding(index);
  const { samples: numbers, range: numberRange, unscale } = narrowed(samples, range, leftOut);
  const histogram =
    numbers === samples
      ? histogramOf(samples, range, padding, covered)
      : histogramOf(
          numbers,
          numberRange,
          undefined,
          Uint8Array.from(numbers, (_, index) => (leftOut(index) ? 1 : 0)),
        );
  return greyScaleFor(dataSet, photometricInterpretation, histogram, unscale);
}
