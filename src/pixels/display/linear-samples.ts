import { itemsOf, decidingNumberOf, type DataSet } from '../../dicom/data-set.js';
import type { Samples } from '../decode/stored-frames.js';
import { tabulated } from '../tabulate.js';
import type { CtWindow } from '../window.js';
import type { PresentedFrame } from '../xray/xray.js';
import type { DisplaySamples } from './display-frame.js';

interface LinearSamples {
  readonly samples: DisplaySamples;
  readonly slope: number;
  readonly intercept: number;
  readonly window: CtWindow;
  /** The contrast was no window: it is in the samples. */
  readonly isApplied: boolean;
}

/** White where a contrast was applied. */
const white = 4095;
const appliedWindow: CtWindow = { center: (white + 1) / 2, width: white + 1 };

/** The stored values of a frame with a line to the values of its window; where its contrast is no window, the shown values. */
export function linearSamples(presented: PresentedFrame, dataSet: DataSet): LinearSamples {
  const { greyScale, samples, isColour } = presented;
  const hasTable = !isColour && itemsOf(dataSet, 'ModalityLUTSequence').length > 0;
  if (!greyScale.window || hasTable) return applied(presented);
  const scale = isColour ? { slope: 1, intercept: 0 } : rescaleOf(dataSet);
  const { values, step, offset } = narrow(samples, presented.range);
  const slope = scale.slope * step;
  const intercept = scale.slope * offset + scale.intercept;
  const { window } = greyScale;
  hide(values, presented, ((greyScale.isInverse ? high(window) : low(window)) - intercept) / slope);
  return { samples: values, slope, intercept, window, isApplied: false };
}

function rescaleOf(dataSet: DataSet): { readonly slope: number; readonly intercept: number } {
  const slope = decidingNumberOf(dataSet, 'RescaleSlope');
  const intercept = decidingNumberOf(dataSet, 'RescaleIntercept');
  return slope === undefined || intercept === undefined || slope === 0 ? { slope: 1, intercept: 0 } : { slope, intercept };
}

function applied(presented: PresentedFrame): LinearSamples {
  const { samples, range, greyScale } = presented;
  const shown = tabulated(samples, range, undefined, greyScale.mapping);
  const values = Uint16Array.from(shown, (value) => Math.round((greyScale.isInverse ? 1 - value : value) * white));
  hide(values, presented, greyScale.isInverse ? white : 0);
  return { samples: values, slope: 1, intercept: 0, window: appliedWindow, isApplied: true };
}

const low = ({ center, width }: CtWindow): number => center - 0.5 - (width - 1) / 2;
const high = ({ center, width }: CtWindow): number => center - 0.5 + (width - 1) / 2;

/** Stored values in 8 or 16 bits: value = offset + step × sample. A copy. */
function narrow(
  samples: Samples,
  range: { readonly low: number; readonly high: number },
): { readonly values: DisplaySamples; readonly step: number; readonly offset: number } {
  if (samples instanceof Uint8Array || samples instanceof Int16Array || samples instanceof Uint16Array)
    return { values: samples.slice() as DisplaySamples, step: 1, offset: 0 };
  if (samples instanceof Int8Array) return { values: Int16Array.from(samples), step: 1, offset: 0 };
  const step = Math.max(1, (range.high - range.low) / 65535);
  return { values: Uint16Array.from(samples, (sample) => Math.round((sample - range.low) / step)), step, offset: range.low };
}

function hide(values: DisplaySamples, { isHidden }: PresentedFrame, black: number): void {
  const [min, max] = values instanceof Uint8Array ? [0, 255] : values instanceof Int16Array ? [-32768, 32767] : [0, 65535];
  const value = Math.min(max, Math.max(min, Math.round(black)));
  for (let i = 0; i < values.length; i++) if (isHidden(i)) values[i] = value;
}
