import type { Box, GreyImage } from '../image.js';

/** A line is border if its values lie closer together than this, leaving out the few that differ most at either end (a lead marker, a label, noise). */
const flatSpread = 0.02;
const outlierShare = 0.05;
/** More than this is never taken from one side, so that a dark exposure is not cut to nothing. */
const maxPerSide = 0.4;
/** A border thinner than this share of the side is no border. */
const minBorder = 0.01;

/**
 * The picture without a flat frame around it: collimated (unexposed) margins, the white or black border of a scanned film.
 * A side is cut as far as whole lines are of one grey; rows first, then columns between them.
 *
 * @param spread lines whose values lie closer together than this are border
 * @returns the whole picture if there is no such frame or next to nothing would stay
 */
export function contentBox({ width, height, values }: GreyImage, spread = flatSpread): Box {
  const whole: Box = { left: 0, top: 0, right: width, bottom: height };
  const rowStep = Math.max(1, width >> 8);
  const isFlatRow = (y: number, from: number, to: number): boolean =>
    isFlat((i) => values[y * width + from + i * rowStep]!, Math.floor((to - from) / rowStep), spread);
  const top = flatLines(height, (i) => isFlatRow(i, 0, width));
  const bottom = height - flatLines(height, (i) => isFlatRow(height - 1 - i, 0, width));
  if (bottom - top < height * (1 - 1.5 * maxPerSide)) return whole;
  const columnStep = Math.max(1, (bottom - top) >> 8);
  const isFlatColumn = (x: number): boolean =>
    isFlat((i) => values[(top + i * columnStep) * width + x]!, Math.floor((bottom - top) / columnStep), spread);
  const left = flatLines(width, isFlatColumn);
  const right = width - flatLines(width, (i) => isFlatColumn(width - 1 - i));
  if (right - left < width * (1 - 1.5 * maxPerSide)) return whole;
  return { left, top, right, bottom };
}

function flatLines(length: number, isFlatLine: (distance: number) => boolean): number {
  const max = Math.floor(length * maxPerSide);
  let count = 0;
  while (count < max && isFlatLine(count)) count++;
  return count === max || count < length * minBorder ? 0 : count;
}

function isFlat(value: (index: number) => number, count: number, spread: number): boolean {
  const first = Float32Array.from({ length: count }, (_, i) => value(i)).sort();
  const cut = Math.floor(count * outlierShare);
  return count > 0 && first[count - 1 - cut]! - first[cut]! < spread;
}
