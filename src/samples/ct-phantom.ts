import { makeAnatomy, type Anatomy, type AnatomyOptions } from './anatomy.js';
import { makeGrid, resized } from './grid.js';
import { opacityOf, type Opacity } from './opacity.js';
import { gaussian, textSeeded } from '../lib/seeded-random.js';
import { boneSolids, skeleton } from './skeleton.js';
import type { Slice, Solid } from './slices.js';
import { texture } from './texture.js';
import { piecesOf, type Point, type Tube } from './tubes.js';
import { airways, vessels } from './vessels.js';

export interface CtPhantomOptions extends AnatomyOptions {
  readonly slices: number;
  readonly size: number;
  readonly opacities?: readonly Opacity[];
}

export interface PhantomSlice {
  /** Millimetres towards the head, as in Image Position (Patient). */
  readonly position: number;
  /** Row-major, Hounsfield units. Rows go to the back, columns to the patient's left. */
  readonly hu: Int16Array;
}

export interface CtPhantom {
  readonly size: number;
  readonly mmPerPixel: number;
  readonly sliceDistanceMm: number;
  /** From the apices of the lungs down. */
  readonly slices: readonly PhantomSlice[];
}

const fieldMm = 350,
  top = -150,
  bottom = 150;

/** An axial chest CT of the same person whose radiograph `chestPhantom` takes: the same solids, cut instead of shone through. Arms raised. */
export function ctPhantom(options: CtPhantomOptions): CtPhantom {
  const { slices: count, size } = options;
  const anatomy = makeAnatomy(options);
  const distance = (bottom - top) / count,
    mmPerPixel = fieldMm / size;
  const layers = anatomy.layers.filter((_, index) => index !== 1 && index !== 2);
  const tubes = [...airways(anatomy), ...vessels(anatomy), ...skeleton(anatomy).filter((tube) => Math.abs(tube.points.at(-1)!.x) < 150)];
  const made = (options.opacities ?? []).map((opacity, index) => opacityOf(anatomy, opacity, index));
  const painted = sortedPieces([...tubes, ...made.flatMap((one) => one.airways)], distance, count);
  const slices = Array.from({ length: count }, (_, index): PhantomSlice => {
    const y = top + (index + 0.5) * distance;
    const picture = resized(softParts(layers, anatomy, y, Math.ceil(size / 2)), size, size).values;
    const random = textSeeded(`ct ${options.seed} ${index}`);
    for (const { clouds } of made) addClouds(picture, clouds, y, size);
    paintTubes(picture, painted[index]!, y, size);
    return { position: -y, hu: withNoise(picture, size, random) };
  });
  return { size, mmPerPixel, sliceDistanceMm: distance, slices };
}

/** The last solid that holds a point gives its value; the outermost centimetre of the trunk is fat. */
function softParts(layers: readonly Solid[], anatomy: Anatomy, y: number, size: number) {
  const grid = makeGrid(size, size, fieldMm / size);
  const cuts = layers.flatMap((solid, index) => {
    const slice = solid.at(y);
    return slice ? [{ slice, hu: solid.hu, trunk: index === 0 }] : [];
  });
  const added = [...anatomy.added, ...boneSolids()].flatMap((solid) => {
    const slice = solid.at(y);
    return slice ? [{ slice, hu: solid.hu }] : [];
  });
  const uneven = texture(
    size,
    size,
    grid.mmPerPixel,
    [
      [9, 1],
      [4, 0.6],
    ],
    textSeeded(`tissue ${anatomy.seed} ${Math.round(y)}`),
  );
  for (let row = 0, at = 0; row < size; row++) {
    const z = grid.top + row * grid.mmPerPixel;
    for (let column = 0; column < size; column++, at++) {
      const x = grid.left + column * grid.mmPerPixel;
      let hu = isTable(x, z) ? -300 : -1000;
      for (const cut of cuts) {
        const depth = within(cut.slice, x, z);
        if (depth <= 0) continue;
        const inner = cut.trunk
          ? depth < 0.14 || uneven[at]! > 1.6
            ? -100
            : 45
          : cut.hu + (cut.hu < -900 ? 0 : cut.hu < -500 ? 22 * uneven[at]! + 0.6 * z : 5 * uneven[at]!);
        // At the rim a pixel holds both.
        hu += (inner - hu) * Math.min(1, 0.3 + (depth * Math.min(cut.slice.a, cut.slice.b)) / (2 * cut.slice.p * grid.mmPerPixel));
      }
      for (const bone of added) if (within(bone.slice, x, z) > 0) hu = bone.hu;
      grid.values[at] = hu;
    }
  }
  return grid;
}

