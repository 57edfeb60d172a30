import { z } from 'zod';
import { reliabilityBinSchema } from '../metrics/calibration.js';
import { estimateSchema, intervalSchema } from '../metrics/estimate.js';

/** The JSON of `evaluate --json`, and of every place that shows what a model is worth. Docs: docs/reference/metrics.md. */

const rate = z.number().min(0).max(1);
/** `matrix[actual][predicted]`, in the order of `classes`; of a finding `[[true negatives, false positives], [false negatives, true positives]]`. */
const matrixSchema = z.array(z.array(z.int()).readonly()).readonly();

const classFiguresSchema = z
  .object({
    /** Images whose truth is known for this class. */
    n: z.int(),
    positives: z.int(),
    patients: z.int(),
    threshold: rate,
    accuracy: estimateSchema,
    majorityRate: rate.nullable(),
    balancedAccuracy: rate.nullable(),
    /** Interval by bootstrap over patients. */
    auroc: estimateSchema,
    /** The same with DeLong's interval, images taken for independent. */
    aurocDelong: estimateSchema,
    /** At the threshold; intervals by bootstrap over patients. */
    sensitivity: estimateSchema,
    specificity: estimateSchema,
    positivePredictiveValue: estimateSchema,
    ece: z.number().nullable(),
    brier: z.number().nullable(),
    confusion: matrixSchema,
    reliability: z.array(reliabilityBinSchema).readonly(),
    /** `[false positive rate, true positive rate]` from (0, 0) to (1, 1); empty where not defined. */
    roc: z.array(z.tuple([rate, rate]).readonly()).readonly(),
  })
  .readonly();

const groupClassSchema = z
  .object({
    n: z.int(),
    positives: z.int(),
    auroc: estimateSchema,
    sensitivity: estimateSchema,
    specificity: estimateSchema,
    ece: z.number().nullable(),
    brier: z.number().nullable(),
  })
  .readonly();

/** The figures of one source or of one view. */
const groupSchema = z
  .object({
    /** `unknown` where images do not state it. */
    name: z.string(),
    n: z.int(),
    patients: z.int(),
    accuracy: z.number().nullable(),
    accuracyInterval: intervalSchema.nullable(),
    majorityRate: rate.nullable(),
    balancedAccuracy: rate.nullable(),
    /** Share of its images that the guards refuse; absent in reports of earlier releases. */
    refused: estimateSchema.optional(),
    perClass: z.record(z.string(), groupClassSchema),
  })
  .readonly();

const topLossSchema = z
  .object({
    id: z.string(),
    source: z.string(),
    loss: z.number(),
    /** Names of the classes that are present; empty: none. */
    actual: z.array(z.string()).readonly(),
    predicted: z.array(z.string()).readonly(),
    /** Predicted probability of each class. */
    scores: z.record(z.string(), rate),
  })
  .readonly();

export const evaluationReportSchema = z
  .object({
    notice: z.literal('Not for diagnosis.'),
    model: z.object({ name: z.string(), version: z.string(), deviceUID: z.string(), network: z.string() }).readonly().nullable(),
    dataset: z.object({ name: z.string(), split: z.string().nullable() }).readonly(),
    objective: z.enum(['one-of-many', 'several']),
    /** Images, patients. */
    n: z.int(),
    patients: z.int(),
    classes: z.array(z.string()).readonly(),
    /** One-of-many: share of images with the right class. Several: share of right decisions, over all images and findings whose truth is known. */
    accuracy: z.number().nullable(),
    /** Wilson's, 95 %. */
    accuracyInterval: intervalSchema.nullable(),
    /** What always giving the commonest answer would score. */
    majorityRate: rate.nullable(),
    balancedAccuracy: rate.nullable(),
    auroc: z.record(z.string(), estimateSchema),
    /** One of many: of the class called (Guo 2017). Several: over all decisions. */
    ece: z.number().nullable(),
    /** One of many: sum over the classes (Brier 1950), 0 to 2. Several: mean over all decisions, 0 to 1. */
    brier: z.number().nullable(),
    /** One of many: one matrix. Several: one 2 × 2 matrix a finding, as scikit-learn's `multilabel_confusion_matrix`. */
    confusion: z.union([matrixSchema, z.array(matrixSchema).readonly()]),
    reliability: z.array(reliabilityBinSchema).readonly(),
    perClass: z.record(z.string(), classFiguresSchema),
    bySource: z.array(groupSchema).readonly(),
    byView: z.array(groupSchema).readonly(),
    /** With and without visible devices; absent if no image states it, and in reports of earlier releases. */
    byDevices: z.array(groupSchema).readonly().optional(),
    /** By where the labels come from; absent if no label states it, and in reports of earlier releases. */
    byOrigin: z.array(groupSchema).readonly().optional(),
    topLosses: z.array(topLossSchema).readonly(),
    /** Images that the model's own guards refuse; they are counted in all figures above. Null if the guard was not run. */
    refused: z.object({ n: z.int(), share: rate }).readonly().nullable(),
    settings: z.object({ confidence: z.number(), resamples: z.int(), seed: z.int(), intervals: z.string() }).readonly(),
    /** What a reader must know before believing a figure. */
    warnings: z.array(z.string()).readonly(),
  })
  .readonly();

export type EvaluationReport = z.infer<typeof evaluationReportSchema>;
export type ClassFigures = z.infer<typeof classFiguresSchema>;
export type GroupFigures = z.infer<typeof groupSchema>;
export type TopLoss = z.infer<typeof topLossSchema>;
