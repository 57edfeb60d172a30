import { frontalTemplateHalf } from './frontal-template.js';
import type { GreyImage } from '../image.js';
import { resizeBilinear, standardise } from '../resize.js';

const side = 24;
/** Orthonormal pictures of broad shading: even, across, down, and their products of second order. */
const shading = shadingBasis();
const template = Float32Array.from({ length: side * side }, (_, i) => {
  const x = i % side;
  return frontalTemplateHalf[Math.floor(i / side) * (side / 2) + Math.min(x, side - 1 - x)]! / 100;
});

/**
 * Pictures that resemble the mean frontal chest less than this are abstained from. On public sets it keeps 97 to 99 % of adult
 * frontal radiographs (94 % of COVID-19 patients' and of small children's) and refuses all 10 laterals of the origin's set and
 * all of 400 axial CT slices. Figures by tests/oracles/pixels/make_frontal_template.py.
 */
export const minFrontalScore = 0.4;
/**
 * The same with the broad shading (a plane and its curvature) taken out of both, so that ribs, mediastinum and diaphragms count and
 * not that a bright thing stands in the middle: a hand reaches 0.45 above and 0.16 here. 98 to 99 % of adult frontal radiographs
 * that pass the first threshold pass this one too.
 */
export const minDetailScore = 0.18;
const detailTemplate = withoutShading(template);
/** Less contrast than this over the whole picture is an exposure of nothing. */
const minDeviation = 0.01;
/** How much better another orientation must fit to be named as the reason. */
const clearlyBetter = 0.25;

export interface FrontalCheck {
  /** Correlation with the mean frontal chest, −1 to 1. */
  readonly score: number;
  /** The same without broad shading. */
  readonly detailScore: number;
  /** Why the picture is not taken; undefined if it is. */
  readonly refusal?: 'blank' | 'inverted' | 'turned' | 'not a frontal chest';
}

/**
 * Whether a presented picture looks like a frontal chest radiograph at all, whatever its header says: a lateral labelled PA,
 * a hand labelled CHEST, a screenshot, a blank exposure do not. A coarse test before the network, not a diagnosis of quality.
 */
export function checkFrontal(image: GreyImage): FrontalCheck {
  // a network may see a part only, or bars around the picture
  const small = resizeBilinear(image.whole ?? image, side, side).values;
  if (deviation(small) < minDeviation) return { score: 0, detailScore: 0, refusal: 'blank' };
  const values = standardise(small);
  const score = correlation(values, (i) => i);
  const detail = withoutShading(values);
  const detailScore = detail.reduce((sum, value, i) => sum + value * detailTemplate[i]!, 0);
  if (score >= minFrontalScore) return { score, detailScore, ...(detailScore < minDetailScore ? { refusal: 'not a frontal chest' } : {}) };
  const enough = Math.max(minFrontalScore, score + clearlyBetter);
  if (-score >= enough) return { score, detailScore, refusal: 'inverted' };
  if (turns.some((turn) => correlation(values, turn) >= enough)) return { score, detailScore, refusal: 'turned' };
  return { score, detailScore, refusal: 'not a frontal chest' };
}

/** Where the pixels of a picture on its head, or lying on either side, come from. */
const turns: readonly ((index: number) => number)[] = [
  (i) => side * side - 1 - i,
  (i) => (i % side) * side + (side - 1 - Math.floor(i / side)),
  (i) => (side - 1 - (i % side)) * side + Math.floor(i / side),
];

function correlation(values: Float32Array, from: (index: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[from(i)]! * template[i]!;
  return sum / values.length;
}

function shadingBasis(): readonly Float64Array[] {
  const basis: Float64Array[] = [];
  for (const [across, down] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [2, 0],
    [0, 2],
    [1, 1],
  ] as const) {
    const picture = Float64Array.from(
      { length: side * side },
      (_, i) => ((i % side) / side - 0.5) ** across * (Math.floor(i / side) / side - 0.5) ** down,
    );
    basis.push(unit(without(picture, basis)));
  }
  return basis;
}

/** Of length 1. */
function withoutShading(values: Float32Array): Float64Array {
  return unit(without(Float64Array.from(values), shading));
}

function without(picture: Float64Array, basis: readonly Float64Array[]): Float64Array {
  for (const one of basis) {
    const part = picture.reduce((sum, value, i) => sum + value * one[i]!, 0);
    for (let i = 0; i < picture.length; i++) picture[i]! -= part * one[i]!;
  }
  return picture;
}

function unit(picture: Float64Array): Float64Array {
  const length = Math.sqrt(picture.reduce((sum, value) => sum + value * value, 0));
  return length > 1e-9 ? picture.map((value) => value / length) : picture;
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
