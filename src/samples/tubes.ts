import type { Grid } from './grid.js';
import { magnification, type View } from './slices.js';

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** A bone, a vessel or an airway: a centre line with a radius at each of its points, millimetres. */
export interface Tube {
  readonly points: readonly (Point & { readonly radius: number })[];
  /** Thickness across in proportion to the height: ribs are flat. */
  readonly flatness?: number;
  /** Attenuation added to what it lies in, per millimetre; negative for air in tissue. */
  readonly mu: number;
  /** A wall of `mu` around a core of this. */
  readonly core?: { readonly mu: number; readonly wallMm: number };
  readonly hu: number;
  readonly coreHu?: number;
}

/** Shorter than any detail on the detector. */
const stepMm = 0.2;

/**
 * Adds the way of each ray through the tubes. A short piece of tube is laid down as an even ellipse of the same mass:
 * pieces side by side add up to the exact chord of a cylinder, and where a tube runs along the ray, as ribs do at the edge
 * of the chest, they pile up as they should. Only the edges of an ellipse are written, row by row, and summed once at
 * the end, so a thick bone costs no more than its outline.
 */
export function projectTubes(grid: Grid, view: View, tubes: Iterable<Tube>): void {
  const edges = new Float64Array((grid.width + 2) * grid.height);
  for (const tube of tubes) {
    for (const piece of piecesOf(tube, stepMm)) {
      const enlarged = magnification(view === 'frontal' ? piece.z : piece.x);
      const u = (view === 'frontal' ? piece.x : piece.z) * enlarged,
        v = piece.y * enlarged;
      const radius = piece.radius * enlarged,
        flat = tube.flatness ?? 1;
      addEllipse(edges, grid, u, v, radius * flat, radius, piece.lengthMm * tube.mu);
      const inner = piece.radius - (tube.core?.wallMm ?? 0);
      if (tube.core && inner > 0) {
        const scale = (inner / piece.radius) * radius;
        addEllipse(edges, grid, u, v, Math.max(0.2, radius * flat - tube.core.wallMm), scale, piece.lengthMm * (tube.core.mu - tube.mu));
      }
    }
  }
  for (let row = 0; row < grid.height; row++) {
    let sum = 0;
    for (let column = 0, from = row * (grid.width + 2), to = row * grid.width; column < grid.width; column++) {
      sum += edges[from + column]!;
      grid.values[to + column]! += sum;
    }
  }
}

/** The tube cut into pieces of equal length. */
export function* piecesOf(tube: Tube, lengthMm: number): Generator<Point & { readonly radius: number; readonly lengthMm: number }> {
  for (let index = 1; index < tube.points.length; index++) {
    const a = tube.points[index - 1]!,
      b = tube.points[index]!;
    const length = Math.hypot(b.x - a.x, b.y - a.y, b.z - a.z);
    const count = Math.max(1, Math.round(length / lengthMm));
    for (let piece = 0; piece < count; piece++) {
      const t = (piece + 0.5) / count;
      yield {
        x: a.x + (b.x - a.x) * t,
        y: a.y + (b.y - a.y) * t,
        z: a.z + (b.z - a.z) * t,
        radius: a.radius + (b.radius - a.radius) * t,
        lengthMm: length / count,
      };
    }
  }
}

/** Writes where the even ellipse begins and ends in each row; fractions of a pixel are shared with its neighbour. */
function addEllipse(edges: Float64Array, grid: Grid, u: number, v: number, ru: number, rv: number, weight: number): void {
  const scale = 1 / grid.mmPerPixel;
  const cx = (u - grid.left) * scale,
    cy = (v - grid.top) * scale,
    a = ru * scale,
    b = Math.max(rv * scale, 0.5);
  // A tube thinner than a pixel keeps its mass.
  const given = (weight * (rv * scale)) / b;
  const first = Math.max(0, Math.ceil(cy - b)),
    last = Math.min(grid.height - 1, Math.floor(cy + b));
  for (let row = first; row <= last; row++) {
    const part = (row - cy) / b;
    const half = a * Math.sqrt(Math.max(0, 1 - part * part));
    const start = row * (grid.width + 2);
    addStep(edges, start, grid.width, cx - half + 0.5, given);
    addStep(edges, start, grid.width, cx + half + 0.5, -given);
  }
}

function addStep(edges: Float64Array, start: number, width: number, at: number, height: number): void {
  if (at >= width) return;
  const clipped = Math.max(0, at);
  const index = Math.floor(clipped),
    part = clipped - index;
  edges[start + index]! += height * (1 - part);
  edges[start + index + 1]! += height * part;
}
