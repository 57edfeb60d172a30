/** A server that asks for more is asked again after this time all the same, in ms. */
const maxWaitMs = 3_600_000;

/**
 * How long a server asks to wait before a request is repeated (Retry-After, RFC 9110 §10.2.3): seconds or a date.
 *
 * @returns milliseconds, at most an hour; undefined without a header that can be read
 */
export function retryAfterMsOf(header: string | readonly string[] | undefined, now = Date.now()): number | undefined {
  const text = String(header ?? '').trim();
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : / GMT$/.test(text) ? Date.parse(text) - now : NaN;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), maxWaitMs);
}
