import { makeGrid, resized } from './grid.js';
import { gaussian, type Uniform } from '../lib/seeded-random.js';

/**
 * Smooth noise of several sizes together, mean 0, standard deviation about 1.
 * @param octaves size of the grain in millimetres and its weight
 */
export function texture(
  width: number,
  height: number,
  mmPerPixel: number,
  octaves: readonly (readonly [grainMm: number, weight: number])[],
  random: Uniform,
): Float32Array {
  const sum = new Float32Array(width * height);
  const total = Math.hypot(...octaves.map(([, weight]) => weight));
  for (const [grainMm, weight] of octaves) {
    const small = makeGrid(
      Math.max(2, Math.ceil((width * mmPerPixel) / grainMm)),
      Math.max(2, Math.ceil((height * mmPerPixel) / grainMm)),
      1,
    );
    for (let index = 0; index < small.values.length; index++) small.values[index] = gaussian(random);
    const large = resized(small, width, height).values;
    // Interpolation lowers the deviation to about two thirds.
    for (let index = 0; index < sum.length; index++) sum[index]! += (large[index]! * weight * 1.5) / total;
  }
  return sum;
}
