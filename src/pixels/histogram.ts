import type { Samples } from './decode/stored-frames.js';
import type { PaddingRange } from './padding.js';

/** How often each stored value occurs. */
export interface Histogram {
  /** Stored value of the first bin. */
  readonly first: number;
  readonly counts: Uint32Array;
  readonly total: number;
}

/** Smallest and largest stored value; a scan, so that 32-bit images need no table of their type's range. */
export function valueRange(samples: Samples): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/**
 * @param range from valueRange; at most 2²⁴ values wide
 * @param covered 1 where a pixel does not count
 */
export function histogramOf(
  samples: Samples,
  range: { low: number; high: number },
  padding: PaddingRange | undefined,
  covered?: Uint8Array,
): Histogram {
  const counts = new Uint32Array(range.high - range.low + 1);
  let total = samples.length;
  if (!covered) for (let i = 0; i < samples.length; i++) counts[samples[i]! - range.low]!++;
  else for (let i = 0; i < samples.length; i++) covered[i] ? total-- : counts[samples[i]! - range.low]!++;
  if (padding) {
    for (let value = Math.max(padding.low, range.low); value <= Math.min(padding.high, range.high); value++) {
      total -= counts[value - range.low]!;
      counts[value - range.low] = 0;
    }
  }
  return { first: range.low, counts, total };
}

/** Smallest stored value that at least the fraction `quantile` of the pixels do not exceed. */
export function quantileOf({ first, counts, total }: Histogram, quantile: number): number {
  const wanted = quantile * total;
  let seen = 0;
  for (let i = 0; i < counts.length; i++) {
    seen += counts[i]!;
    if (seen >= wanted && seen > 0) return first + i;
  }
  return first + counts.length - 1;
}
