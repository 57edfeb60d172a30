import { mu, type Anatomy } from './anatomy.js';
import { between, textSeeded } from '../lib/seeded-random.js';
import type { Solid } from './slices.js';
import type { Point, Tube } from './tubes.js';

const bone = { mu: mu.cortex, core: { mu: mu.marrow, wallMm: 1.1 }, hu: 750, coreHu: 220 } as const;

/** Level of the head of each rib, and how far the rib falls on its way to the front, how far round it reaches (of π). */
const ribs = [
  [-158, 34, 0.86],
  [-139, 56, 0.84],
  [-117, 78, 0.82],
  [-93, 92, 0.8],
  [-68, 102, 0.78],
  [-43, 110, 0.76],
  [-17, 114, 0.73],
  [9, 112, 0.7],
  [35, 102, 0.66],
  [61, 86, 0.6],
  [87, 58, 0.5],
  [112, 34, 0.36],
] as const;

/** Ribs, clavicles, shoulder blades, upper arms, and the parts of the vertebrae that are not their bodies. */
export function skeleton(anatomy: Anatomy): readonly Tube[] {
  const random = textSeeded(`skeleton ${anatomy.seed}`);
  const slender = anatomy.sex === 'F' ? 0.9 : 1;
  const tubes: Tube[] = [];
  for (const side of [-1, 1] as const) {
    const slope = between(random, 0.9, 1.12);
    ribs.forEach(([y, drop, reach], index) =>
      tubes.push(rib(anatomy, side, y, drop * slope, reach, (index === 0 ? 5.2 : index > 9 ? 4.6 : 6.2) * slender)),
    );
    tubes.push(...shoulder(side, between(random, -4, 4), slender));
  }
  for (const y of vertebrae) tubes.push(...arch(y));
  return tubes;
}

function rib(anatomy: Anatomy, side: -1 | 1, y0: number, drop: number, reach: number, radius: number): Tube {
  const points: (Point & { radius: number })[] = [];
  for (let step = 0; step <= 90; step++) {
    const part = step / 90,
      angle = Math.PI * (0.13 + (reach - 0.13) * part);
    const round = angle / Math.PI;
    // Nearly level behind, steeper in front.
    const y = y0 + drop * (0.55 * round + 0.6 * round * round);
    const { width, depth, middle } = anatomy.cage;
    // A superellipse just outside the lungs.
    const rounded = (part: number) => Math.sign(part) * Math.abs(part) ** 0.84;
    const x = side * (width(y) - 1.5) * rounded(Math.sin(angle)),
      z = middle(y) + (depth(y) + 3) * rounded(Math.cos(angle));
    points.push({ x, y, z, radius: radius * (part < 0.06 ? 0.75 + part * 4 : part > 0.9 ? 1 + (part - 0.9) * 1.5 : 1) });
  }
  return { ...bone, points, flatness: 0.55 };
}

