import type { Box } from './image.js';

/** How stored pixels were turned for presentation: first transposed, then mirrored. */
export interface Turn {
  readonly transpose: boolean;
  readonly flipX: boolean;
  readonly flipY: boolean;
}

/** Where a presented picture lies in the stored one; plain data, so that it crosses threads. */
export interface PresentedGeometry {
  /** Of the stored frame. */
  readonly columns: number;
  readonly rows: number;
  readonly turn: Turn;
  /** Presented pixels (after turn) left out at the left and above. */
  readonly left: number;
  readonly top: number;
  /** Presented pixels of full size in one pixel of the picture: 1 unless it was resized. */
  readonly scaleX: number;
  readonly scaleY: number;
}

export const unturned: Turn = { transpose: false, flipX: false, flipY: false };

/**
 * The turn that brings a frontal radiograph upright with the patient's left at the right: Patient Orientation "L\F"
 * (PS3.3 §C.7.6.1.1.1; the directions of rows and of columns). A side view is only brought upright.
 *
 * @param directions the two values of Patient Orientation (0020,0020)
 * @returns undefined if nothing is stated, nothing that can be understood, a view along the body's axis or two directions along
 *   one axis: then the pixels decide whether this is a frontal chest
 */
export function uprightTurn(directions: readonly string[]): Turn | undefined {
  const [row, column] = directions.map((one) => one.trim().toUpperCase()[0]);
  if (!row || !column || !'LRFHAP'.includes(row) || !'LRFHAP'.includes(column)) return undefined;
  const vertical = 'FH';
  const transpose = vertical.includes(row);
  const [across, down] = transpose ? [column, row] : [row, column];
  if (!vertical.includes(down) || vertical.includes(across)) return undefined;
  return { transpose, flipX: across === 'R', flipY: down === 'H' };
}

/** A box found on the presented picture, in columns and rows of the stored frame; whole pixels, cut at its edges. */
export function toStored(geometry: PresentedGeometry, box: Box): Box {
  const { columns, rows, turn } = geometry;
  const width = turn.transpose ? rows : columns;
  const height = turn.transpose ? columns : rows;
  let [left, right] = [box.left * geometry.scaleX + geometry.left, box.right * geometry.scaleX + geometry.left];
  let [top, bottom] = [box.top * geometry.scaleY + geometry.top, box.bottom * geometry.scaleY + geometry.top];
  if (turn.flipX) [left, right] = [width - right, width - left];
  if (turn.flipY) [top, bottom] = [height - bottom, height - top];
  if (turn.transpose) [left, top, right, bottom] = [top, left, bottom, right];
  return {
    left: within(Math.floor(left), columns),
    top: within(Math.floor(top), rows),
    right: within(Math.ceil(right), columns),
    bottom: within(Math.ceil(bottom), rows),
  };
}

function within(value: number, max: number): number {
  return Math.min(max, Math.max(0, value));
}

/** A box in pixels of a `width` × `height` frame where it lies after the turn. */
export function turnedBox({ left, top, right, bottom }: Box, width: number, height: number, { transpose, flipX, flipY }: Turn): Box {
  const [newWidth, newHeight] = transpose ? [height, width] : [width, height];
  const box = transpose ? { left: top, top: left, right: bottom, bottom: right } : { left, top, right, bottom };
  return {
    left: flipX ? newWidth - box.right : box.left,
    right: flipX ? newWidth - box.left : box.right,
    top: flipY ? newHeight - box.bottom : box.top,
    bottom: flipY ? newHeight - box.top : box.bottom,
  };
}

/** Pixels of a `width` × `height` frame, turned. */
export function turned<Values extends Float32Array | Uint8Array | Int16Array | Uint16Array>(
  values: Values,
  width: number,
  height: number,
  { transpose, flipX, flipY }: Turn,
): Values {
  if (!transpose && !flipX && !flipY) return values;
  const result = values.slice() as Values;
  const newWidth = transpose ? height : width;
  const newHeight = transpose ? width : height;
  const stepX = (transpose ? width : 1) * (flipX ? -1 : 1);
  for (let y = 0, to = 0; y < newHeight; y++) {
    const line = flipY ? newHeight - 1 - y : y;
    let from = (transpose ? line : line * width) + (flipX ? (newWidth - 1) * (transpose ? width : 1) : 0);
    for (let x = 0; x < newWidth; x++, from += stepX) result[to++] = values[from]!;
  }
  return result;
}
