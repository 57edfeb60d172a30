import { quantile } from '../metrics/patient-bootstrap.js';

/**
 * How far what comes in has moved from what a model was trained on: of one number an image (a grey mean, a probability, a
 * distance of features) or of one name (a tag). Figures only; the caller decides what is an alarm.
 */

/** Bins of a reference, as parts of it: made once, stored with the model, compared with every week. */
export interface ReferenceBins {
  /** Inner edges, ascending; a value on an edge belongs above it. */
  readonly edges: readonly number[];
  /** Share of the reference in each bin, one more than edges. */
  readonly shares: readonly number[];
  readonly n: number;
}

/** Bins with the same share of the reference each, as far as its values differ; ten if not given. @throws RangeError of no value */
export function referenceBins(reference: readonly number[], bins = 10): ReferenceBins {
  if (reference.length === 0) throw new RangeError('expected values of a reference, found none');
  const sorted = Float64Array.from(reference).sort();
  const edges = [...new Set(Array.from({ length: bins - 1 }, (_, index) => quantile(sorted, (index + 1) / bins)))].filter(
    (edge) => edge > sorted[0]!,
  );
  return { edges, shares: sharesIn(edges, reference), n: reference.length };
}

function sharesIn(edges: readonly number[], values: readonly number[]): readonly number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const value of values) {
    let bin = 0;
    while (bin < edges.length && value >= edges[bin]!) bin++;
    counts[bin]!++;
  }
  return counts.map((count) => count / values.length);
}

/** Empty bins would make an infinite index of one image. */
const minShare = 1e-4;

/**
 * Population stability index, `Σ (now − then) · ln(now / then)` over bins: the symmetric Kullback–Leibler divergence. By custom
 * below 0.1 nothing, above 0.25 a shift. Few images make it large by chance: about `(bins − 1) · (1/n + 1/m)` is expected of
 * none at all.
 *
 * @returns null of no value
 */
export function populationStabilityIndex(reference: ReferenceBins, now: readonly number[]): number | null {
  return now.length === 0 ? null : stability(reference.shares, sharesIn(reference.edges, now));
}

/** What is expected of `n` values against the reference when nothing has changed. */
export function expectedStabilityIndex({ shares, n: reference }: Pick<ReferenceBins, 'shares' | 'n'>, n: number): number {
  return (shares.length - 1) * (1 / reference + 1 / n);
}

/** The same of names, such as a tag: what the reference never had is a bin of its own. @returns null where one side is empty */
export function nameStabilityIndex(reference: Readonly<Record<string, number>>, now: Readonly<Record<string, number>>): number | null {
  const names = [...new Set([...Object.keys(reference), ...Object.keys(now)])];
  const sharesOf = (counts: Readonly<Record<string, number>>): readonly number[] | null => {
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return total === 0 ? null : names.map((name) => (counts[name] ?? 0) / total);
  };
  const [then, current] = [sharesOf(reference), sharesOf(now)];
  return then === null || current === null ? null : stability(then, current);
}

function stability(then: readonly number[], now: readonly number[]): number {
  return then.reduce((sum, share, bin) => {
    const [a, b] = [Math.max(share, minShare), Math.max(now[bin]!, minShare)];
    return sum + (b - a) * Math.log(b / a);
  }, 0);
}

export interface KolmogorovSmirnov {
  /** Largest distance of the two distribution functions, 0 to 1. */
  readonly statistic: number;
  /** Of no difference; from the limiting distribution, two-sided: careful with fewer than about 30 values. */
  readonly pValue: number;
}

/** Two samples of numbers (scipy's `ks_2samp` and `special.kolmogorov`). @returns null where one side is empty */
export function kolmogorovSmirnov(one: readonly number[], other: readonly number[]): KolmogorovSmirnov | null {
  if (one.length === 0 || other.length === 0) return null;
  const [a, b] = [Float64Array.from(one).sort(), Float64Array.from(other).sort()];
  let statistic = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const value = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i]! <= value) i++;
    while (j < b.length && b[j]! <= value) j++;
    statistic = Math.max(statistic, Math.abs(i / a.length - j / b.length));
  }
  const effective = (a.length * b.length) / (a.length + b.length);
  return { statistic, pValue: kolmogorovTail(Math.sqrt(effective) * statistic) };
}

/** The limiting distribution of `√n · D`: `2 Σ (−1)^(k−1) e^(−2k²x²)`. */
function kolmogorovTail(x: number): number {
  if (x < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, Math.max(0, sum));
}
