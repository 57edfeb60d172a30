import { z } from 'zod';
import { retrainingOutcomeSchema } from './models.js';

/** Labels, training runs and exported data sets, as JSON. Times are ISO 8601. */

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();
const count = z.int().min(0);

export const labelOverviewSchema = z
  .object({
    studies: count,
    statements: count,
    findings: list(z.object({ name: z.string(), present: count, absent: count, undetermined: count, disagreed: count }).readonly()),
    readers: list(z.object({ reader: z.string(), statements: count, studies: count }).readonly()),
    sites: list(
      z
        .object({ site: z.string().describe('configured name, keyed hash or AE title; empty: not known'), studies: count, labels: count })
        .readonly(),
    ),
    disagreements: list(z.object({ studyInstanceUID: z.string(), finding: z.string(), present: count, absent: count }).readonly()).describe(
      'readers who state each decision; at most 200; only in studies that a blind reader has assessed',
    ),
  })
  .readonly();
export type ShownLabelOverview = z.infer<typeof labelOverviewSchema>;

export const readinessSchema = z
  .object({
    newLabels: count,
    minNewLabels: count.describe('new labels that a run needs'),
    agreedLabels: count,
    threads: z.int(),
    estimatedMinutes: z.number().exactOptional().describe('absent before anything was analyzed or trained'),
    estimatedBy: z.enum(['last-run', 'inference']).exactOptional().describe('what the estimate is made from'),
  })
  .readonly();
export type ShownReadiness = z.infer<typeof readinessSchema>;

const runShape = {
  id: z.string(),
  kind: z.enum(['retraining', 'command']),
  name: z.string(),
  startedAt: z.string(),
  endedAt: z.string().exactOptional().describe('absent while the run is in progress'),
  classes: list(z.string()),
  images: z.record(z.string(), count).readonly().describe('number of images by part'),
  version: z.string().exactOptional().describe('version that resulted'),
};
export const runListSchema = z.object({ runs: list(z.object(runShape).readonly()) }).readonly();
export type ShownRunList = z.infer<typeof runListSchema>;

const figureSchema = z
  .object({
    finding: z.string(),
    auroc: z.number().nullable(),
    interval: z.tuple([z.number(), z.number()]).readonly().nullable(),
    n: count,
  })
  .readonly();

export const runSchema = z
  .object({
    ...runShape,
    settings: z.record(z.string(), z.string()).readonly(),
    threads: z.number().exactOptional(),
    outcome: retrainingOutcomeSchema.exactOptional(),
    why: z.string().exactOptional(),
    steps: list(z.object({ step: z.int(), loss: z.number(), learningRate: z.number() }).readonly()).describe(
      'smoothed training loss; at most 400 steps',
    ),
    epochs: list(z.object({ step: z.int(), trainLoss: z.number(), validationLoss: z.number(), validationAccuracy: z.number() }).readonly()),
    figures: list(figureSchema).describe('AUROC with interval, on the set of the evaluation'),
    compared: list(
      z
        .object({
          studyInstanceUID: z.string(),
          finding: z.string(),
          truth: z.enum(['present', 'absent']).nullable(),
          challenger: z.number(),
          champion: z.number().nullable(),
          loss: z.number().nullable(),
        })
        .readonly(),
    ).describe('images of greatest loss, and those on which the two versions differ most'),
  })
  .readonly();
export type ShownRun = z.infer<typeof runSchema>;

export const exportBodySchema = z.strictObject({
  format: z.enum(['dicom', 'png']).default('dicom'),
  shiftDates: z.boolean().default(false),
  retainPatientCharacteristics: z.boolean().default(false),
  retainDeviceIdentity: z.boolean().default(false),
  includeSuspected: z.boolean().default(false).describe('also images in which burned-in text is suspected'),
});
export type ExportBody = z.output<typeof exportBodySchema>;

export const exportReportSchema = z
  .object({
    directory: z.string().describe('folder on the machine of the service'),
    format: z.enum(['dicom', 'png']),
    images: count,
    patients: count,
    studyInstanceUIDs: list(z.string()).describe('whose images are in the data set'),
    findings: list(z.string()),
    burnedIn: list(z.object({ studyInstanceUID: z.string(), reason: z.string(), exported: z.boolean() }).readonly()),
    unreadable: list(z.object({ studyInstanceUID: z.string(), reason: z.string() }).readonly()),
  })
  .readonly();
export type ShownExport = z.infer<typeof exportReportSchema>;
