import { z } from 'zod';

/** `[low, high]`. */
export const intervalSchema = z.tuple([z.number(), z.number()]).readonly();

/**
 * A figure with its interval. A figure that is not defined on the given images has `value` null and the reason in `why`: a set with one
 * class has no AUROC, and neither 0.5 nor 1 would be true.
 *
 * The convention of all of src/evaluation: null means that a figure is not defined on these data; NaN is never returned; a RangeError
 * means that the arguments contradict each other (lengths, ranges, no image at all), which is a mistake of the caller.
 */
export const estimateSchema = z
  .object({ value: z.number().nullable(), interval: intervalSchema.nullable(), why: z.string().optional() })
  .readonly();

export type Interval = z.infer<typeof intervalSchema>;
export type Estimate = z.infer<typeof estimateSchema>;

export function notDefined(why: string): Estimate {
  return { value: null, interval: null, why };
}

/** Truth of one class in one image: 1 present, 0 absent, null not known. */
export type Truth = 0 | 1 | null;
