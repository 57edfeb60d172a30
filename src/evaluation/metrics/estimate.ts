import { z } from 'zod';

/** `[low, high]`. */
export const intervalSchema = z.tuple([z.number(), z.number()]).readonly();

/**
 * A figure with its interval. Where it cannot be computed `value` is null and `why` says the reason: a slice with one class
 * only has no AUROC, and neither 0.5 nor 1 would be true.
 */
export const estimateSchema = z
  .object({ value: z.number().nullable(), interval: intervalSchema.nullable(), why: z.string().optional() })
  .readonly();

export type Interval = z.infer<typeof intervalSchema>;
export type Estimate = z.infer<typeof estimateSchema>;

export function notDefined(why: string): Estimate {
  return { value: null, interval: null, why };
}

/** Truth of one thing in one image: present, absent, or not known. */
export type Truth = 0 | 1 | null;
