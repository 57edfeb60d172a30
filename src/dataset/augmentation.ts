import type { Draws } from './random.js';

/** How far pictures are changed in training; fastai's `get_transforms`, without the flip that mirrors the heart. */
export interface AugmentationSettings {
  /** Probability of a horizontal flip; fastai has 0.5. A mirrored heart is a disease of its own. */
  readonly flip: number;
  /** Largest shift of a corner pair, in half picture widths. */
  readonly maxWarp: number;
  /** Degrees. */
  readonly maxRotate: number;
  /** 1 is no zoom. */
  readonly maxZoom: number;
  /** Brightness between 0.5 ∓ half of this, contrast between 1 − this and its inverse. */
  readonly maxLighting: number;
  /** Probability of each of warp, rotation and zoom. */
  readonly pAffine: number;
  /** Probability of each of brightness and contrast. */
  readonly pLighting: number;
}

export const fastaiTransforms: AugmentationSettings = { flip: 0, maxWarp: 0.2, maxRotate: 10, maxZoom: 1.1, maxLighting: 0.2, pAffine: 0.75, pLighting: 0.75 };

/** As validation sees it. */
export const noTransforms: AugmentationSettings = { flip: 0, maxWarp: 0, maxRotate: 0, maxZoom: 1, maxLighting: 0, pAffine: 0, pLighting: 0 };

/** What is done to one picture; what is left out is not done. */
export interface Augmentation {
  /** Corner shifts of fastai's symmetric_warp, in half picture sizes. */
  readonly warp?: readonly [number, number, number, number];
  /** Degrees. */
  readonly rotate?: number;
  readonly zoom?: { readonly scale: number; readonly row: number; readonly column: number };
  /** 0 to 1; 0.5 changes nothing. */
  readonly brightness?: number;
  /** Factor; 1 changes nothing. */
  readonly contrast?: number;
  readonly flip?: boolean;
}

/**
 * Draws as fastai's RandTransform does: each transform happens with its probability, its values are uniform (those of contrast
 * uniform in the logarithm). Always the same number of draws, so that one setting does not change what another draws.
 */
export function drawAugmentation(settings: AugmentationSettings, draws: Draws): Augmentation {
  const { flip, maxWarp, maxRotate, maxZoom, maxLighting, pAffine, pLighting } = settings;
  const flipped = draws.next() < flip;
  const warp = [0, 1, 2, 3].map(() => draws.uniform(-maxWarp, maxWarp)) as [number, number, number, number];
  const warps = draws.next() < pAffine && maxWarp > 0;
  const rotate = draws.uniform(-maxRotate, maxRotate);
  const rotates = draws.next() < pAffine && maxRotate > 0;
  const zoom = { scale: draws.uniform(1, maxZoom), row: draws.next(), column: draws.next() };
  const zooms = draws.next() < pAffine && maxZoom > 1;
  const brightness = draws.uniform(0.5 * (1 - maxLighting), 0.5 * (1 + maxLighting));
  const brightens = draws.next() < pLighting && maxLighting > 0;
  const contrast = Math.exp(draws.uniform(Math.log(1 - maxLighting), -Math.log(1 - maxLighting)));
  const contrasts = draws.next() < pLighting && maxLighting > 0;
  return {
    ...(flipped ? { flip: true } : {}),
    ...(warps ? { warp } : {}),
    ...(rotates ? { rotate } : {}),
    ...(zooms ? { zoom } : {}),
    ...(brightens ? { brightness } : {}),
    ...(contrasts ? { contrast } : {}),
  };
}
