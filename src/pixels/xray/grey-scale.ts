import type { DataSet } from '../../dicom/data-set.js';
import { textOf } from '../../dicom/data-set.js';
import { quantileOf } from '../histogram.js';
import type { Histogram } from '../histogram.js';
import { modalityMapping } from '../modality-lut.js';
import type { Mapping } from '../modality-lut.js';
import { voiMappings } from '../voi-lut.js';

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
  const shown = voiMappings(dataSet, modalityRange(toModality, histogram, unscale))
    .map(
      (voi): Mapping =>
        (value) =>
          voi(toModality(value)),
    )
    .find((mapping) => !isAbsurd((bin) => mapping(unscale(bin)), histogram));
  const plain = shown ?? percentileMapping(toModality, histogram, unscale);
  // MONOCHROME1 and the shape INVERSE say the same thing of the same image (§C.8.11.3.1.2), so they do not add up.
  const inverse = photometricInterpretation === 'MONOCHROME1' || textOf(dataSet, 'PresentationLUTShape')?.toUpperCase() === 'INVERSE';
  return { mapping: inverse ? (value) => 1 - plain(value) : plain, source: shown ? 'file' : 'percentiles' };
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

function percentileMapping(toModality: Mapping, histogram: Histogram, unscale: Mapping): Mapping {
  const ends = robustQuantiles.map((quantile) => toModality(unscale(quantileOf(histogram, quantile))));
  const low = Math.min(...ends);
  const range = Math.max(...ends) - low;
  if (!(range > 0)) return () => 0;
  return (value) => Math.min(1, Math.max(0, (toModality(value) - low) / range));
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
