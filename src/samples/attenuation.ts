import { makeAnatomy, mu, type AnatomyOptions } from './anatomy.js';
import { makeGrid, resized, type Grid } from './grid.js';
import { opacityOf, type Cloud, type Opacity } from './opacity.js';
import { textSeeded } from '../lib/seeded-random.js';
import { boneSolids, skeleton } from './skeleton.js';
import { magnification, projectSolids, type View } from './slices.js';
import { texture } from './texture.js';
import { projectTubes } from './tubes.js';
import { airways, vessels } from './vessels.js';

/**
 * ∫ μ of a chest along each ray, dimensionless: what the detector sees is its exponential.
 * Soft parts are computed at half the resolution, which is finer than they are; bones and vessels at the full one.
 */
export function chestAttenuation(
  person: AnatomyOptions,
  view: View,
  opacities: readonly Opacity[],
  size: { readonly width: number; readonly height: number; readonly fieldMm: number },
): Grid {
  const { width, height, fieldMm } = size;
  const anatomy = makeAnatomy(person);
  const mm = fieldMm / width;
  const centre = view === 'frontal' ? { x: 0, y: 4 } : { x: 0, y: 10 };
  const coarse = makeGrid(Math.ceil(width / 2), Math.ceil(height / 2), fieldMm / Math.ceil(width / 2), centre);
  const lungs: Grid = { ...coarse, values: new Float32Array(coarse.values.length) };
  // In the lateral view the arms are raised: shoulders and arms are the two layers after the trunk.
  const layers =
    view === 'frontal'
      ? anatomy.layers
      : anatomy.layers.map((solid, index) => (index === 1 || index === 2 ? { ...solid, at: () => undefined } : solid));
  projectSolids(coarse, view, layers, [...anatomy.added, ...boneSolids()], anatomy.lungLayers, lungs.values);

  const grid = resized(coarse, width, height);
  const lungMm = resized(lungs, width, height).values;
  const bones = skeleton(anatomy);
  projectTubes(grid, view, view === 'frontal' ? bones : bones.filter((tube) => Math.abs(tube.points.at(-1)!.x) < 150));
  const random = textSeeded(`texture ${person.seed} ${view}`);
  const markings = makeGrid(width, height, mm, centre);
  projectTubes(markings, view, [...vessels(anatomy), ...airways(anatomy)]);
  const made = opacities.map((opacity, index) => opacityOf(anatomy, opacity, index));
  projectTubes(
    markings,
    view,
    made.flatMap((one) => one.airways),
  );
  addClouds(
    markings,
    view,
    made.flatMap((one) => one.clouds),
  );

  const fine = texture(
    width,
    height,
    mm,
    [
      [14, 0.5],
      [6, 0.8],
      [2.6, 1],
      [1.2, 0.7],
    ],
    random,
  );
  const soft = texture(
    width,
    height,
    mm,
    [
      [40, 1],
      [18, 0.7],
      [7, 0.5],
    ],
    random,
  );
  for (let index = 0; index < grid.values.length; index++) {
    const lung = lungMm[index]!;
    grid.values[index]! += markings.values[index]! + lung * mu.lung * 0.05 * fine[index]!;
    // Muscle and fat are not even either.
    if (grid.values[index]! > 0.05) grid.values[index]! += 0.035 * soft[index]!;
  }
  return grid;
}

function addClouds(grid: Grid, view: View, clouds: readonly Cloud[]): void {
  for (const cloud of clouds) {
    const enlarged = magnification(view === 'frontal' ? cloud.z : cloud.x);
    const u = ((view === 'frontal' ? cloud.x : cloud.z) * enlarged - grid.left) / grid.mmPerPixel;
    const v = (cloud.y * enlarged - grid.top) / grid.mmPerPixel;
    const radius = (cloud.radius * enlarged) / grid.mmPerPixel,
      reach = 2.4 * radius;
    for (let y = Math.max(0, Math.ceil(v - reach)); y <= Math.min(grid.height - 1, v + reach); y++) {
      for (let x = Math.max(0, Math.ceil(u - reach)); x <= Math.min(grid.width - 1, u + reach); x++) {
        const distance = ((x - u) ** 2 + (y - v) ** 2) / (radius * radius);
        if (distance < 5.76) grid.values[y * grid.width + x]! += cloud.mu * cloud.radius * 1.77 * Math.exp(-distance);
      }
    }
  }
}
