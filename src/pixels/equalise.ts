/**
 * Histogram equalisation: each grey value becomes its rank among the picture's pixels, the middle one of equal values. What a monotone
 * change of the grey scale (exposure, window, gamma, display) does to a picture leaves the ranks as they are.
 *
 * @param values 0 to `most`; taken in `levels` equal steps
 * @param share 0 to 1: how far each value goes towards its rank
 * @returns values from 0 to `most`
 */
export function equaliseGrey(values: Float32Array | Uint8Array, { most, levels = 256, share = 1 }: EqualiseOptions): Float32Array {
  const level = (value: number): number => Math.min(Math.max(Math.round((value / most) * (levels - 1)), 0), levels - 1);
  const counts = new Float64Array(levels);
  for (const value of values) counts[level(value)]!++;
  let below = 0;
  const ranks = counts.map((count) => {
    const middle = (below + count / 2) / values.length;
    below += count;
    return middle * most;
  });
  return Float32Array.from(values, (value) => value + share * (ranks[level(value)]! - value));
}

export interface EqualiseOptions {
  readonly most: number;
  readonly levels?: number;
  readonly share?: number;
}
