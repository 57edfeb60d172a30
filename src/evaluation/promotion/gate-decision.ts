import { z } from 'zod';
import { intervalSchema } from '../metrics/estimate.js';

/** The decision of the promotion gate, criterion by criterion. A refusal is a result too and is stored. Docs: docs/reference/gate.md. */

const criterionSchema = z
  .object({
    /** For example `auroc-not-worse`, `sensitivity-not-worse`, `calibrated`, `lungs-matter`. */
    name: z.string(),
    /** The finding that it is about; absent if it is about the whole model. */
    class: z.string().optional(),
    /** The group of images that it is about, for example `view AP`; absent if it is about all of them. */
    group: z.string().optional(),
    /** The figure measured; null if it cannot be computed, which counts as failed. */
    figure: z.number().nullable(),
    interval: intervalSchema.nullable(),
    comparison: z.enum(['at-least', 'at-most']),
    bound: z.number().nullable(),
    passed: z.boolean(),
    /** `false`: shown only; the decision does not depend on it. */
    counts: z.boolean(),
    /** The result in one sentence. */
    words: z.string(),
  })
  .readonly();

export const gateDecisionSchema = z
  .object({
    decision: z.enum(['promoted', 'refused']),
    challenger: z.string(),
    /** Version that it was compared with; null for the first model. */
    champion: z.string().nullable(),
    /** The locked test set. */
    testSet: z.object({ name: z.string(), n: z.int(), patients: z.int() }).readonly(),
    seed: z.int(),
    resamples: z.int(),
    confidence: z.number(),
    criteria: z.array(criterionSchema).readonly(),
    /** The reason of the decision, in one or two sentences. */
    why: z.string(),
  })
  .readonly();

export type Criterion = z.infer<typeof criterionSchema>;
export type GateDecision = z.infer<typeof gateDecisionSchema>;
