import { z } from 'zod';

/** The longest time that a timer of Node.js can wait: 2^31 − 1 ms, about 24.8 days. A longer one would fire at once. */
const maxTimerMs = 2_147_483_647;

/** A whole number within these bounds, both included. */
export function integer(min: number, max: number): z.ZodNumber {
  return z.number().int().min(min).max(max);
}

/** A duration in milliseconds that a timer can wait. */
export const milliseconds = integer(1, maxTimerMs);

/** One line of text, without control characters. @param max in UTF-16 code units */
export function line(max: number, min = 1): z.ZodString {
  return z
    .string()
    .min(min)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'expected one line without control characters');
}

/** PATH_MAX of Linux; the operating system says whether the file is there. */
export const path = line(4_096);

/** A name or address of a host (RFC 1035: at most 253 characters), or a subnet. */
export const host = line(253);

/** A password or token, also an empty one, which counts as none. */
export const secret = z.string().max(4_096);

/** HTTP proxy of the hospital through which the requests leave; without it they go directly, whatever HTTPS_PROXY states. */
export const httpProxy = z
  .url({ protocol: /^https?$/, error: 'expected the address of an HTTP proxy, such as http://proxy.hospital.example:3128' })
  .max(2_000)
  .refine((url) => !URL.canParse(url) || (new URL(url).username === '' && /^\/?$/.test(new URL(url).pathname) && !/[?#]/.test(url)), {
    error: 'expected the address of an HTTP proxy without credentials and path, such as http://proxy.hospital.example:3128',
  })
  .optional();
