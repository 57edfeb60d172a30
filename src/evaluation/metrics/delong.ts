import { notDefined, type Estimate } from './estimate.js';
import { normalCdf, normalQuantile } from './normal.js';

/**
 * Variance of AUROCs and of their difference without resampling (DeLong, DeLong & Clarke-Pearson 1988), by midranks (Sun & Xu
 * 2014). Images count as independent: beside it, patientBootstrap is the one that knows of patients.
 */
export interface Components {
  readonly auroc: number;
  /** For each positive: the share of negatives below it, ties half. */
  readonly ofPositives: Float64Array;
  /** For each negative: the share of positives above it, ties half. */
  readonly ofNegatives: Float64Array;
}

/** An AUROC with DeLong's normal interval, cut to [0, 1]. */
export function delongEstimate(yTrue: readonly (0 | 1)[], yScore: readonly number[], confidence = 0.95): Estimate {
  const parts = components(yTrue, yScore);
  if (!parts) return notDefined('one class only');
  const variance =
    covariance(parts.ofPositives, parts.ofPositives) / parts.ofPositives.length +
    covariance(parts.ofNegatives, parts.ofNegatives) / parts.ofNegatives.length;
  if (!Number.isFinite(variance)) return { value: parts.auroc, interval: null, why: 'one image of a class has no variance' };
  const half = normalQuantile(1 - (1 - confidence) / 2) * Math.sqrt(variance);
  return { value: parts.auroc, interval: [Math.max(0, parts.auroc - half), Math.min(1, parts.auroc + half)] };
}

export interface DelongComparison {
  /** AUROC of the second score less that of the first. */
  readonly difference: number;
  readonly standardError: number;
  /** Two-sided, of no difference; 1 where both scores rank alike. */
  readonly pValue: number;
}

/** Two scores of the same images. @returns null if positives or negatives are missing, or number one only */
export function delongComparison(yTrue: readonly (0 | 1)[], first: readonly number[], second: readonly number[]): DelongComparison | null {
  const one = components(yTrue, first);
  const other = components(yTrue, second);
  if (!one || !other || one.ofPositives.length < 2 || one.ofNegatives.length < 2) return null;
  const part = (of: 'ofPositives' | 'ofNegatives'): number =>
    (covariance(one[of], one[of]) + covariance(other[of], other[of]) - 2 * covariance(one[of], other[of])) / one[of].length;
  const standardError = Math.sqrt(Math.max(0, part('ofPositives') + part('ofNegatives')));
  const difference = other.auroc - one.auroc;
  // Equal ranks leave rounding only.
  const pValue = standardError < 1e-12 ? (Math.abs(difference) < 1e-12 ? 1 : 0) : 2 * normalCdf(-Math.abs(difference) / standardError);
  return { difference, standardError, pValue };
}

export function components(yTrue: readonly (0 | 1)[], yScore: readonly number[]): Components | undefined {
  const positives = yScore.filter((_, image) => yTrue[image] === 1);
  const negatives = yScore.filter((_, image) => yTrue[image] !== 1);
  if (positives.length === 0 || negatives.length === 0) return undefined;
  const together = midranks([...positives, ...negatives]);
  const amongPositives = midranks(positives);
  const amongNegatives = midranks(negatives);
  const ofPositives = Float64Array.from(positives, (_, i) => (together[i]! - amongPositives[i]!) / negatives.length);
  const ofNegatives = Float64Array.from(negatives, (_, i) => 1 - (together[positives.length + i]! - amongNegatives[i]!) / positives.length);
  return { auroc: mean(ofPositives), ofPositives, ofNegatives };
}

/** Ranks from 1, of equal values the mean of theirs (scipy's `rankdata`). */
export function midranks(values: readonly number[]): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((one, other) => values[one]! - values[other]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let place = start; place < end; place++) ranks[order[place]!] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** With n − 1; NaN of one value. */
function covariance(one: Float64Array, other: Float64Array): number {
  const [meanOne, meanOther] = [mean(one), mean(other)];
  return one.reduce((sum, value, i) => sum + (value - meanOne) * (other[i]! - meanOther), 0) / (one.length - 1);
}
