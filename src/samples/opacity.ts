import type { Anatomy } from './anatomy.js';
import { between, gaussian, textSeeded } from '../lib/seeded-random.js';
import type { Tube } from './tubes.js';
import { inside } from './vessels.js';

/** A made disease: where in the lungs, how dense, how large. */
export interface Opacity {
  /** The patient's side: the right lung is on the left of the picture. */
  readonly side: 'right' | 'left';
  readonly zone: 'upper' | 'middle' | 'lower';
  readonly kind: 'consolidation' | 'ground-glass';
  readonly radiusMm?: number;
}

/** One small cloud of fluid in the air spaces. */
export interface Cloud {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly radius: number;
  /** Per millimetre, in its middle. */
  readonly mu: number;
  readonly hu: number;
}

/**
 * An opacity as many overlapping clouds, dense in the middle and ragged at the rim; bronchi stay open in a consolidation.
 * Ground glass is thinner, wider and patchy.
 */
export function opacityOf(
  anatomy: Anatomy,
  opacity: Opacity,
  index: number,
): { readonly clouds: readonly Cloud[]; readonly airways: readonly Tube[] } {
  const random = textSeeded(`opacity ${anatomy.seed} ${index}`);
  const lung = opacity.side === 'right' ? anatomy.right : anatomy.left;
  const middle = { upper: -92, middle: -18, lower: 52 }[opacity.zone] + between(random, -8, 8);
  const slice = lung.at(middle)!;
  const centre = {
    x: slice.cx + lung.side * between(random, -0.05, 0.3) * slice.a,
    y: middle,
    z: slice.cz + between(random, -0.3, 0.35) * slice.b,
  };
  const solid = opacity.kind === 'consolidation';
  const reach = opacity.radiusMm ?? (solid ? 36 : 46);
  const clouds: Cloud[] = [];
  const wanted = solid ? 150 : 90;
  for (let tries = 0; clouds.length < wanted && tries < 4000; tries++) {
    const point = {
      x: centre.x + gaussian(random) * reach * 0.55,
      y: centre.y + gaussian(random) * reach * 0.5,
      z: centre.z + gaussian(random) * reach * 0.5,
    };
    if (!inside(lung, point, 0.9)) continue;
    const radius = between(random, solid ? 6 : 7, solid ? 13 : 15);
    clouds.push({ ...point, radius, mu: solid ? 0.0078 : 0.0026, hu: solid ? 260 : 110 });
  }
  const airways = solid
    ? Array.from({ length: 3 }, (): Tube => {
        const end = { x: centre.x + lung.side * between(random, -10, 22), y: centre.y + between(random, -16, 22), z: centre.z };
        return {
          points: [
            { x: lung.side * 40, y: (centre.y - 15) / 2, z: centre.z, radius: 2.4 },
            { ...end, radius: 1.2 },
          ],
          mu: -0.011,
          hu: -900,
        };
      })
    : [];
  return { clouds, airways };
}
