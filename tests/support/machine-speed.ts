import { availableParallelism, loadavg } from 'node:os';

/** What the loop below takes on two quiet cores of a server of 2020. */
const referenceMs = 15;
const remeasureAfterMs = 3_000;
const maxSlowness = 40;
let measured: { readonly at: number; readonly slowness: number } | undefined;

/**
 * How much longer work takes here and now than on a quiet machine: 1 to 40. Of a short computation and of the load of the last minute the larger counts.
 * For limits that only a fault should reach; they are multiplied by it.
 */
export function slowness(): number {
  if (measured && performance.now() - measured.at < remeasureAfterMs) return measured.slowness;
  const begun = performance.now();
  let state = 1;
  for (let i = 0; i < 8e6; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  // Zero never occurs: the loop must not be left out by an optimiser.
  const tookMs = state === 0 ? 0 : performance.now() - begun;
  const load = (loadavg()[0] ?? 0) / availableParallelism();
  const factor = Math.min(maxSlowness, Math.max(1, tookMs / referenceMs, load));
  measured = { at: performance.now(), slowness: factor };
  return factor;
}

/**
 * A limit of `quietMs` on a quiet machine, as it is here and now, in whole milliseconds: the time
 * limits of child processes take no others.
 */
export function limitHere(quietMs: number): number {
  return Math.ceil(quietMs * slowness());
}
