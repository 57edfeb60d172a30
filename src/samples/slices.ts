import type { Grid } from './grid.js';

/**
 * Solids as stacks of superellipses: at height y, |x − cx|ᵖ/aᵖ + |z − cz|ᵖ/bᵖ ≤ 1.
 * Axes: x to the patient's left, y towards the feet, z to the back; millimetres. A CT slice of such a solid is its
 * superellipse, and the way of an X-ray through it is one interval, known in closed form along x and along z.
 */
export interface Slice {
  readonly cx: number;
  readonly cz: number;
  readonly a: number;
  readonly b: number;
  readonly p: number;
}

export interface Solid {
  /** Linear attenuation per millimetre at about 70 keV; in `added` solids, what comes on top. */
  readonly mu: number;
  readonly hu: number;
  /** The slice at height y, or undefined above and below the solid. */
  readonly at: (y: number) => Slice | undefined;
}

export type View = 'frontal' | 'lateral';

/** Distance of the X-ray source from the detector, and of the patient's middle from the detector. */
const sourceMm = 1800,
  middleMm = 140;

/** How much larger the detector shows what lies at depth `w` (towards the source). */
export function magnification(w: number): number {
  return sourceMm / (sourceMm - middleMm - w);
}

/**
 * ∫ μ along each ray. Where solids overlap, the later one in the list counts (`layers`); those in `added` count on top.
 * @param lungs receives millimetres of the way that lie in solids of index `lungLayers`
 */
export function projectSolids(
  grid: Grid,
  view: View,
  layers: readonly Solid[],
  added: readonly Solid[],
  lungLayers: readonly number[],
  lungs: Float32Array,
): void {
  const across = new Float64Array(2 * layers.length);
  for (let row = 0; row < grid.height; row++) {
    const y = (grid.top + row * grid.mmPerPixel) / magnification(0);
    const slices = layers.map((solid) => solid.at(y));
    const extras = added.map((solid) => solid.at(y));
    for (let column = 0, at = row * grid.width; column < grid.width; column++, at++) {
      const u = (grid.left + column * grid.mmPerPixel) / magnification(0);
      let sum = 0;
      slices.forEach((slice, index) => {
        const half = slice ? halfChord(slice, view, u) : 0;
        const middle = half > 0 ? centre(slice!, view) : 0;
        across[2 * index] = middle - half;
        across[2 * index + 1] = middle + half;
      });
      // Each layer counts only where no later one lies: walk the edges in order.
      for (let index = layers.length - 1; index >= 0; index--) {
        const visible = visibleLength(across, index, layers.length);
        if (visible <= 0) continue;
        sum += visible * layers[index]!.mu;
        if (lungLayers.includes(index)) lungs[at]! += visible;
      }
      for (let index = 0; index < extras.length; index++) {
        const slice = extras[index];
        if (slice) sum += 2 * halfChord(slice, view, u) * added[index]!.mu;
      }
      grid.values[at]! += sum;
    }
  }
}

/** Length of interval `index` outside the union of all later ones. */
function visibleLength(intervals: Float64Array, index: number, count: number): number {
  const from = intervals[2 * index]!,
    to = intervals[2 * index + 1]!;
  if (to <= from) return 0;
  let covered = 0,
    reached = from;
  // Later intervals are few: take them by their beginnings, smallest first, without sorting an array for each ray.
  for (;;) {
    let next = -1,
      begins = Infinity;
    for (let later = index + 1; later < count; later++) {
      const end = intervals[2 * later + 1]!;
      if (end <= reached || intervals[2 * later]! >= end) continue;
      const begin = Math.max(reached, intervals[2 * later]!);
      if (begin < begins) (begins = begin), (next = later);
    }
    if (next < 0 || begins >= to) break;
    const end = Math.min(to, intervals[2 * next + 1]!);
    covered += end - begins;
    reached = end;
    if (reached >= to) break;
  }
  return to - from - covered;
}

const centre = (slice: Slice, view: View) => (view === 'frontal' ? slice.cz : slice.cx);

function halfChord(slice: Slice, view: View, u: number): number {
  const [middle, side, depth] = view === 'frontal' ? [slice.cx, slice.a, slice.b] : [slice.cz, slice.b, slice.a];
  const part = Math.abs(u - middle) / side;
  if (part >= 1 || !(side > 0)) return 0;
  if (slice.p === 2) return depth * Math.sqrt(1 - part * part);
  return depth * Math.pow(1 - Math.pow(part, slice.p), 1 / slice.p);
}
