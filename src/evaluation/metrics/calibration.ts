import { z } from 'zod';
import type { Estimate } from './estimate.js';
import { patientBootstrap, type BootstrapOptions, type Weights } from './patient-bootstrap.js';

export const reliabilityBinSchema = z
  .object({
    /** Edges of the bin; `from` belongs to it, `to` only in the last. */
    from: z.number(),
    to: z.number(),
    count: z.int(),
    /** Mean predicted probability; null of an empty bin. */
    meanScore: z.number().nullable(),
    /** Share of positives; null of an empty bin. */
    observed: z.number().nullable(),
  })
  .readonly();

export type ReliabilityBin = z.infer<typeof reliabilityBinSchema>;

/** Guo et al. 2017 use 15 equal widths. */
const reliabilityBins = 15;

/** Predicted probability against observed share of positives, in bins of equal width over [0, 1]. */
export function reliabilityTable(yTrue: readonly (0 | 1)[], yScore: readonly number[], bins = reliabilityBins): readonly ReliabilityBin[] {
  const counts = new Array<number>(bins).fill(0);
  const scores = new Array<number>(bins).fill(0);
  const truths = new Array<number>(bins).fill(0);
  yScore.forEach((score, image) => {
    const bin = binIndex(score, bins);
    counts[bin]!++;
    scores[bin]! += score;
    truths[bin]! += yTrue[image]!;
  });
  return counts.map((count, bin) => ({
    from: bin / bins,
    to: (bin + 1) / bins,
    count,
    meanScore: count === 0 ? null : scores[bin]! / count,
    observed: count === 0 ? null : truths[bin]! / count,
  }));
}

/** Expected calibration error (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599 eq. 3); null of no image. */
export function expectedCalibrationError(table: readonly ReliabilityBin[]): number | null {
  const total = table.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  return table.reduce(
    (sum, { count, meanScore, observed }) => (count === 0 ? sum : sum + (count / total) * Math.abs(observed! - meanScore!)),
    0,
  );
}

/**
 * Expected calibration error with a bootstrap interval over patients. Of few images the error is biased upwards, and resampling adds
 * the same bias again: the `basic` interval takes it off. The ends are cut to [0, 1].
 *
 * @returns value null without any image
 */
export function calibrationErrorEstimate(
  {
    yTrue,
    yScore,
    patients,
  }: { readonly yTrue: readonly (0 | 1)[]; readonly yScore: readonly number[]; readonly patients: readonly string[] },
  options: BootstrapOptions = {},
): Estimate {
  const binOf = Int32Array.from(yScore, (score) => binIndex(score, reliabilityBins));
  const error = (weights: Weights): number | null => {
    const gap = new Float64Array(reliabilityBins);
    let total = 0;
    for (let image = 0; image < binOf.length; image++) {
      total += weights[image]!;
      gap[binOf[image]!]! += weights[image]! * (yScore[image]! - yTrue[image]!);
    }
    return total === 0 ? null : gap.reduce((sum, one) => sum + Math.abs(one), 0) / total;
  };
  const estimate = patientBootstrap(patients, error, { ...options, interval: 'basic' });
  const cut = (end: number): number => Math.min(1, Math.max(0, end));
  return estimate.interval ? { ...estimate, interval: [cut(estimate.interval[0]), cut(estimate.interval[1])] } : estimate;
}

function binIndex(score: number, bins: number): number {
  return Math.min(bins - 1, Math.max(0, Math.floor(score * bins)));
}

/** Mean squared difference of probability and truth (scikit-learn's `brier_score_loss`); null of no image. */
export function brierLoss(yTrue: readonly (0 | 1)[], yScore: readonly number[]): number | null {
  if (yTrue.length === 0) return null;
  return yScore.reduce((sum, score, image) => sum + (score - yTrue[image]!) ** 2, 0) / yTrue.length;
}
