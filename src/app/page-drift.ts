import { expectedStabilityIndex, kolmogorovSmirnov, populationStabilityIndex, referenceBins } from '../evaluation/drift/drift.js';
import type { ShownDrift } from '../server/page-types.js';
import type { ResultRow } from '../store/results.js';

export const driftDays = 7;

/**
 * How far the probabilities of one model have moved: the last seven days against what it said before, by routing rule and finding
 * (X-ray and CT give findings of one name). Only where both sides have something.
 *
 * @param rows reported results, any order
 */
export function driftOf(rows: readonly Pick<ResultRow, 'createdAt' | 'modelVersion' | 'rule' | 'findings'>[], version: string, now: Date): readonly ShownDrift[] {
  const since = now.getTime() - driftDays * 86_400_000;
  const values = new Map<string, { readonly rule: string; readonly finding: string; readonly before: number[]; readonly lately: number[] }>();
  for (const { createdAt, modelVersion, rule, findings } of rows) {
    if (modelVersion !== version) continue;
    for (const { name, meaning, probability } of findings) {
      const key = JSON.stringify([rule, name]);
      const one = values.get(key) ?? { rule: rule ?? '', finding: meaning, before: [], lately: [] };
      values.set(key, one);
      (createdAt.getTime() < since ? one.before : one.lately).push(probability);
    }
  }
  return [...values.values()].flatMap(({ rule, finding, before, lately }) => {
    if (before.length === 0 || lately.length === 0) return [];
    const bins = referenceBins(before);
    return [{
      rule, finding, before: before.length, lately: lately.length, meanBefore: mean(before), meanLately: mean(lately),
      stability: populationStabilityIndex(bins, lately)!, expectedStability: expectedStabilityIndex(bins, lately.length), pValue: kolmogorovSmirnov(before, lately)!.pValue,
    }];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}
