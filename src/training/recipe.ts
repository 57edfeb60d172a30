import { z } from 'zod';
import { fastaiTransforms } from '../dataset/augmentation.js';
import { samplingSchema } from './sampling.js';

const rate = z.number().positive().max(10);

const stageSchema = z.strictObject({
  /**
   * `head`: the body stands still, its features are computed once and the head alone is trained on them. `head-train-bn`: fastai's
   * frozen stage, the body stands still but for its batch norms, with augmentation. `all`: every layer, rates by layer group.
   */
  what: z.enum(['head', 'head-train-bn', 'all']),
  epochs: z.int().min(1).max(1000),
  /** Highest learning rate of the last layer group. */
  rate,
  /** Of the first layer group (fastai's `slice(first, rate)`); a tenth of `rate` for all but the last if not given. */
  firstRate: rate.optional(),
  /**
   * Side of the pictures that this stage trains on, of `head-train-bn` and `all`; the network's input if not given. fastai's
   * progressive resizing: most steps on smaller pictures, the last ones on those of service.
   */
  pixels: z.int().min(32).max(1024).optional(),
});

const share = z.number().min(0).max(1);

/** A label of weight 0 would be an unknown one. */
const originWeight = z.number().positive().max(1);

/** Everything that training depends on besides images and first weights. */
export const recipeSchema = z.strictObject({
  seed: z.int().min(0),
  /** Images a step; fewer if there are fewer. */
  batch: z.int().min(2).max(1024),
  stages: z.array(stageSchema).min(1).readonly(),
  /** Which fastai's one-cycle. */
  oneCycle: z.union([z.literal(1), z.literal(2)]),
  /** AdamW's decay, times the rate at each step. */
  weightDecay: z.number().min(0),
  beta2: z.number().positive().lt(1),
  epsilon: z.number().positive(),
  labelSmoothing: z.number().min(0).lt(1),
  maxGradientNorm: z.number().positive().optional(),
  /**
   * `class-weights`: rare classes count more in the loss. `class-sampling`: they are drawn more often. `source-sampling`: each
   * source and class is drawn as often as every other, so that the source alone tells less about the class.
   */
  balance: z.enum(['none', 'class-weights', 'class-sampling', 'source-sampling']),
  /** How much a label counts in the loss by its origin; those of lib/label-origin.ts if not given. */
  originWeights: z
    .strictObject({ adjudicated: originWeight, radiologist: originWeight, mined: originWeight, report: originWeight })
    .optional(),
  /** With sampling: no image is drawn more often in an epoch, so that a pool of three images is not learned by heart. */
  maxDraws: z.int().min(1).optional(),
  /** Draws by group, in shares, instead of `balance`; see training/sampling.ts. */
  sampling: samplingSchema.optional(),
  /** With `sampling`: draws in an epoch; as many as images if not given. */
  epochImages: z.int().min(2).max(10_000_000).optional(),
  augmentation: z.strictObject({
    flip: share,
    maxWarp: share,
    maxRotate: z.number().min(0).max(180),
    maxZoom: z.number().min(1).max(4),
    maxLighting: z.number().min(0).lt(1),
    pAffine: share,
    pLighting: share,
    maxGamma: z.number().min(0).max(2),
    pCover: share,
    pEqualise: share.optional(),
    lungs: z
      .strictObject({ pExchange: share, pAlone: share, pCovered: share, pCrop: share })
      .refine(
        ({ pExchange, pAlone, pCovered }) => pExchange + pAlone + pCovered <= 1 + 1e-9,
        'expected pExchange, pAlone and pCovered to be 1 at most together',
      )
      .optional(),
  }),
});

export type Recipe = z.infer<typeof recipeSchema>;
export type Stage = Recipe['stages'][number];

/** fastai v1's defaults for everything that its notebooks leave out; the flip that mirrors the heart is left out too. */
export const fastaiRecipe: Recipe = {
  seed: 42,
  batch: 64,
  stages: [
    { what: 'head', epochs: 6, rate: 3e-3 },
    { what: 'all', epochs: 10, rate: 1e-3, firstRate: 1e-4 },
  ],
  oneCycle: 1,
  weightDecay: 1e-2,
  beta2: 0.99,
  epsilon: 1e-8,
  labelSmoothing: 0,
  balance: 'none',
  augmentation: fastaiTransforms,
};

/** Reads a recipe out of a lineage or figures file, also of release 0.2.0, where `maxDraws` was `mostDraws`. @throws ZodError */
export function parseStoredRecipe(stored: unknown): Recipe {
  if (typeof stored !== 'object' || stored === null || !('mostDraws' in stored)) return recipeSchema.parse(stored);
  const { mostDraws, ...others } = stored;
  return recipeSchema.parse({ maxDraws: mostDraws, ...others });
}
