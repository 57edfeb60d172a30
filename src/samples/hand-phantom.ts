import { mu } from './anatomy.js';
import type { StoredPixels } from './chest-phantom.js';
import { expose } from './detector.js';
import { blurred, makeGrid } from './grid.js';
import { between, textSeeded } from '../lib/seeded-random.js';
import { magnification } from './slices.js';
import { projectTubes, type Tube } from './tubes.js';

interface Knuckle {
  readonly x: number;
  readonly y: number;
}

/** Base and head of the metacarpal, direction of the finger in degrees from straight up, lengths of its phalanges; millimetres. */
const fingers = [
  { base: { x: -17, y: 42 }, head: { x: -46, y: 12 }, lean: -38, lengths: [32, 24], radius: 6 },
  { base: { x: -11, y: 38 }, head: { x: -25, y: -26 }, lean: -9, lengths: [41, 24, 18], radius: 5.4 },
  { base: { x: 0, y: 36 }, head: { x: -4, y: -32 }, lean: -2, lengths: [45, 29, 19], radius: 5.6 },
  { base: { x: 10, y: 38 }, head: { x: 16, y: -24 }, lean: 6, lengths: [41, 28, 19], radius: 5.2 },
  { base: { x: 19, y: 41 }, head: { x: 35, y: -12 }, lean: 17, lengths: [33, 20, 17], radius: 4.6 },
] as const;

/** A synthetic radiograph of a right hand: an X-ray that is no chest. */
export function handPhantom({
  seed,
  rows,
  columns,
}: {
  readonly seed: string;
  readonly rows: number;
  readonly columns: number;
}): StoredPixels {
  const random = textSeeded(`hand ${seed}`);
  const width = Math.min(columns, 800),
    height = Math.round((rows * width) / columns);
  const fieldMm = Math.max(224, (285 * columns) / rows);
  const grid = makeGrid(width, height, fieldMm / width, { x: -4, y: -18 });
  const bones: Tube[] = [],
    flesh: { from: Knuckle; to: Knuckle; radius: number }[] = [];
  const bone = (from: Knuckle, to: Knuckle, radius: number) => bones.push(longBone(from, to, radius));

  for (const { base, head, lean, lengths, radius } of fingers) {
    bone(base, head, radius * 1.1);
    let at: Knuckle = head,
      angle = ((lean + between(random, -3, 3)) * Math.PI) / 180;
    lengths.forEach((length, index) => {
      const gap = 1.6,
        thin = radius * (0.98 - 0.14 * index);
      const step = (by: number) => ({ x: at.x + Math.sin(angle) * by, y: at.y - Math.cos(angle) * by });
      bone(step(gap), step(length), thin);
      flesh.push({ from: at, to: step(length + (index === lengths.length - 1 ? 3 : 0)), radius: radius * 1.75 - index * 0.7 });
      at = step(length + gap);
      angle *= 1.04;
    });
    flesh.push({ from: base, to: head, radius: 15 });
  }
  for (const [x, y, size] of [
    [-13, 50, 6.5],
    [-3, 47, 7],
    [7, 49, 8],
    [17, 52, 7],
    [-12, 61, 8],
    [2, 60, 8],
    [13, 63, 6],
    [19, 60, 4.5],
  ] as const) {
    bones.push({
      ...material,
      points: [
        { x, y, z: -1, radius: size },
        { x, y, z: 1, radius: size },
      ],
      mu: material.mu * 2.6,
      core: { mu: material.core.mu * 5.4, wallMm: 1.2 },
    });
  }
  bone({ x: -6, y: 70 }, { x: -8, y: 240 }, 10.5);
  bone({ x: 20, y: 72 }, { x: 18, y: 240 }, 6.5);
  flesh.push({ from: { x: 4, y: 45 }, to: { x: 5, y: 240 }, radius: 27 });

  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at++) {
      const x = (grid.left + column * grid.mmPerPixel) / magnification(0),
        y = (grid.top + row * grid.mmPerPixel) / magnification(0);
      let thick = 0;
      for (const { from, to, radius } of flesh) thick = Math.max(thick, chord(x, y, from, to, radius));
      grid.values[at] = thick * mu.tissue;
    }
  }
  const soft = blurred(grid, 1.2);
  projectTubes(soft, 'frontal', bones);
  const values = expose(soft, {
    rows,
    columns,
    bitsStored: 12,
    photometricInterpretation: 'MONOCHROME2',
    seed,
    middle: 0.75,
    latitude: 0.26,
    quanta: 30_000,
  });
  return { rows, columns, bitsStored: 12, photometricInterpretation: 'MONOCHROME2', mmPerPixel: fieldMm / columns, values };
}

const material = { mu: mu.cortex * 1.25, core: { mu: mu.marrow * 1.4, wallMm: 1.3 }, hu: 900 } as const;

/** Wide at the joints, slender between them. */
function longBone(from: Knuckle, to: Knuckle, radius: number): Tube {
  const points = Array.from({ length: 25 }, (_, index) => {
    const part = index / 24,
      end = Math.abs(2 * part - 1);
    return {
      x: from.x + (to.x - from.x) * part,
      y: from.y + (to.y - from.y) * part,
      z: 0,
      radius: radius * (0.68 + 0.42 * end ** 4 - 0.1 * end ** 24),
    };
  });
  return { ...material, points };
}

function chord(x: number, y: number, from: Knuckle, to: Knuckle, radius: number): number {
  const dx = to.x - from.x,
    dy = to.y - from.y;
  const part = Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy)));
  const squared = radius * radius - (x - from.x - part * dx) ** 2 - (y - from.y - part * dy) ** 2;
  return squared > 0 ? 1.6 * Math.sqrt(squared) : 0;
}
