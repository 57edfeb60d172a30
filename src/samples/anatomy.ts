import { curve, type Curve } from './curve.js';
import { between, textSeeded } from '../lib/seeded-random.js';
import type { Slice, Solid } from './slices.js';

/** Attenuation per millimetre at about 70 keV. */
export const mu = { tissue: 0.0195, blood: 0.0203, lung: 0.0044, cortex: 0.036, marrow: 0.0085, air: 0 } as const;

export interface AnatomyOptions {
  readonly seed: string;
  readonly sex: 'F' | 'M';
}

/** The soft parts of one person, and what the skeleton and the vessels are fitted to. */
export interface Anatomy {
  readonly seed: string;
  readonly sex: 'F' | 'M';
  /** Overlapping solids, the later ones counting. */
  readonly layers: readonly Solid[];
  /** Indices of the lungs in `layers`. */
  readonly lungLayers: readonly number[];
  /** Solids that count on top of the layers. */
  readonly added: readonly Solid[];
  readonly right: LungShape;
  readonly left: LungShape;
  /** Half width and half depth of the rib cage at height y, and the middle of its depth. */
  readonly cage: { readonly width: Curve; readonly depth: Curve; readonly middle: Curve };
}

export interface LungShape {
  /** −1 the right lung (left in the picture), 1 the left one. */
  readonly side: -1 | 1;
  readonly at: (y: number) => Slice | undefined;
  /** Summit of the dome of the diaphragm. */
  readonly domeY: number;
}

/**
 * An average adult in full inspiration, varied by the seed: heights in millimetres from the middle of the picture (about T7) down.
 * The outlines are those of an anatomical atlas by eye; nobody's images went into them.
 */
export function makeAnatomy({ seed, sex }: AnatomyOptions): Anatomy {
  const random = textSeeded(`anatomy ${seed}`);
  const wide = between(random, 0.94, 1.05) * (sex === 'F' ? 0.94 : 1),
    deep = between(random, 0.92, 1.08) * (sex === 'F' ? 0.93 : 1);
  const heart = between(random, 0.93, 1.1),
    inspiration = between(random, -8, 8),
    stout = between(random, 0.96, 1.06);
  const tall = between(random, 0.97, 1.03);

  const width = curve(
    [-165, 52],
    [-163, 57],
    [-159, 64],
    [-152, 74],
    [-143, 83],
    [-130, 93],
    [-105, 108],
    [-70, 121],
    [-30, 131],
    [20, 137],
    [70, 140],
    [120, 140],
    [160, 136],
    [213, 128],
  );
  const depth = curve([-162, 6], [-150, 30], [-130, 50], [-100, 68], [-60, 84], [-10, 95], [50, 101], [120, 102], [213, 96]);
  const middle = curve([-160, 22], [-100, 10], [0, 2], [120, 2]);
  const cage = { width: (y: number) => wide * width(y / tall), depth: (y: number) => deep * depth(y / tall), middle };

  const medial = curve([-163, 50], [-160, 42], [-155, 35], [-146, 28], [-130, 22], [-100, 18], [-60, 15], [0, 14], [80, 16], [180, 18]);
  const lung = (side: -1 | 1, domeY: number): LungShape => ({
    side,
    domeY,
    at: (y) => {
      if (y / tall < -163 || y > 190) return undefined;
      const outer = cage.width(y) - 4,
        inner = medial(y / tall);
      return outer > inner
        ? { cx: (side * (outer + inner)) / 2, cz: middle(y), a: (outer - inner) / 2, b: cage.depth(y) - 5, p: 2.35 }
        : undefined;
    },
  });
  const right = lung(-1, 88 + inspiration),
    left = lung(1, 101 + inspiration);

  const layers: Solid[] = [];
  const layer = (hu: number, attenuation: number, at: Solid['at']) => layers.push({ mu: attenuation, hu, at });
  trunk(layer, wide * stout, deep * stout);
  const lungsFrom = layers.length;
  layer(-860, mu.lung, right.at);
  layer(-860, mu.lung, left.at);
  mediastinum(layer, wide, deep, tall);
  heartSolid(layer, wide, deep, heart, inspiration);
  abdomen(layer, right, left, deep);
  return {
    seed,
    sex,
    layers,
    lungLayers: [lungsFrom, lungsFrom + 1],
    added: sex === 'F' ? breasts(between(random, 0.85, 1.15)) : [],
    right,
    left,
    cage,
  };
}

type AddLayer = (hu: number, attenuation: number, at: Solid['at']) => void;

