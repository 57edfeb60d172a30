import { z } from 'zod';

const side = z.strictObject({ n: z.int(), mean: z.number().nullable() });
const agreement = z.strictObject({
  n: z.int(),
  confirmed: z.int(),
  value: z.number().nullable(),
  interval: z.tuple([z.number(), z.number()]).readonly().nullable(),
});

/** With what the studies of the last days were compared. */
const against = z.enum(['training-of-site', 'training', 'first-studies']);

const quantitySchema = z.strictObject({
  /** `tag:Modality`, `input:mean`, `feature:distance`, `output:pneumonia` … */
  quantity: z.string(),
  against,
  before: side,
  lately: side,
  stability: z.number(),
  expectedStability: z.number(),
  pValue: z.number(),
  /** For all tests of the look together. */
  adjustedP: z.number(),
  moved: z.strictObject({ name: z.string(), before: z.number(), lately: z.number() }).optional(),
  alarm: z.boolean(),
});

const agreementSchema = z.strictObject({
  finding: z.string(),
  before: agreement,
  lately: agreement,
  pValue: z.number().nullable(),
  adjustedP: z.number().nullable(),
  alarm: z.boolean(),
});

/** One look at drift: what arrived lately at each site against the training of the deployed model. It is shown, stored and exported unchanged. */
export const driftReportSchema = z
  .strictObject({
    madeAt: z.iso.datetime(),
    modelVersion: z.string(),
    /** Start of the days that are looked at; they end with `madeAt`. */
    from: z.iso.datetime(),
    windowDays: z.number(),
    /** Networks of the model that came with no training reference. */
    withoutReference: z.array(z.enum(['xray', 'ct'])).readonly(),
    tests: z.int(),
    groups: z
      .array(
        z.strictObject({
          site: z.string(),
          network: z.enum(['xray', 'ct']),
          /** Predicted in these days. */
          studies: z.int(),
          quantities: z.array(quantitySchema).readonly(),
          agreement: z.array(agreementSchema).readonly(),
        }),
      )
      .readonly(),
  })
  .readonly();

export type DriftReport = z.infer<typeof driftReportSchema>;
export type DriftGroup = DriftReport['groups'][number];
export type ComparedQuantity = DriftGroup['quantities'][number];
export type ComparedAgreement = DriftGroup['agreement'][number];
