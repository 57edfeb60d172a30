import { mu, type Anatomy, type LungShape } from './anatomy.js';
import { between, gaussian, textSeeded, type Uniform } from '../lib/seeded-random.js';
import type { Point, Tube } from './tubes.js';

/** Where the vessels of each lung begin, and the directions of their first branches. */
const roots = {
  right: { x: -36, y: -12, z: 6, radius: 8.6 },
  left: { x: 40, y: -26, z: 8, radius: 8.2 },
} as const;

/** Blood minus lung: what a vessel adds to the lung it runs in. */
const vesselMu = mu.blood - mu.lung;

/**
 * A seeded random tree of arteries in each lung: every branch divides in two, radii after Murray (r³ = r₁³ + r₂³), until they
 * are too thin to be seen or reach the edge of the lung. Veins come as a second tree from lower and further in front.
 */
export function vessels(anatomy: Anatomy): readonly Tube[] {
  const random = textSeeded(`vessels ${anatomy.seed}`);
  const tubes: Tube[] = [];
  for (const [lung, root] of [
    [anatomy.right, roots.right],
    [anatomy.left, roots.left],
  ] as const) {
    for (const [lower, share] of [
      [0, 1],
      [26, 0.86],
    ] as const) {
      const from = { x: root.x, y: root.y + lower, z: root.z - lower };
      const downwards = lower === 0 ? [-1.5, -0.95, -0.35, 0.2, 0.75, 1.25] : [-0.2, 0.35, 0.8];
      for (const steep of downwards) {
        const direction = unit({ x: lung.side * Math.cos(steep), y: Math.sin(steep), z: gaussian(random) * 0.35 });
        // The interlobar artery runs down beside the heart and is the widest.
        const radius = root.radius * share * (steep > 0.9 ? 0.82 : 0.62);
        grow(tubes, lung, from, direction, radius, between(random, 14, 24), random, 0);
      }
    }
  }
  return tubes;
}

function grow(
  tubes: Tube[],
  lung: LungShape,
  from: Point,
  direction: Point,
  radius: number,
  length: number,
  random: Uniform,
  depth: number,
): void {
  const points: (Point & { radius: number })[] = [{ ...from, radius }];
  let at = from,
    heading = direction;
  const steps = 6;
  for (let step = 1; step <= steps; step++) {
    heading = unit({
      x: heading.x + gaussian(random) * 0.09,
      y: heading.y + gaussian(random) * 0.09,
      z: heading.z + gaussian(random) * 0.09,
    });
    at = { x: at.x + (heading.x * length) / steps, y: at.y + (heading.y * length) / steps, z: at.z + (heading.z * length) / steps };
    if (depth > 0 && !inside(lung, at)) break;
    points.push({ ...at, radius: radius * (1 - (0.12 * step) / steps) });
  }
  if (points.length > 1) tubes.push({ points, mu: vesselMu, hu: 40 });
  if (points.length <= steps || depth > 11) return;

  const share = between(random, 0.42, 0.82);
  for (const part of [share, 1 - share]) {
    const next = radius * 0.88 * Math.cbrt(part) * 1.04;
    if (next < 0.28) continue;
    // The thinner branch turns further aside.
    const turn = 0.24 + 0.5 * (1 - part);
    const aside = unit({ x: gaussian(random), y: gaussian(random), z: gaussian(random) });
    const towards = unit({ x: heading.x + aside.x * turn, y: heading.y + aside.y * turn, z: heading.z + aside.z * turn * 0.55 });
    grow(tubes, lung, at, towards, next, between(random, 7, 13) + next * 3.2, random, depth + 1);
  }
}

/** The windpipe and the two main bronchi: air in the tissue of the mediastinum. */
export function airways(anatomy: Anatomy): readonly Tube[] {
  const shift = between(textSeeded(`airways ${anatomy.seed}`), -2, 3);
  const tube = (...points: readonly (readonly [x: number, y: number, z: number, radius: number])[]): Tube => ({
    points: points.map(([x, y, z, radius]) => ({ x: x - shift * Math.min(1, (y + 230) / 150), y, z, radius })),
    mu: -mu.tissue * 0.92,
    hu: -1000,
  });
  return [
    tube([0, -260, 5, 8.5], [0, -170, 14, 8.5], [-1, -100, 24, 8.8], [-2, -52, 30, 8.5]),
    tube([-4, -52, 30, 7], [-20, -32, 28, 7], [-32, -18, 24, 6]),
    tube([2, -52, 30, 6.5], [20, -38, 28, 6], [44, -24, 24, 5.5]),
  ];
}

/** Bronchi beside the larger arteries show as fine dark lines; their walls give the markings of the inner lung. */
export function inside(lung: LungShape, { x, y, z }: Point, margin = 0.96): boolean {
  const slice = lung.at(y);
  if (!slice) return false;
  const across = Math.abs(x - slice.cx) / slice.a,
    through = Math.abs(z - slice.cz) / slice.b;
  if (Math.pow(across, slice.p) + Math.pow(through, slice.p) > margin) return false;
  // Above the dome, which falls off towards the wall.
  const dx = (x - lung.side * 66) / 70,
    dz = (z + 14) / 88;
  return y < lung.domeY + 46 * Math.pow(dx * dx + dz * dz, 0.9);
}

function unit({ x, y, z }: Point): Point {
  const length = Math.hypot(x, y, z) || 1;
  return { x: x / length, y: y / length, z: z / length };
}
