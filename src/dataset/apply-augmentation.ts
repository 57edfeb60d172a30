import type { Augmentation } from './augmentation.js';

/** Grey values of a picture, row by row, and what divides them to 0 … 1. */
export interface SourcePicture {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array | Uint8Array;
  readonly most: number;
}

/** 3 × 3, row by row: from coordinates of the result to those of the source, both −1 to 1 across the picture's pixel centres. */
type Projection = readonly [number, number, number, number, number, number, number, number, number];

/**
 * Squashes a picture to `width × height` and augments it, as fastai v1 does on one channel: warp, rotation and zoom become one
 * projection and the picture is resampled once (bilinear, mirrored at its edges, pixel centres of the corners at ±1, as
 * `grid_sample(padding_mode='reflection', align_corners=True)`), then brightness and contrast in logit space, then the flip; beyond
 * fastai gamma, and what is covered.
 *
 * @returns `width * height` values in [0, 1]
 */
export function applyAugmentation(source: SourcePicture, augmentation: Augmentation, width: number, height: number): Float32Array {
  const result = resample(source, projectionOf(augmentation, width, height), width, height, augmentation.flip === true);
  light(result, augmentation);
  if (augmentation.gamma !== undefined)
    for (let index = 0; index < result.length; index++) result[index] = result[index]! ** augmentation.gamma;
  if (augmentation.cover) cover(result, augmentation.cover, width, height);
  return result;
}

function projectionOf({ warp, rotate, zoom }: Augmentation, width: number, height: number): Projection {
  const affine = product(rotate === undefined ? identity : rotation(rotate), zoom ? zooming(zoom) : identity);
  // fastai turns in pixels, not in halves of a side
  const inPixels: Projection = [
    affine[0],
    (affine[1] * height) / width,
    affine[2],
    (affine[3] * width) / height,
    affine[4],
    affine[5],
    0,
    0,
    1,
  ];
  return product(inPixels, warp ? perspective(warp) : identity);
}

const identity: Projection = [1, 0, 0, 0, 1, 0, 0, 0, 1];

function rotation(degrees: number): Projection {
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), -Math.sin(angle), 0, Math.sin(angle), Math.cos(angle), 0, 0, 0, 1];
}

function zooming({ scale, row, column }: NonNullable<Augmentation['zoom']>): Projection {
  const shift = 1 - 1 / scale;
  return [1 / scale, 0, shift * (2 * column - 1), 0, 1 / scale, shift * (2 * row - 1), 0, 0, 1];
}

function product(a: Projection, b: Projection): Projection {
  const cell = (row: number, column: number): number =>
    a[row * 3]! * b[column]! + a[row * 3 + 1]! * b[3 + column]! + a[row * 3 + 2]! * b[6 + column]!;
  return [cell(0, 0), cell(0, 1), cell(0, 2), cell(1, 0), cell(1, 1), cell(1, 2), cell(2, 0), cell(2, 1), cell(2, 2)];
}

/** fastai's `_symmetric_warp`: the projection that takes the moved corners to the corners; eight equations (`_find_coeffs`). */
function perspective([top, bottom, left, right]: readonly [number, number, number, number]): Projection {
  const corners = [
    [-1, -1],
    [-1, 1],
    [1, -1],
    [1, 1],
  ] as const;
  const moved = [
    [-1 - right, -1 - bottom],
    [-1 - left, 1 + bottom],
    [1 + right, -1 - top],
    [1 + left, 1 + top],
  ] as const;
  const rows = corners.flatMap(([toX, toY], index) => {
    const [x, y] = moved[index]!;
    return [
      [x, y, 1, 0, 0, 0, -toX * x, -toX * y, toX],
      [0, 0, 0, x, y, 1, -toY * x, -toY * y, toY],
    ];
  });
  const [a, b, c, d, e, f, g, h] = solve(rows) as [number, number, number, number, number, number, number, number];
  return [a, b, c, d, e, f, g, h, 1];
}

/** Gauss–Jordan with row pivoting; each row ends with its right-hand side. */
function solve(rows: number[][]): number[] {
  for (let column = 0; column < rows.length; column++) {
    const pivot = rows
      .slice(column)
      .reduce((best, row, offset) => (Math.abs(row[column]!) > Math.abs(rows[best]![column]!) ? column + offset : best), column);
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const main = rows[column]!;
    for (const row of rows) {
      if (row === main) continue;
      const factor = row[column]! / main[column]!;
      for (let k = column; k < row.length; k++) row[k]! -= factor * main[k]!;
    }
  }
  return rows.map((row, index) => row.at(-1)! / row[index]!);
}

function resample(
  { width: sourceWidth, height: sourceHeight, values, most }: SourcePicture,
  p: Projection,
  width: number,
  height: number,
  flip: boolean,
): Float32Array {
  const result = new Float32Array(width * height);
  const [a, b, c, d, e, f, g, h, i] = p;
  const lastX = sourceWidth - 1;
  const lastY = sourceHeight - 1;
  const stepX = width > 1 ? 2 / (width - 1) : 0;
  const stepY = height > 1 ? 2 / (height - 1) : 0;
  const scale = 1 / most;
  for (let row = 0; row < height; row++) {
    const y = -1 + row * stepY;
    for (let column = 0; column < width; column++) {
      const x = -1 + column * stepX;
      const w = 1 / (g * x + h * y + i);
      const fromX = mirrored((((a * x + b * y + c) * w + 1) * lastX) / 2, lastX);
      const fromY = mirrored((((d * x + e * y + f) * w + 1) * lastY) / 2, lastY);
      const left = Math.min(Math.floor(fromX), Math.max(lastX - 1, 0));
      const top = Math.min(Math.floor(fromY), Math.max(lastY - 1, 0));
      const right = fromX - left;
      const below = fromY - top;
      const at = top * sourceWidth + left;
      const across = lastX > 0 ? 1 : 0;
      const down = lastY > 0 ? sourceWidth : 0;
      const upper = values[at]! * (1 - right) + values[at + across]! * right;
      const lower = values[at + down]! * (1 - right) + values[at + down + across]! * right;
      result[row * width + (flip ? width - 1 - column : column)] = (upper * (1 - below) + lower * below) * scale;
    }
  }
  return result;
}

/** Reflected at the centres of the outermost pixels. */
function mirrored(position: number, last: number): number {
  if (position >= 0 && position <= last) return position;
  if (last === 0) return 0;
  const period = 2 * last;
  const within = Math.abs(position) % period;
  return within <= last ? within : period - within;
}

/** fastai keeps this far from 0 and 1, where the logit has no value. */
const edge = 1e-7;

/** `sigmoid((logit(x) + logit(brightness)) · contrast)`. */
function light(values: Float32Array, { brightness = 0.5, contrast = 1 }: Augmentation): void {
  if (brightness === 0.5 && contrast === 1) return;
  const shift = Math.log(brightness / (1 - brightness));
  for (let index = 0; index < values.length; index++) {
    const x = Math.min(Math.max(values[index]!, edge), 1 - edge);
    values[index] = 1 / (1 + Math.exp(-(Math.log(x / (1 - x)) + shift) * contrast));
  }
}

function cover(values: Float32Array, { grey, boxes }: NonNullable<Augmentation['cover']>, width: number, height: number): void {
  for (const { left, top, right, bottom } of boxes) {
    for (let row = Math.round(top * height); row < Math.round(bottom * height); row++) {
      values.fill(grey, row * width + Math.round(left * width), row * width + Math.round(right * width));
    }
  }
}
