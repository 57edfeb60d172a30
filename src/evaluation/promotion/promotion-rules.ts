import { z } from 'zod';

const share = z.number().min(0).max(1);

/**
 * Bounds of the promotion gate; reasons for the defaults: docs/reference/gate.md. All margins are absolute differences in the unit of
 * the figure (0.05 of AUROC is five hundredths) and apply to the unfavourable end of the confidence interval, never to the point
 * estimate.
 */
export const promotionRulesSchema = z
  .strictObject({
    /** Confidence level of every interval. */
    confidence: z.number().min(0.5).max(0.999).default(0.95),
    resamples: z.int().min(100).max(100_000).default(1000),
    seed: z.int().default(20200315),
    /** Patients with and patients without a finding that the locked test set needs at least. */
    minPatients: z.int().min(5).default(20),
    /**
     * How far below the champion, and below the best version so far, the lower end of the paired interval may be. `inGroup`: AUROC
     * within one source or view, compared with the champion; `specificityInGroup`: specificity there. Both are wider, because a group has
     * fewer patients.
     */
    notWorse: z
      .strictObject({
        auroc: share.default(0.05),
        sensitivity: share.default(0.1),
        specificity: share.default(0.1),
        inGroup: share.default(0.15),
        specificityInGroup: share.default(0.15),
      })
      .prefault({}),
    /** For a finding that the champion does not report, or where there is no champion: lower end of the interval of AUROC, at least. */
    first: z.strictObject({ auroc: share.default(0.6) }).prefault({}),
    /** Upper end of the interval of the expected calibration error, at most. */
    calibration: z.strictObject({ ece: share.default(0.1) }).prefault({}),
    /**
     * Within one view, one source, with and without visible devices: the worst group must meet the bound. A group is asked for AUROC
     * from `minPatients` patients with and as many without the finding on, and for a share from `minPatientsOfShare` patients on: with
     * fewer, no share could keep the bound at the upper end of its interval.
     */
    groups: z
      .strictObject({
        minPatients: z.int().min(5).default(20),
        minPatientsOfShare: z.int().min(10).default(40),
        /** Lower end of the interval of AUROC, at least. */
        auroc: share.default(0.6),
        /** Upper end of the interval of the share of false positives at the served threshold, at most. */
        falsePositives: share.default(0.2),
        /** Upper end of the interval of the share of images that the guards refuse, at most. */
        refused: share.default(0.15),
      })
      .prefault({}),
    shortcuts: z
      .strictObject({
        /** AUROC must fall by at least this when the lungs are covered (lower end). */
        lungsMatter: share.default(0.05),
        /** AUROC with only the lungs minus AUROC with everything but the lungs, at least (lower end); below 0 accepts a network that reads more outside. */
        lungsTellMore: z.number().min(-1).max(1).default(0),
        /** AUROC may fall by at most this when borders and markers are covered (upper end). */
        bordersDoNot: share.default(0.1),
        /** AUROC must exceed that of the view position alone by this (lower end). */
        aboveView: share.default(0.05),
        /** AUROC with which the source is told from the features may exceed that of the champion's features by at most this (upper end). */
        source: share.default(0.05),
      })
      .prefault({}),
  })
  .readonly();

export type PromotionRules = z.infer<typeof promotionRulesSchema>;

export const defaultPromotionRules: PromotionRules = promotionRulesSchema.parse({});
