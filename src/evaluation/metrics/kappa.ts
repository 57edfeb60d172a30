import { notDefined, type Estimate } from './estimate.js';
import { normalQuantile } from './normal.js';

/**
 * Agreement of two raters beyond chance on yes or no (Cohen 1960) with its asymptotic interval (Fleiss, Cohen & Everitt 1969, here by
 * linearisation, summed over the examinations of each patient), cut to [-1, 1].
 *
 * @param one,other 1 for yes, 0 for no
 * @param patients of each examination, any unique name
 * @param confidence 0.95 for a 95 % interval
 */
export function cohenKappa(one: readonly (0 | 1)[], other: readonly (0 | 1)[], patients: readonly string[], confidence = 0.95): Estimate {
  const n = one.length;
  if (n === 0) return notDefined('nothing to compare');
  const share = (of: (place: number) => number): number => one.reduce<number>((sum, _, place) => sum + of(place), 0) / n;
  const [a, b] = [share((place) => one[place]!), share((place) => other[place]!)];
  const observed = share((place) => Number(one[place] === other[place]));
  const expected = a * b + (1 - a) * (1 - b);
  if (expected > 1 - 1e-12) return notDefined('chance alone explains all agreement');
  const value = (observed - expected) / (1 - expected);
  const sums = new Map<string, number>();
  patients.forEach((patient, place) => {
    const ofObserved = Number(one[place] === other[place]) - observed;
    const ofExpected = (2 * b - 1) * (one[place]! - a) + (2 * a - 1) * (other[place]! - b);
    const influence = ofObserved / (1 - expected) - ((1 - observed) / (1 - expected) ** 2) * ofExpected;
    sums.set(patient, (sums.get(patient) ?? 0) + influence);
  });
  const variance = [...sums.values()].reduce((sum, influence) => sum + influence ** 2, 0) / n ** 2;
  if (!(variance > 1e-15)) return { value, interval: null, why: 'the ratings agree completely' };
  const half = normalQuantile(1 - (1 - confidence) / 2) * Math.sqrt(variance);
  return { value, interval: [Math.max(-1, value - half), Math.min(1, value + half)] };
}