/** Outline of neck, trunk, shoulders and upper arms. The arms are held away from the chest: axillary air shows. */
function trunk(layer: AddLayer, wide: number, deep: number): void {
  const width = curve(
    [-300, 60],
    [-200, 62],
    [-186, 70],
    [-172, 92],
    [-158, 122],
    [-140, 148],
    [-110, 160],
    [-60, 160],
    [0, 157],
    [80, 154],
    [160, 152],
    [300, 156],
  );
  const depth = curve([-300, 50], [-195, 54], [-170, 66], [-130, 92], [-60, 112], [40, 118], [300, 116]);
  layer(30, mu.tissue, (y) => ({ cx: 0, cz: 0, a: wide * width(y), b: deep * depth(y), p: 2.5 }));
  const shoulder = curve([-168, 0], [-160, 30], [-140, 46], [-110, 52], [-70, 47], [-20, 43], [60, 40], [200, 36]);
  for (const side of [-1, 1]) {
    layer(30, mu.tissue, (y) =>
      y < -167
        ? undefined
        : { cx: side * (158 * wide + Math.max(0, y + 115) * 0.42), cz: 6, a: shoulder(y), b: shoulder(y) * 1.05, p: 2.1 },
    );
  }
}

function mediastinum(layer: AddLayer, wide: number, deep: number, tall: number): void {
  const right = curve([-180, 20], [-140, 22], [-110, 25], [-75, 26], [-62, 29], [-48, 27], [-30, 30], [-8, 28], [20, 22], [110, 17]);
  const left = curve(
    [-180, 20],
    [-130, 21],
    [-108, 24],
    [-98, 31],
    [-84, 37],
    [-72, 35],
    [-62, 31],
    [-48, 33],
    [-30, 38],
    [-12, 36],
    [20, 26],
    [60, 20],
    [110, 17],
  );
  layer(40, mu.tissue, (y) => {
    const r = right(y / tall) * wide,
      l = left(y / tall) * wide;
    return y > 150 ? undefined : { cx: (l - r) / 2, cz: 12, a: (l + r) / 2, b: 52 * deep, p: 1.9 };
  });
  // Descending aorta beside the spine.
  layer(45, mu.blood, (y) =>
    y < -90 ? undefined : { cx: 26 - Math.max(0, y) * 0.08, cz: 52, a: 12.5 * Math.sqrt(Math.min(1, (y + 90) / 26)), b: 12.5, p: 2 },
  );
}

function heartSolid(layer: AddLayer, wide: number, deep: number, size: number, inspiration: number): void {
  const right = curve([-45, 10], [-25, 22], [0, 31], [35, 38], [65, 39], [95, 32], [118, 14]);
  const left = curve([-45, 14], [-28, 33], [-5, 41], [25, 57], [55, 76], [75, 83], [92, 81], [108, 66], [118, 40]);
  const depth = curve([-45, 18], [0, 44], [50, 52], [90, 45], [118, 20]);
  layer(42, mu.blood, (y) => {
    const at = y - inspiration * 0.7;
    if (at < -45 || at > 118) return undefined;
    const r = right(at) * wide * size,
      l = left(at) * wide * size;
    return { cx: (l - r) / 2, cz: -26, a: (l + r) / 2, b: depth(at) * deep, p: 2.1 };
  });
}

/** Below the domes: an elliptic paraboloid each, highest in front of the middle, so that the sulcus behind lies deeper. */
function abdomen(layer: AddLayer, right: LungShape, left: LungShape, deep: number): void {
  for (const { side, domeY } of [right, left]) {
    layer(55, mu.tissue, (y) => {
      const below = y - domeY;
      if (below <= 0) return undefined;
      // Steeper at the wall: half axes grow quickly at the summit and slowly at the rim.
      const grown = Math.pow(below / 46, 0.4);
      return { cx: side * 66, cz: -14, a: 70 * grown, b: 88 * deep * Math.pow(below / 62, 0.45), p: 2.2 };
    });
  }
  // Gas in the stomach, with its level of fluid.
  const top = left.domeY + 13,
    level = top + 21;
  layer(-990, mu.air, (y) => {
    if (y < top || y > level) return undefined;
    const part = 1 - Math.pow((level - y) / (level - top), 2.4);
    return { cx: 62, cz: -25, a: 4 + 24 * Math.sqrt(part), b: 4 + 15 * Math.sqrt(part), p: 2 };
  });
}

function breasts(size: number): readonly Solid[] {
  return [-1, 1].map((side) => ({
    mu: mu.tissue * 0.9,
    hu: -40,
    at: (y) => {
      const part = y < 55 ? (55 - y) / (120 * size) : (y - 55) / (42 * size);
      if (part >= 1) return undefined;
      const round = Math.sqrt(1 - part * part);
      return { cx: side * 78, cz: -105, a: 62 * size * round, b: 15 * size * round, p: 2 };
    },
  }));
}
