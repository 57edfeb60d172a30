import type { GreyImage } from '../image.js';
import { resizeBilinear } from '../resize.js';
import { contentBox } from './content-box.js';
import { frontalTemplateHalf } from './frontal-template.js';
import { quickFit } from './lung-fields.js';

/** Side of the picture that is compared with the mean chest. */
const side = 24;
/** Borders are looked for on a picture of this side. */
const searchSide = 96;
/** Lines of a scanned border are less even than those of a digital one. */
const borderSpread = 0.06;

const template = Float32Array.from({ length: side * side }, (_, i) => {
  const x = i % side;
  return frontalTemplateHalf[Math.floor(i / side) * (side / 2) + Math.min(x, side - 1 - x)]! / 100;
});
/** Orthonormal pictures of broad shading: even, across, down, and their products of second order. */
const shading = shadingBasis();
const detailTemplate = withoutShading(template);

/** What is measured of a picture first, in this order; correlations, −1 to 1, and differences of them. */
export const frontalMeasurements = [
  'correlation with the mean chest',
  'the same without broad shading',
  'correlation where the mean chest fits best',
  'the same without broad shading',
  'how much better it fits than to the inverted picture',
  'how much better than to the picture upside down',
  'how much better than to the picture on its side',
  'symmetry of left and right',
] as const;

export interface FrontalFeatures {
  /** Those of frontalMeasurements, then the picture itself: 24 rows of 12, left and right averaged, as ranks with deviation 1. */
  readonly values: readonly number[];
  /** Best fit of the mean chest to the picture as it is, inverted, and turned. */
  readonly fits: { readonly upright: number; readonly inverted: number; readonly turned: number };
}

/**
 * How a picture resembles the mean frontal chest, whatever its border, contrast and proportions and wherever the chest lies in it: flat
 * borders are cut off, grey values are replaced by their ranks (a flat histogram), and the mean chest is laid over it in 25 proportions
 * at 49 places.
 *
 * @returns undefined for a picture of one grey
 */
export function frontalFeatures(image: GreyImage): FrontalFeatures | undefined {
  const reduced = resizeBilinear(image, Math.min(searchSide, image.width), Math.min(searchSide, image.height));
  const values = ranked(resizeBilinear(cropped(reduced), side, side).values);
  if (!values) return undefined;
  const fit = quickFit(values);
  const upright = fit.score;
  const inverted = quickFit(values.map((value) => -value)).score;
  const [upsideDown, left, right] = turns.map((turn) => quickFit(values.map((_, i) => values[turn(i)]!)).score) as [number, number, number];
  const onSide = Math.max(left, right);
  const place = Float32Array.from(fit.template, (value) => (Number.isNaN(value) ? 0 : value));
  const covered = values.map((value, i) => (Number.isNaN(fit.template[i]!) ? 0 : value));
  return {
    values: [
      product(values, template) / values.length,
      product(withoutShading(values), detailTemplate),
      upright,
      product(withoutShading(covered), withoutShading(place)),
      upright - Math.max(inverted, 0),
      upright - upsideDown,
      upright - onSide,
      values.reduce((sum, value, i) => sum + value * values[mirrored(i)]!, 0) / values.length,
      ...Array.from(values, (value, i) => (value + values[mirrored(i)]!) / 2).filter((_, i) => i % side < side / 2),
    ],
    fits: { upright, inverted, turned: Math.max(upsideDown, onSide) },
  };
}

/** The place on the other side of the middle. */
function mirrored(index: number): number {
  return index - 2 * (index % side) + side - 1;
}

/** Where the pixels of a picture on its head, or lying on either side, come from. */
const turns: readonly ((index: number) => number)[] = [
  (i) => side * side - 1 - i,
  (i) => (i % side) * side + (side - 1 - Math.floor(i / side)),
  (i) => (side - 1 - (i % side)) * side + Math.floor(i / side),
];

function cropped(image: GreyImage): GreyImage {
  const { left, top, right, bottom } = contentBox(image, borderSpread);
  const [width, height] = [right - left, bottom - top];
  return {
    ...image,
    width,
    height,
    values: Float32Array.from(
      { length: width * height },
      (_, i) => image.values[(top + Math.floor(i / width)) * image.width + left + (i % width)]!,
    ),
  };
}

/** Grey values as ranks, equal ones (to a hundredth of a hundredth) the mean of theirs, with mean 0 and deviation 1. */
function ranked(values: Float32Array): Float32Array | undefined {
  const steps = Float64Array.from(values, (value) => Math.round(value * 1e4));
  const order = Uint32Array.from(steps.keys()).sort((one, other) => steps[one]! - steps[other]!);
  const ranks = new Float32Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && steps[order[end]!] === steps[order[start]!]) end++;
    for (let at = start; at < end; at++) ranks[order[at]!] = (start + end - 1) / 2 - (values.length - 1) / 2;
    start = end;
  }
  const deviation = Math.sqrt(ranks.reduce((sum, rank) => sum + rank * rank, 0) / ranks.length);
  return deviation > 0 ? ranks.map((rank) => rank / deviation) : undefined;
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
    const part = product(picture, one);
    for (let i = 0; i < picture.length; i++) picture[i]! -= part * one[i]!;
  }
  return picture;
}

function unit(picture: Float64Array): Float64Array {
  const length = Math.sqrt(product(picture, picture));
  return length > 1e-9 ? picture.map((value) => value / length) : picture;
}

function product(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!;
  return sum;
}
