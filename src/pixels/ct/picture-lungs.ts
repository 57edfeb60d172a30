import { cropped, type Box, type GreyImage } from '../image.js';
import { resizeBilinear } from '../resize.js';
import { connectedRegions } from './lung.js';

/**
 * The lungs of an axial slice of which only a picture is known, its window unknown: as published in papers, or as the network sees a
 * slice out of a scanner. They are the large dark regions inside the brighter body; each is filled to its convex hull, so that a
 * consolidation at the pleura, which is as bright as the wall, belongs to the lung.
 */
export interface PictureLungs {
  /** 1 in a lung, else 0; `width * height` of the picture. */
  readonly mask: Uint8Array;
  /** The box around both, in pixels. */
  readonly box: Box;
}

/** Longest side of the picture on which regions are looked for. */
const searchSide = 96;
/** A lung has at least this share of the picture, and of the larger lung. */
const minShare = 0.015;
const minShareOfLargest = 0.2;
/** A dark region that lies along this share of the picture's edge is the air around the patient. */
const maxEdgeShare = 0.12;

/** @returns undefined if no lung is found */
export function lungsOfPicture(image: GreyImage): PictureLungs | undefined {
  const scale = Math.min(1, searchSide / Math.max(image.width, image.height));
  const columns = Math.max(2, Math.round(image.width * scale));
  const rows = Math.max(2, Math.round(image.height * scale));
  const small = resizeBilinear(image, columns, rows).values;
  const threshold = otsuThreshold(small);
  const dark = Uint8Array.from(small, (value) => (value < threshold ? 1 : 0));
  const edge = 2 * (columns + rows) - 4;
  const isEdge = (cell: number): boolean => {
    const [x, y] = [cell % columns, Math.floor(cell / columns)];
    return x === 0 || y === 0 || x === columns - 1 || y === rows - 1;
  };
  const inside = connectedRegions(dark, columns, rows).filter(
    (region) => region.length >= minShare * small.length && region.filter(isEdge).length <= maxEdgeShare * edge,
  );
  const largest = Math.max(0, ...inside.map(({ length }) => length));
  const lungs = inside.filter(({ length }) => length >= minShareOfLargest * largest);
  if (lungs.length === 0) return undefined;
  const filled = new Uint8Array(columns * rows);
  for (const region of lungs) fillHull(region, columns, filled);
  return { mask: enlarged(filled, columns, rows, image), box: boxOf(filled, columns, rows, image) };
}

/**
 * The picture cut to the lungs with `margin` (a share of their width and height) on each side, as slices out of a scanner are
 * (present-ct-slice.ts); the picture itself if no lung is found.
 */
export function cutToLungs(image: GreyImage, margin = 0.06): GreyImage {
  const box = lungsOfPicture(image)?.box;
  if (!box) return image;
  const across = Math.round((box.right - box.left) * margin);
  const down = Math.round((box.bottom - box.top) * margin);
  return cropped(image, {
    left: Math.max(0, box.left - across),
    top: Math.max(0, box.top - down),
    right: Math.min(image.width, box.right + across),
    bottom: Math.min(image.height, box.bottom + down),
  });
}

/** Otsu 1979: the grey value that divides the picture into two classes of the greatest variance between them. */
export function otsuThreshold(values: Float32Array): number {
  const bins = 64;
  const [low, high] = values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity] as [
    number,
    number,
  ]);
  const counts = new Float64Array(bins);
  for (const value of values) counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low || 1)) * bins))]!++;
  const total = values.length;
  const sum = counts.reduce((all, count, bin) => all + count * bin, 0);
  let [below, sumBelow, best, threshold] = [0, 0, -1, 0];
  for (let bin = 0; bin < bins - 1; bin++) {
    below += counts[bin]!;
    sumBelow += counts[bin]! * bin;
    if (below === 0 || below === total) continue;
    const between = below * (total - below) * (sumBelow / below - (sum - sumBelow) / (total - below)) ** 2;
    if (between > best) [best, threshold] = [between, bin + 1];
  }
  return low + (threshold / bins) * (high - low);
}

/** Sets the cells of the convex hull of a region (Andrew's monotone chain). */
function fillHull(region: readonly number[], columns: number, filled: Uint8Array): void {
  const points = region
    .map((cell) => [cell % columns, Math.floor(cell / columns)] as const)
    .sort(([ax, ay], [bx, by]) => ax - bx || ay - by);
  const half = (all: readonly (readonly [number, number])[]): (readonly [number, number])[] => {
    const hull: (readonly [number, number])[] = [];
    for (const point of all) {
      while (hull.length >= 2 && turn(hull.at(-2)!, hull.at(-1)!, point) <= 0) hull.pop();
      hull.push(point);
    }
    return hull.slice(0, -1);
  };
  const hull = [...half(points), ...half([...points].reverse())];
  const [top, bottom] = [Math.min(...points.map(([, y]) => y)), Math.max(...points.map(([, y]) => y))];
  for (let y = top; y <= bottom; y++) {
    const crossings = hull.flatMap(([ax, ay], i) => {
      const [bx, by] = hull[(i + 1) % hull.length]!;
      if (Math.min(ay, by) > y || Math.max(ay, by) < y) return [];
      return ay === by ? [ax, bx] : [ax + ((y - ay) / (by - ay)) * (bx - ax)];
    });
    const [from, to] = [Math.min(...crossings), Math.max(...crossings)];
    for (let x = Math.ceil(from - 1e-9); x <= Math.floor(to + 1e-9); x++) filled[y * columns + x] = 1;
  }
}

function turn([ax, ay]: readonly [number, number], [bx, by]: readonly [number, number], [cx, cy]: readonly [number, number]): number {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

function enlarged(cells: Uint8Array, columns: number, rows: number, { width, height }: GreyImage): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const column = Math.min(columns - 1, Math.floor((((i % width) + 0.5) / width) * columns));
    const row = Math.min(rows - 1, Math.floor(((Math.floor(i / width) + 0.5) / height) * rows));
    return cells[row * columns + column]!;
  });
}

function boxOf(cells: Uint8Array, columns: number, rows: number, { width, height }: GreyImage): Box {
  let [left, top, right, bottom] = [columns, rows, 0, 0];
  cells.forEach((cell, i) => {
    if (!cell) return;
    const [x, y] = [i % columns, Math.floor(i / columns)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
  });
  const [across, down] = [width / columns, height / rows];
  return {
    left: Math.floor(left * across),
    top: Math.floor(top * down),
    right: Math.ceil(right * across),
    bottom: Math.ceil(bottom * down),
  };
}
