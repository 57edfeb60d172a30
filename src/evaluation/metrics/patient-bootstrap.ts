import { notDefined, type Estimate, type Interval } from './estimate.js';
import { mulberry32 } from '../../lib/seeded-random.js';

export interface BootstrapOptions {
  /** How often the patients are drawn again; 1000 if not given. */
  readonly resamples?: number;
  readonly seed?: number;
  /** 0.95 for a 95 % interval. */
  readonly confidence?: number;
  /**
   * `percentile` (if not given), or `basic`: the percentiles mirrored at the figure, which corrects the bias of a figure that
   * resampling raises, such as the calibration error (Davison & Hinkley 1997 §5.2.1).
   */
  readonly interval?: 'percentile' | 'basic';
}

/** How often each image counts in one resample; one whole number for each image. */
export type Weights = Int32Array;

/** With a smaller share of usable resamples no interval is given: it would describe only those that happened to hold both classes. */
const minUsable = 0.5;

/**
 * Percentile bootstrap over patients: whole patients are drawn with replacement, as many as there are, and all images of a
 * patient come along (Efron & Tibshirani 1993 §13.3; images of one patient resemble each other, and resampling them singly
 * would give an interval that is too narrow).
 *
 * @param patients of each image, any unique name
 * @param measure the figure for images with these weights; null where a resample does not define it (one class only)
 */
export function patientBootstrap(
  patients: readonly string[],
  measure: (weights: Weights) => number | null,
  options: BootstrapOptions = {},
): Estimate {
  const value = measure(new Int32Array(patients.length).fill(1));
  if (value === null) return notDefined('not defined on this set');
  const values = bootstrapValues(patients, measure, options).filter((one) => one !== null);
  if (values.length < (options.resamples ?? defaultResamples) * minUsable)
    return { value, interval: null, why: 'too few patients of one class for an interval' };
  const [low, high] = percentileInterval(values, options.confidence ?? 0.95);
  return { value, interval: options.interval === 'basic' ? [2 * value - high, 2 * value - low] : [low, high] };
}

export const defaultResamples = 1000;

/** The figure of every resample, in the order drawn; the same patients and seed give the same resamples. */
export function bootstrapValues<Value>(
  patients: readonly string[],
  measure: (weights: Weights) => Value,
  { resamples = defaultResamples, seed = 0 }: BootstrapOptions = {},
): Value[] {
  const index = new Map<string, number>();
  const patientOf = Int32Array.from(patients, (patient) => index.get(patient) ?? (index.set(patient, index.size), index.size - 1));
  const uniform = mulberry32(seed);
  const drawn = new Int32Array(index.size);
  const weights = new Int32Array(patients.length);
  return Array.from({ length: resamples }, () => {
    drawn.fill(0);
    for (let draw = 0; draw < index.size; draw++) drawn[Math.floor(uniform() * index.size)]!++;
    for (let image = 0; image < weights.length; image++) weights[image] = drawn[patientOf[image]!]!;
    return measure(weights);
  });
}

/** The middle part, between percentiles interpolated as numpy's `percentile` does. */
export function percentileInterval(values: readonly number[], confidence: number): Interval {
  const sorted = Float64Array.from(values).sort();
  const tail = (1 - confidence) / 2;
  return [quantile(sorted, tail), quantile(sorted, 1 - tail)];
}

/** @param sorted ascending, at least one value */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const place = probability * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
