import type { CtSlice } from './ct-slice.js';
import type { Box } from '../image.js';

/** Air, and lung with its vessels averaged in: everything below is dark enough to be one of both. */
const airBelowHu = -400;
/** Every fourth pixel in each direction is plenty for an area. */
const step = 4;
/** A slice with less lung than this share of the body is neck, shoulder or belly (bowel gas stays far below). */
export const minLungFraction = 0.12;

/** A slice on a grid of every fourth pixel. */
interface AirGrid {
  readonly columns: number;
  readonly rows: number;
  readonly isAir: Uint8Array;
  /** Air connected with the air around the patient. */
  readonly outside: Uint8Array;
}

function airGridOf({ width, height, hu }: CtSlice): AirGrid {
  const columns = Math.ceil(width / step);
  const rows = Math.ceil(height / step);
  const isAir = Uint8Array.from({ length: columns * rows }, (_, i) =>
    hu[Math.floor(i / columns) * step * width + (i % columns) * step]! < airBelowHu ? 1 : 0,
  );
  return { columns, rows, isAir, outside: airAround(isAir, columns, rows) };
}

/**
 * Share of the body's cross-section that is lung, 0 to 1: air that is not connected with the air around the patient.
 * 0 if the slice holds no body.
 */
export function lungFraction(slice: CtSlice): number {
  const { isAir, outside } = airGridOf(slice);
  let body = 0;
  let lung = 0;
  for (let i = 0; i < isAir.length; i++) {
    if (outside[i]) continue;
    body++;
    lung += isAir[i]!;
  }
  // Less than a twentieth of the picture is a phantom's edge or nothing at all.
  return body < isAir.length / 20 ? 0 : lung / body;
}

/** Gas in bowel and gullet, and the hollow of a table, are smaller than a quarter of a lung. */
const minShareOfLargest = 0.25;

/**
 * The box around the lungs of a slice with `margin` (a share of its width and height) on each side, in stored pixels;
 * undefined if the slice shows no lung.
 */
export function lungBox(slice: CtSlice, margin: number): Box | undefined {
  const { columns, rows, isAir, outside } = airGridOf(slice);
  const regions = connectedRegions(
    Uint8Array.from(isAir, (air, i) => (air && !outside[i] ? 1 : 0)),
    columns,
    rows,
  );
  const largest = Math.max(0, ...regions.map((region) => region.length));
  const lung = regions.filter((region) => region.length >= largest * minShareOfLargest).flat();
  if (lung.length === 0) return undefined;
  let [left, top, right, bottom] = [columns, rows, 0, 0];
  for (const cell of lung) {
    const x = cell % columns;
    const y = Math.floor(cell / columns);
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
  }
  const acrossMargin = Math.round((right - left) * step * margin);
  const downMargin = Math.round((bottom - top) * step * margin);
  return {
    left: Math.max(0, left * step - acrossMargin),
    top: Math.max(0, top * step - downMargin),
    right: Math.min(slice.width, right * step + acrossMargin),
    bottom: Math.min(slice.height, bottom * step + downMargin),
  };
}

/** Cells of ones that hang together by their edges. */
export function connectedRegions(cells: Uint8Array, columns: number, rows: number): readonly (readonly number[])[] {
  const seen = new Uint8Array(cells.length);
  const regions: number[][] = [];
  for (let start = 0; start < cells.length; start++) {
    if (!cells[start] || seen[start]) continue;
    seen[start] = 1;
    const region = [start];
    for (const cell of region) {
      const x = cell % columns;
      const neighbours = [
        x > 0 ? cell - 1 : -1,
        x < columns - 1 ? cell + 1 : -1,
        cell - columns,
        cell < columns * (rows - 1) ? cell + columns : -1,
      ];
      for (const neighbour of neighbours) {
        if (neighbour < 0 || !cells[neighbour] || seen[neighbour]) continue;
        seen[neighbour] = 1;
        region.push(neighbour);
      }
    }
    regions.push(region);
  }
  return regions;
}

/** Air connected with the edge of the picture (4 neighbours). */
function airAround(isAir: Uint8Array, columns: number, rows: number): Uint8Array {
  const outside = new Uint8Array(isAir.length);
  const waiting: number[] = [];
  const visit = (index: number): void => {
    if (isAir[index] && !outside[index]) {
      outside[index] = 1;
      waiting.push(index);
    }
  };
  for (let x = 0; x < columns; x++) {
    visit(x);
    visit((rows - 1) * columns + x);
  }
  for (let y = 0; y < rows; y++) {
    visit(y * columns);
    visit(y * columns + columns - 1);
  }
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const x = index % columns;
    if (x > 0) visit(index - 1);
    if (x < columns - 1) visit(index + 1);
    if (index >= columns) visit(index - columns);
    if (index < (rows - 1) * columns) visit(index + columns);
  }
  return outside;
}

/** A slice of which the lung fraction was measured. */
export interface ProbedSlice {
  /** Along the normal, mm. */
  readonly position: number;
  readonly lungFraction: number;
}

/**
 * Where the lungs are: from the first to the last of the longest row of neighbouring probes that hold lung.
 * Gas in the bowel is a row of its own and shorter. Undefined if no probe holds lung.
 * @param probes in order of position; every slice or some of them (about 24 over the stack do)
 */
export function lungRange(probes: readonly ProbedSlice[]): { readonly from: number; readonly to: number } | undefined {
  let best: { from: number; to: number; sum: number } | undefined;
  let current: { from: number; to: number; sum: number } | undefined;
  for (const { position, lungFraction: fraction } of probes) {
    if (fraction < minLungFraction) {
      current = undefined;
      continue;
    }
    current = current ? { from: current.from, to: position, sum: current.sum + fraction } : { from: position, to: position, sum: fraction };
    if (!best || current.sum > best.sum) best = current;
  }
  return best && { from: best.from, to: best.to };
}

/**
 * `count` slices equally spaced over the range: those nearest to the middles of `count` equal parts of it, each once.
 * Fewer if the range holds fewer.
 * @param slices in order of position
 */
export function chooseSlices<Slice extends { readonly position: number }>(
  slices: readonly Slice[],
  range: { readonly from: number; readonly to: number },
  count: number,
): readonly Slice[] {
  const inside = slices.filter(({ position }) => position >= range.from && position <= range.to);
  if (inside.length <= count) return inside;
  const chosen = new Set<Slice>();
  for (let part = 0; part < count; part++) {
    const target = range.from + ((part + 0.5) / count) * (range.to - range.from);
    chosen.add(
      inside.reduce((nearest, slice) => (Math.abs(slice.position - target) < Math.abs(nearest.position - target) ? slice : nearest)),
    );
  }
  return inside.filter((slice) => chosen.has(slice));
}