/** 1 in the middle, 0 at the rim. */
function within(slice: Slice, x: number, z: number): number {
  const across = Math.abs(x - slice.cx) / slice.a,
    through = Math.abs(z - slice.cz) / slice.b;
  if (!(across < 1 && through < 1)) return 0;
  return 1 - Math.pow(across, slice.p) - Math.pow(through, slice.p);
}

function isTable(x: number, z: number): boolean {
  const distance = z - 138 + (x * x) / 1500;
  return Math.abs(x) < 185 && Math.abs(distance) < 1.5;
}

type Piece = Point & { readonly radius: number; readonly tube: Tube };

/** The pieces of all tubes by the slices that they touch. */
function sortedPieces(tubes: readonly Tube[], distance: number, count: number): readonly (readonly Piece[])[] {
  const sorted: Piece[][] = Array.from({ length: count }, () => []);
  for (const tube of tubes) {
    for (const piece of piecesOf(tube, 1)) {
      const first = Math.max(0, Math.floor((piece.y - piece.radius - top) / distance - 0.5));
      const last = Math.min(count - 1, Math.ceil((piece.y + piece.radius - top) / distance - 0.5));
      for (let index = first; index <= last; index++) sorted[index]!.push({ ...piece, tube });
    }
  }
  return sorted;
}

/** Walls first, cores afterwards: else the next piece's wall would fill this one's core. */
function paintTubes(picture: Float32Array, pieces: readonly Piece[], y: number, size: number): void {
  for (const core of [false, true]) {
    for (const { x, y: level, z, radius, tube } of pieces) {
      if (core && tube.coreHu === undefined) continue;
      const reach = radius - (core ? tube.core!.wallMm : 0);
      const half = Math.sqrt(Math.max(0, reach * reach - (level - y) ** 2)) * (tube.flatness ?? 1);
      if (half > 0) paintDisc(picture, size, x, z, half, core ? tube.coreHu! : tube.hu);
    }
  }
}

function paintDisc(picture: Float32Array, size: number, x: number, z: number, radius: number, hu: number): void {
  const mm = fieldMm / size,
    middle = (size - 1) / 2;
  const cx = x / mm + middle,
    cz = z / mm + middle,
    reach = radius / mm;
  for (let row = Math.max(0, Math.ceil(cz - reach - 1)); row <= Math.min(size - 1, cz + reach + 1); row++) {
    for (let column = Math.max(0, Math.ceil(cx - reach - 1)); column <= Math.min(size - 1, cx + reach + 1); column++) {
      const share = Math.min(1, reach + 0.5 - Math.hypot(column - cx, row - cz)) * Math.min(1, 2 * reach);
      if (share <= 0) continue;
      const at = row * size + column,
        old = picture[at]!;
      // A disc painted over its own neighbour must not grow.
      const mixed = old + (hu - old) * share;
      picture[at] = hu > old ? Math.max(old, mixed) : Math.min(old, mixed);
    }
  }
}

function addClouds(
  picture: Float32Array,
  clouds: readonly { x: number; y: number; z: number; radius: number; hu: number }[],
  y: number,
  size: number,
): void {
  const mm = fieldMm / size,
    middle = (size - 1) / 2;
  for (const cloud of clouds) {
    const near = Math.exp(-((cloud.y - y) ** 2) / cloud.radius ** 2),
      reach = (2 * cloud.radius) / mm;
    if (near < 0.03) continue;
    const cx = cloud.x / mm + middle,
      cz = cloud.z / mm + middle;
    for (let row = Math.max(0, Math.ceil(cz - reach)); row <= Math.min(size - 1, cz + reach); row++) {
      for (let column = Math.max(0, Math.ceil(cx - reach)); column <= Math.min(size - 1, cx + reach); column++) {
        const at = row * size + column;
        const squared = ((column - cx) ** 2 + (row - cz) ** 2) * (mm / cloud.radius) ** 2;
        // Air spaces fill up to water and no further.
        if (picture[at]! > -950 && picture[at]! < 20) picture[at] = Math.min(25, picture[at]! + cloud.hu * near * Math.exp(-squared));
      }
    }
  }
}

function withNoise(picture: Float32Array, size: number, random: () => number): Int16Array {
  const noise = Float32Array.from({ length: 8192 }, () => gaussian(random) * 17);
  const hu = new Int16Array(picture.length);
  for (let row = 0, at = 0; row < size; row++) {
    const from = (random() * 8192) | 0;
    for (let column = 0; column < size; column++, at++) {
      const grain = 0.8 * noise[(from + column) & 8191]! + 0.5 * noise[(from + column + 1) & 8191]!;
      hu[at] = Math.max(-1024, Math.min(3071, Math.round(picture[at]! + grain)));
    }
  }
  return hu;
}
