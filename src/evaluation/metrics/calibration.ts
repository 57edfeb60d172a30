import { z } from 'zod';

export const reliabilityBinSchema = z
  .object({
    /** Edges of the bin; `from` belongs to it, `to` only in the last. */
    from: z.number(),
    to: z.number(),
    count: z.int(),
    /** Mean of what was said; null of an empty bin. */
    meanScore: z.number().nullable(),
    /** Share of what was true. */
    observed: z.number().nullable(),
  })
  .readonly();

export type ReliabilityBin = z.infer<typeof reliabilityBinSchema>;

/** Guo et al. 2017 use 15 equal widths. */
export const reliabilityBins = 15;

/** What was said against what was true, in bins of equal width over [0, 1]. */
export function reliabilityTable(yTrue: readonly (0 | 1)[], yScore: readonly number[], bins = reliabilityBins): readonly ReliabilityBin[] {
  const counts = new Array<number>(bins).fill(0);
  const scores = new Array<number>(bins).fill(0);
  const truths = new Array<number>(bins).fill(0);
  yScore.forEach((score, image) => {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(score * bins)));
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

/** Mean squared difference of probability and truth (scikit-learn's `brier_score_loss`); null of no image. */
export function brierLoss(yTrue: readonly (0 | 1)[], yScore: readonly number[]): number | null {
  if (yTrue.length === 0) return null;
  return yScore.reduce((sum, score, image) => sum + (score - yTrue[image]!) ** 2, 0) / yTrue.length;
}
