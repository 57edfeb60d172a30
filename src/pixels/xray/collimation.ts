import type { Box, GreyImage } from '../image.js';

/** The search runs on a picture of at most this many lines in each direction, where noise is averaged away. */
const searchSide = 192;
/** More than this share is never taken from one side. */
const maxPerSide = 0.4;
/** The shadow shows scatter and noise, but no anatomy: the middle 80 % of each of its lines lie closer together than this … */
const bandSpread = 0.12;
/** … and it is among the brightest parts of the picture: within this much of the level that a tenth of all pixels exceed. */
const bandBelowBright = 0.1;
/** Grey levels (of 1) by which the inside of the edge is darker … */
const minStep = 0.06;
/** … at so many of its places: outlines of a body are not that straight. */
const straightShare = 0.7;
/** Only this middle part of a side is asked: its ends may lie in the shadow of the neighbouring sides. */
const middlePart = 0.5;
/** Lines between which the step is measured, so that a blurred edge counts. */
const halfStep = 2;
/** Collimators stand up to about this slanted (lines per side length, on the reduced picture). */
const maxSlant = 8;
const slants = Array.from({ length: 2 * maxSlant + 1 }, (_, i) => (i % 2 === 0 ? i / 2 : -(i + 1) / 2));

/**
 * The part of a radiograph inside the shadow of a collimator that is only to be seen in its pixels: bright, since hardly
 * exposed, without anatomy, and ending in a straight edge, upright or slightly slanted. (A shadow that the modality blackened
 * is a flat border: content-box.ts.) The whole picture if there is none.
 */
export function collimatedBox(image: GreyImage): Box {
  const width = Math.min(searchSide, image.width);
  const height = Math.min(searchSide, image.height);
  const values = reduced(image, width, height);
  const bright = values.slice().sort()[Math.floor(0.9 * (values.length - 1))]! - bandBelowBright;
  const at = (x: number, y: number): number => values[y * width + x]!;
  const top = bandLines(height, width, bright, (line, place) => at(place, line));
  const bottom = height - bandLines(height, width, bright, (line, place) => at(place, height - 1 - line));
  const rows = bottom - top;
  const left = bandLines(width, rows, bright, (line, place) => at(line, top + place));
  const right = width - bandLines(width, rows, bright, (line, place) => at(width - 1 - line, top + place));
  const [scaleX, scaleY] = [image.width / width, image.height / height];
  return {
    left: Math.ceil(left * scaleX),
    top: Math.ceil(top * scaleY),
    right: Math.floor(right * scaleX),
    bottom: Math.floor(bottom * scaleY),
  };
}

/** Means of up to 4 × 4 pixels spread over each cell: enough against noise, and a tenth of the work of a real reduction. */
function reduced(image: GreyImage, width: number, height: number): Float32Array {
  const positions = (from: number, to: number): number[][] =>
    Array.from({ length: to }, (_, cell) => {
      const count = Math.min(4, Math.max(1, Math.floor(from / to)));
      return Array.from({ length: count }, (_, i) => Math.floor(((cell + (i + 0.5) / count) * from) / to));
    });
  const [columns, rows] = [positions(image.width, width), positions(image.height, height)];
  return Float32Array.from({ length: width * height }, (_, i) => {
    const [xs, ys] = [columns[i % width]!, rows[Math.floor(i / width)]!];
    let sum = 0;
    for (const y of ys) for (const x of xs) sum += image.values[y * image.width + x]!;
    return sum / (xs.length * ys.length);
  });
}

/**
 * How many lines from one side on lie in the shadow, 0 if there is none.
 * @param places length of a line
 * @param value by line (0 is outermost) and place
 */
function bandLines(lines: number, places: number, bright: number, value: (line: number, place: number) => number): number {
  const max = Math.floor(lines * maxPerSide);
  let bare = 0;
  while (bare < max && isBare(places, bright, (place) => value(bare, place))) bare++;
  if (bare <= halfStep) return 0;
  // A slanted edge begins half its slant before the first line that is not bare, and ends as much behind it.
  for (let line = Math.max(halfStep, bare - maxSlant); line <= Math.min(bare + maxSlant, max); line++) {
    for (const slant of slants) {
      const edge = (place: number): number => line + Math.round(slant * (place / places - 0.5));
      if (isStraightStep(lines, places, edge, value)) return line + Math.ceil(Math.abs(slant) / 2) + halfStep;
    }
  }
  return 0;
}

function isBare(places: number, bright: number, value: (place: number) => number): boolean {
  const sorted = Float32Array.from({ length: places }, (_, place) => value(place)).sort();
  const of = (share: number): number => sorted[Math.floor(share * (places - 1))]!;
  return of(0.9) - of(0.1) < bandSpread && of(0.5) >= bright;
}

function isStraightStep(
  lines: number,
  places: number,
  edge: (place: number) => number,
  value: (line: number, place: number) => number,
): boolean {
  const first = Math.floor((places * (1 - middlePart)) / 2);
  let darker = 0;
  for (let place = first; place < places - first; place++) {
    const inside = Math.min(lines - 1, edge(place) + halfStep);
    const beyond = Math.max(0, edge(place) - halfStep);
    if (value(beyond, place) - value(inside, place) > minStep) darker++;
  }
  return darker >= straightShare * (places - 2 * first);
}
