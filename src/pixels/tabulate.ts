import type { Mapping } from './modality-lut.js';
import type { Samples } from './stored-frames.js';
import type { PaddingRange } from './padding.js';

/** Widest range of stored values that gets a table: 2²², all of 16 bits and more. */
export const widestTable = 1 << 22;

/**
 * Applies a mapping to every sample through a table of all stored values between `low` and `high`, so that its cost does not
 * depend on what the mapping does. Padding becomes 0 (black).
 * @returns float32, one a sample
 */
export function tabulated(samples: Samples, { low, high }: { low: number; high: number }, padding: PaddingRange | undefined, mapping: Mapping): Float32Array {
  const table = new Float32Array(high - low + 1);
  for (let i = 0; i < table.length; i++) table[i] = mapping(low + i);
  if (padding) table.fill(0, Math.max(0, padding.low - low), Math.max(0, padding.high - low + 1));
  const values = new Float32Array(samples.length);
  if (low === 0) for (let i = 0; i < values.length; i++) values[i] = table[samples[i]!]!;
  else for (let i = 0; i < values.length; i++) values[i] = table[samples[i]! - low]!;
  return values;
}

/** Samples of 32 bits over a wider range, brought to 16; `unscale` gives their stored values back. */
export function narrowed(samples: Samples, { low, high }: { low: number; high: number }): { samples: Samples; range: { low: number; high: number }; unscale: Mapping } {
  if (high - low < widestTable) return { samples, range: { low, high }, unscale: (value) => value };
  const step = (high - low) / 65535;
  return { samples: Uint16Array.from(samples, (sample) => Math.round((sample - low) / step)), range: { low: 0, high: 65535 }, unscale: (value) => low + value * step };
}
