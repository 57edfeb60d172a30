import type { GreyImage } from './image.js';
import { resizeBilinear } from './resize.js';

/** Grey of the picture as a radiologist sees it, 0 black to 1 white. */
export interface InputStatistics {
  readonly mean: number;
  /** Standard deviation. */
  readonly sd: number;
  /** Quantiles of 5 %, 50 % and 95 %. */
  readonly p05: number;
  readonly p50: number;
  readonly p95: number;
}

/** Shrunk first, so that the size a network takes, and noise, make no difference between two versions or two caches. */
const side = 32;

export function inputStatistics(image: GreyImage): InputStatistics {
  const { values } = resizeBilinear(image, side, side);
  const sorted = values.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length;
  return { mean, sd: Math.sqrt(variance), p05: at(0.05), p50: at(0.5), p95: at(0.95) };
}
