import { normalCdf } from '../metrics/normal.js';
import { wilsonEstimate } from '../metrics/wilson.js';

/** How often readers confirmed the model's decisions. */
export interface ReaderAgreement {
  readonly n: number;
  readonly confirmed: number;
  readonly value: number | null;
  /** Wilson, 95 %. */
  readonly interval: readonly [number, number] | null;
}

export function agreementOfReaders(confirmed: number, n: number): ReaderAgreement {
  const { value, interval } = wilsonEstimate(confirmed, n);
  return { n, confirmed, value, interval };
}

/**
 * Whether agreement has fallen: one-sided test of two proportions with pooled variance (statsmodels'
 * `proportions_ztest(alternative="smaller")`).
 *
 * @returns p of no fall; null where a side is empty
 */
export function pOfNoFall(lately: ReaderAgreement, before: ReaderAgreement): number | null {
  if (lately.n === 0 || before.n === 0) return null;
  const pooled = (lately.confirmed + before.confirmed) / (lately.n + before.n);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / lately.n + 1 / before.n));
  return deviation === 0 ? 1 : normalCdf((lately.confirmed / lately.n - before.confirmed / before.n) / deviation);
}
