import { notDefined, type Estimate } from './estimate.js';
import { normalQuantile } from './normal.js';

/**
 * A proportion with Wilson's score interval (Wilson 1927): honest for few trials and at 0 and 1, where `p ± 1.96 √(pq/n)` is
 * not. Trials count as independent; of several images of one patient they are not, and patientBootstrap is the one to use.
 *
 * @param confidence 0.95 for a 95 % interval
 */
export function wilsonEstimate(successes: number, trials: number, confidence = 0.95): Estimate {
  if (trials === 0) return notDefined('nothing to count');
  const z = normalQuantile(1 - (1 - confidence) / 2);
  const p = successes / trials;
  const centre = (p + (z * z) / (2 * trials)) / (1 + (z * z) / trials);
  const half = (z / (1 + (z * z) / trials)) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  return { value: p, interval: [Math.max(0, centre - half), Math.min(1, centre + half)] };
}
