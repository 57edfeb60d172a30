import { z } from 'zod';

const share = z.number().min(0).max(1);

/**
 * What a challenger has to show. Defaults with their reasons: docs/reference/gate.md. All margins are in the unit of the figure
 * (0.05 of AUROC is five hundredths).
 */
export const promotionRulesSchema = z
  .strictObject({
    /** Of every interval. */
    confidence: z.number().min(0.5).max(0.999).default(0.95),
    resamples: z.int().min(100).max(100_000).default(1000),
    seed: z.int().default(20200315),
    /** Fewer patients of a side in the locked test set prove nothing about a class. */
    minPatients: z.int().min(5).default(20),
    /** How much worse than the champion the challenger may be at worst: the lower end of the paired interval. */
    notWorse: z.strictObject({ auroc: share.default(0.05), sensitivity: share.default(0.1), specificity: share.default(0.1) }).prefault({}),
    /** For a class that the champion does not know, or where there is no champion: the lower end of the interval of AUROC. */
    first: z.strictObject({ auroc: share.default(0.6) }).prefault({}),
    /** Expected calibration error at most. */
    calibration: z.strictObject({ ece: share.default(0.1) }).prefault({}),
    shortcuts: z
      .strictObject({
        /** AUROC must fall by at least this when the lungs are covered. */
        lungsMatter: share.default(0.05),
        /** AUROC with only the lungs less AUROC with everything but the lungs, at least; below 0 lets a network pass that reads more outside. */
        lungsTellMore: z.number().min(-1).max(1).default(0),
        /** AUROC may fall by at most this when borders and markers are covered. */
        bordersDoNot: share.default(0.1),
        /** AUROC must exceed that of the view alone by this. */
        aboveView: share.default(0.05),
        /** The source may be read off the features at most so much better than off the champion's (AUROC). */
        source: share.default(0.05),
      })
      .prefault({}),
  })
  .readonly();

export type PromotionRules = z.infer<typeof promotionRulesSchema>;

export const defaultPromotionRules: PromotionRules = promotionRulesSchema.parse({});
