import { robustTransforms } from '../dataset/augmentation.js';
import { fastaiRecipe, type Recipe, type Stage } from '../training/recipe.js';

/** Of everything that is drawn for the starter: split, first weights, batches, augmentation. */
export const starterSeed = 20200315;

/**
 * How the starter's X-ray network is trained; what was tried instead: docs/reference/starter-experiments.md. Batches are filled by group
 * and evenly by source and view, so that neither view nor hospital tells the sick from the well. Most steps see pictures of three
 * quarters of the side, which cost half.
 *
 * @param epochs of `epochImages` draws each; the last quarter at full size
 */
export function xrayRecipe(epochs: number, side: number, seed: number): Recipe {
  const small = Math.floor((epochs * 3) / 4);
  return {
    ...fastaiRecipe,
    seed,
    batch: 32,
    stages: [
      ...(small > 0 ? [all(small, 2e-3, Math.max(32, Math.round((side * 3) / 4)))] : []),
      all(epochs - small, small > 0 ? 5e-4 : 2e-3),
    ],
    weightDecay: 0.02,
    labelSmoothing: 0.02,
    maxGradientNorm: 5,
    maxDraws: 1,
    epochImages: 1600,
    sampling: {
      evenly: 'source-and-view',
      groups: [
        { name: 'COVID-19', share: 0.12, present: ['covid-19'] },
        { name: 'abnormal AP', share: 0.2, present: ['abnormal'], views: ['AP', 'AP Supine'] },
        { name: 'abnormal', share: 0.26, present: ['abnormal'] },
        { name: 'normal', share: 0.3, absent: ['abnormal'] },
        { name: 'no frontal chest', share: 0.12, absent: ['frontal-chest'] },
      ],
    },
    augmentation: { ...robustTransforms, maxZoom: 1.3, pEqualise: 0.5 },
  };
}

/** The small network for CT slices, from scratch: three quarters of the epochs on pictures of half the side, which cost a quarter. */
export function ctRecipe(epochs: number, side: number, seed: number): Recipe {
  const small = Math.floor((epochs * 3) / 4);
  return {
    ...fastaiRecipe,
    seed,
    batch: 64,
    stages: [...(small > 0 ? [all(small, 3e-3, Math.max(32, Math.round(side / 2)))] : []), all(epochs - small, small > 0 ? 1e-3 : 3e-3)],
    weightDecay: 0.02,
    labelSmoothing: 0.02,
    balance: 'source-sampling',
    maxDraws: 4,
    augmentation: robustTransforms,
  };
}

const all = (epochs: number, rate: number, pixels?: number): Stage => ({
  what: 'all',
  epochs,
  rate,
  firstRate: rate / 2,
  ...(pixels === undefined ? {} : { pixels }),
});
