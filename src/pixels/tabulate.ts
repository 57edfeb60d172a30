import type { Mapping } from './modality-lut.js';
import type { Samples } from './decode/stored-frames.js';
import type { PaddingRange } from './padding.js';

/** Widest range of stored values that gets a table: 2²², all of 16 bits and more. */
const maxTable = 1 << 22;

/**
 * Applies a mapping to every sample through a table of all stored values between `low` and `high`, so that its cost does not
 * depend on what the mapping does; 32-bit samples over a wider range are mapped one by one. Padding becomes 0 (black).
 * @returns float32, one a sample
 */
export function tabulated(
  samples: Samples,
  { low, high }: { low: number; high: number },
  padding: PaddingRange | undefined,
  mapping: Mapping,
): Float32Array {
  if (high - low >= maxTable)
    return Float32Array.from(samples, (sample) => (padding && sample >= padding.low && sample <= padding.high ? 0 : mapping(sample)));
  const table = new Float32Array(high - low + 1);
  for (let i = 0; i < table.length; i++) table[i] = mapping(low + i);
  if (padding) table.fill(0, Math.max(0, padding.low - low), Math.max(0, padding.high - low + 1));
  const values = new Float32Array(samples.length);
  if (low === 0) for (let i = 0; i < values.length; i++) values[i] = table[samples[i]!]!;
  else for (let i = 0; i < values.length; i++) values[i] = table[samples[i]! - low]!;
  return values;
}

/** So many samples are looked at to find where nearly all of them lie. */
const looked = 1 << 16;

/**
 * Samples of 32 bits over a wider range as 16-bit numbers for a histogram; `unscale` gives their stored values back. The numbers
 * cover where all but a few samples lie, so that a single wild value does not leave one number for all others.
 * @param leftOut whether a sample does not count
 */
export function narrowed(
  samples: Samples,
  { low, high }: { low: number; high: number },
  leftOut: (index: number) => boolean,
): { samples: Samples; range: { low: number; high: number }; unscale: Mapping } {
  if (high - low < maxTable) return { samples, range: { low, high }, unscale: (value) => value };
  const stride = Math.max(1, Math.floor(samples.length / looked));
  const some = Float64Array.from({ length: Math.ceil(samples.length / stride) }, (_, i) =>
    leftOut(i * stride) ? NaN : samples[i * stride]!,
  )
    .filter((value) => !Number.isNaN(value))
    .sort();
  const at = (share: number): number => some[Math.round(share * (some.length - 1))] ?? low;
  const span = at(0.999) - at(0.001);
  const [from, to] = [Math.max(low, at(0.001) - span / 2), Math.min(high, at(0.999) + span / 2)];
  const step = Math.max(1, (to - from) / 65535);
  const numbers = Uint16Array.from(samples, (sample) => Math.round((Math.min(to, Math.max(from, sample)) - from) / step));
  return { samples: numbers, range: { low: 0, high: 65535 }, unscale: (value) => from + value * step };
}
