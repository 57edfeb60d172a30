import type { GreyImage } from '../pixels/image.js';
import { resizeBilinear } from '../pixels/resize.js';
import type { Draws } from '../lib/seeded-random.js';

/** Side of what is made here; enough for any input. */
const side = 320;

export const lookAlikes = ['turned', 'upside-down', 'inverted', 'cut-out', 'piece', 'montage', 'quarters', 'drawn'] as const;

export type LookAlike = (typeof lookAlikes)[number];

/**
 * A picture that resembles an upright chest without being one, made of one or two that are: what a guard must learn to refuse.
 * Turned, upside down (mirrored top to bottom), grey scale inverted, a part that shows no whole chest, a piece on plain ground,
 * two chests side by side, quarters in another order, or a pattern that was never a picture.
 */
export function makeLookAlike(how: LookAlike, chest: GreyImage, other: GreyImage, draws: Draws): GreyImage {
  const a = resizeBilinear(chest, side, side).values;
  switch (how) {
    case 'turned': {
      const quarter = 1 + Math.floor(draws.next() * 3);
      return square((x, y) => a[turnedPlace(x, y, quarter)]!);
    }
    case 'upside-down':
      return square((x, y) => a[(side - 1 - y) * side + x]!);
    case 'inverted':
      return square((x, y) => 1 - a[y * side + x]!);
    case 'cut-out':
      return cutOut(chest, draws);
    case 'piece':
      return piece(chest, draws);
    case 'montage': {
      const b = resizeBilinear(other, side, side).values;
      const beside = draws.next() < 0.5;
      const half = side / 2;
      return square((x, y) => {
        const [along, across] = beside ? [x, y] : [y, x];
        const from = along < half ? a : b;
        const doubled = Math.min((along % half) * 2, side - 1);
        return beside ? from[across * side + doubled]! : from[doubled * side + across]!;
      });
    }
    case 'quarters': {
      const half = side / 2;
      // any order but the right one and the mirrored one
      const order = [
        [1, 2, 3, 0],
        [2, 3, 0, 1],
        [3, 0, 1, 2],
        [2, 0, 3, 1],
        [3, 1, 0, 2],
      ][Math.floor(draws.next() * 5)]!;
      return square((x, y) => {
        const from = order[(y < half ? 0 : 2) + (x < half ? 0 : 1)]!;
        return a[((y % half) + (from >= 2 ? half : 0)) * side + (x % half) + (from % 2 ? half : 0)]!;
      });
    }
    case 'drawn':
      return pattern(draws);
  }
}

function square(at: (x: number, y: number) => number): GreyImage {
  const values = new Float32Array(side * side);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) values[y * side + x] = Math.min(Math.max(at(x, y), 0), 1);
  return { width: side, height: side, values, pixelAspect: 1 };
}

function turnedPlace(x: number, y: number, quarters: number): number {
  const last = side - 1;
  if (quarters === 1) return x * side + (last - y);
  return quarters === 2 ? (last - y) * side + (last - x) : (last - x) * side + y;
}

/** Between a fifth and two fifths of each side, enlarged. */
function cutOut({ width, height, values }: GreyImage, draws: Draws): GreyImage {
  const [w, h] = [Math.max(8, Math.round(width * draws.uniform(0.2, 0.42))), Math.max(8, Math.round(height * draws.uniform(0.2, 0.42)))];
  const [left, top] = [Math.floor(draws.next() * (width - w + 1)), Math.floor(draws.next() * (height - h + 1))];
  const part = new Float32Array(w * h);
  for (let y = 0; y < h; y++) part.set(values.subarray((top + y) * width + left, (top + y) * width + left + w), y * w);
  return resizeBilinear({ width: w, height: h, values: part, pixelAspect: 1 }, side, side);
}

/** A cut-out as a narrow strip on black or white, as limb radiographs look. */
function piece(chest: GreyImage, draws: Draws): GreyImage {
  const [w, h] = [Math.round(side * draws.uniform(0.18, 0.4)), Math.round(side * draws.uniform(0.6, 1))];
  const lying = draws.next() < 0.5;
  const ground = draws.next() < 0.5 ? 0 : 1;
  const [left, top] = [Math.floor(draws.next() * (side - w)), Math.floor(draws.next() * (side - h))];
  const strip = resizeBilinear(cutOut(chest, draws), w, h).values;
  return square((x, y) => {
    const [across, down] = lying ? [y - left, x - top] : [x - left, y - top];
    return across >= 0 && across < w && down >= 0 && down < h ? strip[down * w + across]! : ground;
  });
}

/** Blank, noise, a gradient, stripes, or rectangles as screenshots have them. */
function pattern(draws: Draws): GreyImage {
  const kind = Math.floor(draws.next() * 5);
  const [one, two, three] = [draws.next(), draws.next(), draws.next()];
  const boxes = Array.from({ length: 3 + Math.floor(draws.next() * 10) }, () => ({
    left: draws.next(),
    top: draws.next(),
    width: draws.uniform(0.05, 0.5),
    height: draws.uniform(0.02, 0.4),
    grey: draws.next(),
  }));
  const cells = Float32Array.from({ length: 64 * 64 }, () => draws.next());
  const coarse = [4, 8, 16, 32, 64][Math.floor(one * 5)]!;
  return square((column, row) => {
    const [x, y] = [column / side, row / side];
    if (kind === 0) return one;
    if (kind === 1) return cells[Math.floor(y * coarse) * 64 + Math.floor(x * coarse)]!;
    if (kind === 2) return 0.5 + 0.7 * ((x - 0.5) * Math.cos(6.283 * one) + (y - 0.5) * Math.sin(6.283 * one));
    if (kind === 3)
      return 0.5 + 0.5 * Math.sin(6.283 * (2 + 38 * one) * (x * Math.cos(3.1416 * two) + y * Math.sin(3.1416 * two)) + 6 * three);
    const box = boxes.findLast(({ left, top, width, height }) => x >= left && x < left + width && y >= top && y < top + height);
    return box ? box.grey : two;
  });
}
