import { frontalTemplateHalf } from './frontal-template.js';
import type { GreyImage } from '../image.js';
import { resizeBilinear, standardise } from '../resize.js';

/**
 * Lung fields of a frontal chest radiograph without a segmentation network: the mean frontal chest is laid over the picture
 * where it fits best (shift and size), and its dark areas are the lungs. It knows the place, not the outline, and it does not
 * depend on how dark this patient's lungs are: consolidation is covered with the rest. How good it is: docs/reference/gate.md.
 */

const side = 24;
const template = Float32Array.from({ length: side * side }, (_, i) => {
  const x = i % side;
  return frontalTemplateHalf[Math.floor(i / side) * (side / 2) + Math.min(x, side - 1 - x)]! / 100;
});
/**
 * Darker than this, in standard deviations of the template, is lung. In the mean the bases are as bright as the diaphragms that
 * stand at different heights, so that below the hila more is taken. Above and beside lies air around the patient.
 */
function isLung(value: number, column: number, row: number): boolean {
  const fromSide = Math.min(column, side - column);
  if (row < 3 || row > 17 || fromSide < (row < 5.5 ? 6 : 4)) return false;
  return value < (row < 11 ? -0.1 : 0.35);
}

/** How the template lies on the picture, in fractions of the picture: where its middle is, and how large it is. */
export interface Placement {
  readonly centreX: number;
  readonly centreY: number;
  readonly scaleX: number;
  readonly scaleY: number;
  /** Correlation there, −1 to 1. */
  readonly score: number;
}

const scales = [0.8, 0.9, 1, 1.1, 1.25];
const shifts = [-0.12, -0.08, -0.04, 0, 0.04, 0.08, 0.12];

/** The template as it lies at one placement: `side * side` cells of the picture, NaN where it does not reach. */
interface Laid {
  readonly placement: Omit<Placement, 'score'>;
  readonly values: Float64Array;
}

let laid: readonly Laid[] | undefined;

/** All of them, made once: they are the same for every picture. */
function allLaid(): readonly Laid[] {
  laid ??= scales.flatMap((scaleX) =>
    scales.flatMap((scaleY) =>
      shifts.flatMap((shiftX) =>
        shifts.map((shiftY): Laid => {
          const placement = { centreX: 0.5 + shiftX, centreY: 0.5 + shiftY, scaleX, scaleY };
          // Plain loops: these are 700,000 cells, and the first picture waits for them.
          const values = new Float64Array(side * side);
          for (let y = 0; y < side; y++)
            for (let x = 0; x < side; x++) values[y * side + x] = templateAt((x + 0.5) / side, (y + 0.5) / side, placement) ?? NaN;
          return { placement, values };
        }),
      ),
    ),
  );
  return laid;
}

/** Where the mean chest fits best. Coarse: 5 × 5 sizes and 7 × 7 places. */
export function placeTemplate(image: GreyImage): Placement {
  const small = standardise(resizeBilinear(image, side, side).values);
  let best: Placement = { centreX: 0.5, centreY: 0.5, scaleX: 1, scaleY: 1, score: -Infinity };
  for (const { placement, values } of allLaid()) {
    const score = correlation(small, values);
    if (score > best.score) best = { ...placement, score };
  }
  return best;
}

/**
 * The same of a picture of 24 × 24, in a fifth of the time: every second size and place first, then the neighbours of the best.
 *
 * @param values `24 * 24`, row by row
 * @returns `template`: the mean chest as it lies there, NaN where it does not reach
 */
export function quickFit(values: Float32Array): Placement & { readonly template: Float64Array } {
  const all = allLaid();
  const counts = [scales.length, scales.length, shifts.length, shifts.length];
  let best = [0, 0, 0, 0];
  let score = -Infinity;
  const ask = (place: readonly number[]): void => {
    const own = correlation(values, all[place.reduce((index, step, axis) => index * counts[axis]! + step, 0)]!.values);
    if (own > score) [best, score] = [[...place], own];
  };
  for (const place of gridOf(counts.map((count) => Array.from({ length: Math.ceil(count / 2) }, (_, i) => 2 * i)))) ask(place);
  for (const place of gridOf(best.map((step, axis) => [step - 1, step, step + 1].filter((one) => one >= 0 && one < counts[axis]!))))
    ask(place);
  const { placement, values: template } = all[best.reduce((index, step, axis) => index * counts[axis]! + step, 0)]!;
  return { ...placement, score, template };
}

