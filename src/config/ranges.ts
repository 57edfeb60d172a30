import { z } from 'zod';

/** The longest time that a timer of Node.js can wait: 2^31 − 1 ms, about 24.8 days. A longer one would fire at once. */
const maxTimerMs = 2_147_483_647;

/** A whole number within these bounds, both included. */
export function integer(min: number, max: number): z.ZodNumber {
  return z.number().int().min(min).max(max);
}

/** A duration in milliseconds that a timer can wait. */
export const milliseconds = integer(1, maxTimerMs);
