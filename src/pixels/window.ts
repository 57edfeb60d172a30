import { itemsOf, notANumber, placedNumbersOf, textOf, type DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import { quantileOf, type Histogram } from './histogram.js';
import { lookUp, lookupTable, type InputRange } from './lookup-table.js';
import { modalityMapping, type Mapping } from './modality-lut.js';

/** Where windows (VOI LUT, PS3.3 §C.11.2) are applied, and where the window of an X-ray and of a CT slice is chosen. */

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

/** A window in Hounsfield units, LINEAR (PS3.3 §C.11.2.1.2). */
export type CtWindow = Pick<Window, 'center' | 'width'>;

/** A lung window as most departments use it: −1350 to 150 HU. */
export const lungWindow: CtWindow = { center: -600, width: 1500 };

/** The window of a CT slice: the one that the network was trained with, else the lung window; never the file's own, which suits the organ that the scan was for. */
export function ctWindow(ofNetwork?: CtWindow): CtWindow {
  return ofNetwork ?? lungWindow;
}

/** The darkest and brightest half per cent of the pixels are left to saturate. */
const robustQuantiles = [0.005, 0.995] as const;
/** A window is absurd if fewer pixels than this share fall between black and white … */
const minBetween = 0.05;
/** … or the middle 98 % of them cover less than this much of the grey scale. */
const minSpread = 0.1;

export interface GreyScale {
  /** Stored values → [0, 1], 0 is black. */
  readonly mapping: Mapping;
  /** Where the contrast comes from: the file's VOI LUT or window, or the percentile rule. */
  readonly source: 'file' | 'percentiles';
  /** The same contrast as a LINEAR window (PS3.3 §C.11.2.1.2) in modality values; absent if it is a table or a curve. */
  readonly window?: CtWindow | undefined;
  /** Whether black is the largest value: MONOCHROME1 or Presentation LUT Shape INVERSE. */
  readonly isInverse: boolean;
}

/**
 * Stored values → what is shown: Modality LUT (PS3.3 §C.11.1), VOI LUT (§C.11.2), Presentation LUT Shape (§C.11.6) or
 * MONOCHROME1. Of several tables and windows the first counts that shows something of this image. Where the file has none such,
 * the 0.5th to 99.5th percentile of its pixels (padding and what a shutter covers left out) become black and white.
 *
 * @param histogram of stored values, or of numbers that `unscale` makes into stored values
 * @throws Fault dicom-attribute for what decides and cannot be read
 */
export function greyScaleFor(
  dataSet: DataSet,
  photometricInterpretation: string,
  histogram: Histogram,
  unscale: Mapping = (value) => value,
): GreyScale {
  const stored = { low: unscale(histogram.first), high: unscale(histogram.first + histogram.counts.length - 1) };
  const toModality = modalityMapping(dataSet, stored);
  const shown = voiContrasts(dataSet, modalityRange(toModality, histogram, unscale))
    .map(({ mapping, window }) => ({ mapping: (value: number) => mapping(toModality(value)), window }))
    .find(({ mapping }) => !isAbsurd((bin) => mapping(unscale(bin)), histogram));
  const { mapping: plain, window } = shown ?? percentileContrast(toModality, histogram, unscale);
  // MONOCHROME1 and the shape INVERSE mean the same for one image (§C.8.11.3.1.2), so they do not add up.
  const inverse = photometricInterpretation === 'MONOCHROME1' || textOf(dataSet, 'PresentationLUTShape')?.toUpperCase() === 'INVERSE';
  return {
    mapping: inverse ? (value) => 1 - plain(value) : plain,
    source: shown ? 'file' : 'percentiles',
    isInverse: inverse,
    ...(window ? { window } : {}),
  };
}

function modalityRange(toModality: Mapping, { first, counts }: Histogram, unscale: Mapping): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const value = toModality(unscale(first + i));
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

function percentileContrast(toModality: Mapping, histogram: Histogram, unscale: Mapping): Contrast {
  const ends = robustQuantiles.map((quantile) => toModality(unscale(quantileOf(histogram, quantile))));
  const low = Math.min(...ends);
  const range = Math.max(...ends) - low;
  if (!(range > 0)) return { mapping: () => 0, window: { center: low + 1, width: 1 } };
  return {
    mapping: (value) => Math.min(1, Math.max(0, (toModality(value) - low) / range)),
    window: { center: low + range / 2 + 0.5, width: range + 1 },
  };
}

function isAbsurd(shown: Mapping, histogram: Histogram): boolean {
  const spread = Math.abs(shown(quantileOf(histogram, 0.99)) - shown(quantileOf(histogram, 0.01)));
  if (!(spread >= minSpread)) return true;
  let between = 0;
  for (let i = 0; i < histogram.counts.length; i++) {
    const count = histogram.counts[i]!;
    if (count === 0) continue;
    const value = shown(histogram.first + i);
    if (value > 0 && value < 1) between += count;
  }
  return between < minBetween * histogram.total;
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

/** Modality values → [0, 1], and the same as a LINEAR window where it is one. */
interface Contrast {
  readonly mapping: Mapping;
  readonly window?: CtWindow | undefined;
}

/** LINEAR counts pixels of integer value (§C.11.2.1.2), LINEAR_EXACT does not (§C.11.2.1.3); a sigmoid is no line. */
export function linearWindow({ center, width, shape = 'LINEAR' }: Window): CtWindow | undefined {
  if (shape === 'SIGMOID') return undefined;
  return shape === 'LINEAR' ? { center, width } : { center: center + 0.5, width: width + 1 };
}

/**
 * What the file itself says on how to show it: its VOI LUT tables, then its windows, each in the order of the file. They are
 * alternatives (PS3.3 §C.11.2.1.1); the first is what a viewer shows. One that cannot be read is passed over for another that can.
 * @param input the modality values of the image, if known
 * @returns modality values → [0, 1]
 * @throws Fault dicom-attribute where tables or windows are stated and none of them can be read
 */
export function voiMappings(dataSet: DataSet, input?: InputRange): readonly Mapping[] {
  return voiContrasts(dataSet, input).map(({ mapping }) => mapping);
}

function voiContrasts(dataSet: DataSet, input?: InputRange): readonly Contrast[] {
  const faults: Fault[] = [];
  const tables = itemsOf(dataSet, 'VOILUTSequence').flatMap((item): readonly Contrast[] => {
    try {
      const table = lookupTable(item, input);
      return [{ mapping: (value) => Math.min(1, lookUp(table, value) / table.white) }];
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      faults.push(thrown);
      return [];
    }
  });
  const contrasts = [...tables, ...windowsOf(dataSet).map((one) => ({ mapping: windowMapping(one), window: linearWindow(one) }))];
  for (const keyword of ['WindowCenter', 'WindowWidth'])
    if (placedNumbersOf(dataSet, keyword).some(Number.isNaN)) faults.push(notANumber(dataSet, keyword));
  if (contrasts.length === 0 && faults[0]) throw faults[0];
  return contrasts;
}
