import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { lungFieldBox, lungFieldsAt, placeTemplate, type Placement } from '../pixels/xray/lung-fields.js';
import { equaliseGrey } from '../pixels/equalise.js';
import { resizeBilinear } from '../pixels/resize.js';
import type { SourcePicture } from './apply-augmentation.js';
import type { Augmentation, LungAugmentation } from './augmentation.js';

/** The mask is made in this many pixels a side: coarser than the picture, so that its edge is soft when it is drawn out. */
const maskSide = 54;

/** A picture, and how the mean chest lies on it. */
export interface PlacedPicture {
  readonly picture: SourcePicture;
  readonly placement: Placement;
}

/**
 * Where the mean chest lies on a picture of the cache. Searched once, which takes longer than all augmentation, then stored beside
 * the picture. Blocking, for a worker thread.
 */
export function placementOf(file: string, picture: SourcePicture): Placement {
  const kept = `${file}.placement.json`;
  try {
    return JSON.parse(readFileSync(kept, 'utf8')) as Placement;
  } catch {
    const placement = placeTemplate({ ...picture, values: Float32Array.from(picture.values), pixelAspect: 1 });
    const beside = `${kept}.${process.pid}-${threadId}`;
    writeFileSync(beside, JSON.stringify(placement));
    renameSync(beside, kept);
    return placement;
  }
}

/**
 * A picture of which only the lungs stay, or all but them. A background from another picture breaks the correlation between a finding
 * and the site that the picture is from (mixed backgrounds: Xiao et al. 2021, arXiv 2006.09994).
 *
 * @param other whose background is taken; called only if `what` is `exchanged`
 * @returns a new picture of the same size and range
 */
export function changeBackground(own: PlacedPicture, { what, grey }: LungAugmentation, other: () => PlacedPicture): SourcePicture {
  const { width, height, values, most } = own.picture;
  const small = { width: maskSide, height: maskSide, pixelAspect: 1 };
  const lungs = resizeBilinear({ ...small, values: Float32Array.from(lungFieldsAt(own.placement, small)) }, width, height).values;
  const kept = what === 'covered' ? lungs.map((share) => 1 - share) : lungs;
  const background = what === 'exchanged' ? laidOver(other(), own) : undefined;
  const flat = grey === undefined ? weightedMean(values, kept) : grey * most;
  return {
    width,
    height,
    most,
    values: kept.map((share, index) => share * values[index]! + (1 - share) * (background?.[index] ?? flat)),
  };
}

/** Another picture, moved and stretched so that its lungs lie on this one's; its edges go on beyond its frame. */
function laidOver(
  { picture: { width: fromWidth, height: fromHeight, values, most }, placement: from }: PlacedPicture,
  { picture: { width, height, most: range }, placement: to }: PlacedPicture,
): Float32Array {
  const result = new Float32Array(width * height);
  const scale = range / most;
  for (let row = 0; row < height; row++) {
    const y = clamped((((row + 0.5) / height - to.centreY) / to.scaleY) * from.scaleY + from.centreY, fromHeight);
    const top = Math.min(Math.floor(y), fromHeight - 2);
    for (let column = 0; column < width; column++) {
      const x = clamped((((column + 0.5) / width - to.centreX) / to.scaleX) * from.scaleX + from.centreX, fromWidth);
      const left = Math.min(Math.floor(x), fromWidth - 2);
      const at = top * fromWidth + left;
      const [right, below] = [x - left, y - top];
      const upper = values[at]! * (1 - right) + values[at + 1]! * right;
      const lower = values[at + fromWidth]! * (1 - right) + values[at + fromWidth + 1]! * right;
      result[row * width + column] = (upper * (1 - below) + lower * below) * scale;
    }
  }
  return result;
}

/** @param place in parts of the picture @returns pixel coordinate within it */
function clamped(place: number, size: number): number {
  return Math.min(Math.max(place * size - 0.5, 0), size - 1);
}

function weightedMean(values: SourcePicture['values'], weights: Float32Array): number {
  let [sum, total] = [0, 0];
  weights.forEach((weight, index) => {
    sum += weight * values[index]!;
    total += weight;
  });
  return total === 0 ? 0 : sum / total;
}

/** The lung fields with margins, as far as the picture reaches; at least two pixels a side. */
export function cropToLungs({ picture, placement }: PlacedPicture, margins: NonNullable<Augmentation['lungCrop']>): SourcePicture {
  const box = lungFieldBox(placement);
  const [left, right] = within(box.left - margins.left, box.right + margins.right, picture.width);
  const [top, bottom] = within(box.top - margins.top, box.bottom + margins.bottom, picture.height);
  const values = new Float32Array((right - left) * (bottom - top));
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++)
      values[(row - top) * (right - left) + column - left] = picture.values[row * picture.width + column]!;
  }
  return { width: right - left, height: bottom - top, values, most: picture.most };
}

function within(from: number, to: number, size: number): readonly [number, number] {
  const first = Math.min(Math.max(Math.round(from * size), 0), size - 2);
  return [first, Math.max(Math.min(Math.round(to * size), size), first + 2)];
}

/** Each grey value goes by `share` of the way to its rank among the picture's pixels. @param picture of whole values 0 … `most` */
export function equalised(picture: SourcePicture, share: number): SourcePicture {
  return { ...picture, values: equaliseGrey(picture.values, { most: picture.most, levels: picture.most + 1, share }) };
}
