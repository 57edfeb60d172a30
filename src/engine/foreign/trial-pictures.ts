import type { InputBatch } from '../engine.js';
import type { InputSize } from './foreign-options.js';

/**
 * Phantoms on which a model of others shows that it computes: smooth bodies with two dark fields, each picture another, values 0 to 1.
 *
 * @param count pictures; the same numbers each time
 */
export function trialPictures({ channels, height, width }: InputSize, count: number): InputBatch {
  const data = new Float32Array(count * channels * height * width);
  let at = 0;
  for (let picture = 0; picture < count; picture++)
    for (let channel = 0; channel < channels; channel++)
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++) data[at++] = greyAt(picture, (2 * column) / width - 1, (2 * row) / height - 1);
  return { data, batch: count, channels, height, width };
}

function greyAt(picture: number, x: number, y: number): number {
  const inside = (cx: number, cy: number, rx: number, ry: number): boolean => ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1;
  const shift = 0.12 * picture;
  let grey = 0.1 + 0.05 * Math.sin((7 + 3 * picture) * x) * Math.cos(5 * y);
  if (inside(0, 0, 0.95, 0.97)) grey += 0.55;
  if (inside(-0.42 + shift, 0, 0.32, 0.6 - shift) || inside(0.42, shift, 0.32, 0.6)) grey -= 0.4;
  if (inside(0.1, 0.3, 0.3, 0.28)) grey += 0.25;
  return grey;
}