/** Every choice of one value of each list. */
function gridOf(axes: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return axes.reduce<readonly (readonly number[])[]>(
    (places, values) => places.flatMap((place) => values.map((value) => [...place, value])),
    [[]],
  );
}

/** Of the part of the picture that the template covers; a placement that leaves much of either uncovered does not count for more. */
function correlation(picture: Float32Array, template: Float64Array): number {
  let [n, sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < picture.length; i++) {
    const b = template[i]!;
    if (Number.isNaN(b)) continue;
    const a = picture[i]!;
    n++;
    sumA += a;
    sumB += b;
    sumAA += a * a;
    sumBB += b * b;
    sumAB += a * b;
  }
  const covariance = sumAB - (sumA * sumB) / n;
  const variance = (sumAA - (sumA * sumA) / n) * (sumBB - (sumB * sumB) / n);
  return (variance > 0 ? covariance / Math.sqrt(variance) : 0) * Math.sqrt(n / picture.length);
}

/** Bilinear between the template's cells; undefined outside it. */
function templateAt(x: number, y: number, { centreX, centreY, scaleX, scaleY }: Omit<Placement, 'score'>): number | undefined {
  const column = ((x - centreX) / scaleX + 0.5) * side - 0.5;
  const row = ((y - centreY) / scaleY + 0.5) * side - 0.5;
  if (column < -0.5 || row < -0.5 || column > side - 0.5 || row > side - 0.5) return undefined;
  const left = Math.min(Math.max(Math.floor(column), 0), side - 2);
  const top = Math.min(Math.max(Math.floor(row), 0), side - 2);
  const across = Math.min(Math.max(column - left, 0), 1);
  const down = Math.min(Math.max(row - top, 0), 1);
  const cell = (dx: number, dy: number): number => template[(top + dy) * side + left + dx]!;
  return (cell(0, 0) * (1 - across) + cell(1, 0) * across) * (1 - down) + (cell(0, 1) * (1 - across) + cell(1, 1) * across) * down;
}

/** The rectangle that holds both lung fields, in fractions of the picture; it may reach beyond the picture. */
export function lungFieldBox({ centreX, centreY, scaleX, scaleY }: Omit<Placement, 'score'>): {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
} {
  const [x, y] = [
    (column: number): number => centreX + (column / side - 0.5) * scaleX,
    (row: number): number => centreY + (row / side - 0.5) * scaleY,
  ];
  return { left: x(4), top: y(3), right: x(side - 4), bottom: y(17) };
}

/**
 * 1 where the lungs are, else 0; `width * height`, row by row.
 *
 * @param margin in fractions of the picture: the fields grow by it on every side, so that nothing of a lung stays uncovered
 */
export function lungFields(image: GreyImage, margin = 0.02): Uint8Array {
  return lungFieldsAt(placeTemplate(image), image, margin);
}

/** The same where the placement is known. */
export function lungFieldsAt(placement: Placement, { width, height }: Pick<GreyImage, 'width' | 'height'>, margin = 0.02): Uint8Array {
  const inLung = (x: number, y: number): boolean => {
    const column = ((x - placement.centreX) / placement.scaleX + 0.5) * side;
    const row = ((y - placement.centreY) / placement.scaleY + 0.5) * side;
    return isLung(templateAt(x, y, placement) ?? Infinity, column, row);
  };
  const steps =
    margin === 0
      ? [[0, 0]]
      : [
          [0, 0],
          [-1, 0],
          [1, 0],
          [0, -1],
          [0, 1],
          [-0.7, -0.7],
          [0.7, -0.7],
          [-0.7, 0.7],
          [0.7, 0.7],
        ];
  return Uint8Array.from({ length: width * height }, (_, index) => {
    const x = ((index % width) + 0.5) / width;
    const y = (Math.floor(index / width) + 0.5) / height;
    return steps.some(([dx, dy]) => inLung(x + dx! * margin, y + dy! * margin)) ? 1 : 0;
  });
}