function shoulder(side: -1 | 1, raised: number, slender: number): readonly Tube[] {
  const line = (radius: number, ...points: readonly (readonly [number, number, number, number?])[]) =>
    points.map(([x, y, z, factor = 1]) => ({ x: side * x, y: y + raised, z, radius: radius * slender * factor }));
  const clavicle = line(
    5.8,
    [17, -117, -66, 1.5],
    [26, -119, -68, 1.2],
    [48, -126, -66],
    [72, -132, -52, 0.95],
    [98, -137, -32],
    [122, -142, -16, 1.1],
    [140, -143, -8, 1.2],
  );
  const border = line(3.6, [146, -118, 22, 2], [140, -96, 40, 1.4], [134, -66, 56], [128, -34, 66], [124, -10, 70, 1.2]);
  const inner = line(2, [124, -10, 70], [113, -50, 76], [108, -90, 76], [104, -122, 72]);
  const spine = line(4, [104, -118, 78, 0.6], [126, -132, 62], [146, -144, 36, 1.2], [156, -144, 12, 1.5]);
  const blade: Tube[] = [];
  for (let part = 0.08; part < 0.95; part += 0.06) {
    const y = -120 + 110 * part;
    blade.push({
      points: line(3.6, [106 + 16 * part, y, 75], [143 - 19 * part, y + 2, 32 + 38 * part]),
      flatness: 1.8,
      mu: mu.cortex * 0.11,
      hu: 200,
    });
  }
  return [
    { ...bone, points: clavicle },
    { ...bone, points: border, flatness: 0.8 },
    { ...bone, points: inner },
    { ...bone, points: spine },
    { ...bone, points: line(5, [138, -122, -8, 1.3], [128, -124, -26], [124, -119, -32]) },
    ...blade,
    {
      ...bone,
      core: { mu: mu.marrow, wallMm: 1.6 },
      points: line(
        11,
        [165, -128, 8, 1.6],
        [166, -118, 8, 2.2],
        [170, -104, 8, 1.9],
        [176, -84, 8, 1.2],
        [190, -40, 8],
        [215, 30, 8],
        [240, 100, 8],
      ),
    },
  ];
}

/** Middles of the bodies C6 to L2. */
const vertebrae = Array.from({ length: 17 }, (_, index) => -205 + index * 18.6 + index * index * 0.44);

/** Pedicles, seen end on as rings; transverse and spinous processes. */
function arch(y: number): readonly Tube[] {
  const tubes: Tube[] = [
    {
      ...bone,
      mu: mu.cortex * 0.6,
      core: { mu: mu.marrow * 0.8, wallMm: 0.8 },
      points: [
        { x: 0, y: y + 2, z: 84, radius: 3.5 },
        { x: 0.5, y: y + 16, z: 98, radius: 3 },
      ],
    },
  ];
  for (const side of [-1, 1]) {
    tubes.push({
      ...bone,
      mu: mu.cortex * 0.45,
      core: { mu: mu.marrow * 0.7, wallMm: 1.4 },
      points: [
        { x: side * 11, y: y - 4, z: 64, radius: 4.2 },
        { x: side * 11.5, y: y - 4, z: 76, radius: 4.2 },
      ],
    });
    tubes.push({
      ...bone,
      mu: mu.cortex * 0.6,
      core: { mu: mu.marrow, wallMm: 0.9 },
      points: [
        { x: side * 12, y: y - 3, z: 74, radius: 3.8 },
        { x: side * 27, y: y - 7, z: 84, radius: 3 },
      ],
    });
  }
  return tubes;
}

/** Vertebral bodies with their end plates, and the sternum: they count on top of the soft tissue. */
export function boneSolids(): readonly Solid[] {
  const bodies = vertebrae.flatMap((y, index): Solid[] => {
    const half = 8.2 + index * 0.33,
      side = 14.5 + index * 0.38;
    const solid = (from: number, to: number, attenuation: number, hu: number, larger: number): Solid => ({
      mu: attenuation,
      hu,
      at: (at) => (at < from || at > to ? undefined : waist(at - y, half, side + larger)),
    });
    return [
      solid(y - half, y + half, 0.0048, 230, 0),
      solid(y - half, y - half + 1.3, 0.0065, 500, 0.4),
      solid(y + half - 1.3, y + half, 0.0065, 500, 0.4),
    ];
  });
  const sternum: Solid = {
    mu: 0.007,
    hu: 220,
    at: (y) =>
      y < -112 || y > 45
        ? undefined
        : { cx: 0, cz: y < -70 ? -72 - (y + 112) * 0.35 : -87 - (y + 70) * 0.12, a: y < -70 ? 27 - (y + 112) * 0.3 : 14, b: 5.5, p: 2.6 },
  };
  return [...bodies, sternum];
}

const waist = (from: number, half: number, side: number) => {
  const part = from / half;
  return { cx: 0, cz: 58, a: side - 2.6 * (1 - part * part), b: 14, p: 2.3 };
};
