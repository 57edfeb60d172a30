import { z } from 'zod';
import { intervalSchema } from '../metrics/estimate.js';

/** What the gate says of a challenger, criterion by criterion. A refusal is a result: it is kept and shown. Docs: docs/reference/gate.md. */

export const criterionSchema = z
  .object({
    /** For example `auroc-not-worse`, `sensitivity-not-worse`, `calibrated`, `without-lungs`. */
    name: z.string(),
    /** The class that it is about; absent where it is about the whole. */
    class: z.string().optional(),
    /** What was measured; null where it is not defined, which never passes a criterion that counts. */
    figure: z.number().nullable(),
    interval: intervalSchema.nullable(),
    comparison: z.enum(['at-least', 'at-most']),
    bound: z.number().nullable(),
    passed: z.boolean(),
    /** `false`: measured and shown, but nothing depends on it. */
    counts: z.boolean(),
    /** One sentence for a person. */
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
    /** Why, in one sentence. */
    why: z.string(),
  })
  .readonly();

export type Criterion = z.infer<typeof criterionSchema>;
export type GateDecision = z.infer<typeof gateDecisionSchema>;
