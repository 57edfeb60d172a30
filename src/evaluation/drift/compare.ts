import { chiSquaredOfNames } from './chi-squared.js';
import { expectedStabilityIndex, kolmogorovSmirnov, nameStabilityIndex, populationStabilityIndex, referenceBins } from './drift.js';
import type { SiteReference } from './reference.js';

/** When a difference is worth a person's time. */
export interface DriftRules {
  /** Images on either side that a comparison needs at least. */
  readonly minStudies: number;
  /** Of all tests of a run together: how often nothing at all may be taken for a shift. */
  readonly alpha: number;
  /** Minimum population stability index beyond what chance causes with this number of images: a significant change is not always a large one. */
  readonly minShift: number;
  /** Least fall of agreement, as a share. */
  readonly minFall: number;
}

export interface QuantityDrift {
  /** `input:mean`, `tag:Modality`, `output:pneumonia` … */
  readonly quantity: string;
  readonly before: { readonly n: number; readonly mean: number | null };
  readonly lately: { readonly n: number; readonly mean: number | null };
  readonly stability: number;
  /** The index that chance alone causes with this number of images. */
  readonly expectedStability: number;
  /** Kolmogorov–Smirnov of numbers, chi-squared of names. */
  readonly pValue: number;
  /** Of names: the one whose share moved most. */
  readonly moved?: { readonly name: string; readonly before: number; readonly lately: number };
}

/** One number an image. @returns null with fewer than `minStudies` on either side */
function driftOfNumbers(
  quantity: string,
  before: readonly number[],
  lately: readonly number[],
  { minStudies }: DriftRules,
): QuantityDrift | null {
  if (before.length < minStudies || lately.length < minStudies) return null;
  const bins = referenceBins(before);
  return {
    quantity,
    before: { n: before.length, mean: mean(before) },
    lately: { n: lately.length, mean: mean(lately) },
    // One bin has no index: then what was always the same is, or is not.
    stability: bins.edges.length === 0 ? stabilityOfConstant(before[0]!, lately) : populationStabilityIndex(bins, lately)!,
    expectedStability: expectedStabilityIndex(bins, lately.length),
    pValue: kolmogorovSmirnov(before, lately)!.pValue,
  };
}

function stabilityOfConstant(value: number, lately: readonly number[]): number {
  const same = lately.filter((one) => one === value).length;
  return nameStabilityIndex({ same: 1 }, { same, other: lately.length - same })!;
}

/** One name an image. @returns null with fewer than `minStudies` on either side */
function driftOfNames(
  quantity: string,
  before: Readonly<Record<string, number>>,
  lately: Readonly<Record<string, number>>,
  { minStudies }: DriftRules,
): QuantityDrift | null {
  const [n, m] = [total(before), total(lately)];
  if (n < minStudies || m < minStudies) return null;
  const names = [...new Set([...Object.keys(before), ...Object.keys(lately)])];
  const shares = names.map((name) => ({ name, before: (before[name] ?? 0) / n, lately: (lately[name] ?? 0) / m }));
  const [moved] = shares.sort((a, b) => Math.abs(b.lately - b.before) - Math.abs(a.lately - a.before));
  return {
    quantity,
    before: { n, mean: null },
    lately: { n: m, mean: null },
    stability: nameStabilityIndex(before, lately)!,
    expectedStability: (names.length - 1) * (1 / n + 1 / m),
    pValue: chiSquaredOfNames(before, lately)?.pValue ?? 1,
    ...(moved && moved.before !== moved.lately ? { moved } : {}),
  };
}

/** Everything that both sides know of. */
export function driftBetween(before: SiteReference, lately: SiteReference, rules: DriftRules): readonly QuantityDrift[] {
  return [
    ...Object.entries(lately.numbers).map(([quantity, values]) => driftOfNumbers(quantity, before.numbers[quantity] ?? [], values, rules)),
    ...Object.entries(lately.names).map(([quantity, counts]) => driftOfNames(quantity, before.names[quantity] ?? {}, counts, rules)),
  ].filter((one) => one !== null);
}

/** @param adjustedP over all tests of the run */
export function isShift({ stability, expectedStability }: QuantityDrift, adjustedP: number, { alpha, minShift }: DriftRules): boolean {
  return adjustedP < alpha && stability - expectedStability >= minShift;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}
