import { z } from 'zod';

/** The figures of a silent trial: what is signed off. They contain no name, no date and no identifier of a patient. */

/** Groups with fewer studies are listed without figures: they say little, and few studies may point to a person. */
export const minGroupSize = 20;
/** In a group, a figure that rests on fewer labelled studies is not given. */
export const minLabelled = 10;
/** Studies that disagree most: as many are listed. */
export const maxDisagreements = 20;

/** Why a figure is missing. */
export const whyMissing = ['no-studies', 'one-class', 'few', 'no-variance'] as const;
export type WhyMissing = (typeof whyMissing)[number];

const interval = z.tuple([z.number(), z.number()]).readonly().nullable().describe('95 % interval; null: there is none');
const why = z.enum(whyMissing).exactOptional();

/** A share of studies. */
export const proportionSchema = z.object({ count: z.int(), of: z.int(), value: z.number().nullable(), interval, why }).readonly();
export type Proportion = z.infer<typeof proportionSchema>;

/** A figure that is no share: AUROC, kappa. */
export const measureSchema = z.object({ of: z.int(), value: z.number().nullable(), interval, why }).readonly();
export type Measure = z.infer<typeof measureSchema>;

export const findingFiguresSchema = z
  .object({
    finding: z.string(),
    predicted: z.int().describe('studies for which the version states this finding'),
    positive: proportionSchema.describe('decided present, of those predicted'),
    undetermined: z.int().describe('neither present nor absent; not counted as present'),
    prevalence: proportionSchema.describe('labelled present, of the labelled studies'),
    withoutAgreement: z.int().describe('readers disagree or did not decide: no label'),
    abstained: z.int().describe('labelled, but the version abstains; not in the agreement'),
    knownToModel: z.int().describe('labelled, but the patient was in the training of the version; not in the agreement'),
    sensitivity: proportionSchema,
    specificity: proportionSchema,
    auroc: measureSchema,
    kappa: measureSchema.describe('version and label, present or not'),
  })
  .readonly();
export type TrialFindingFigures = z.infer<typeof findingFiguresSchema>;

export const groupings = ['site', 'scanner', 'view', 'sex', 'age'] as const;
export type TrialGrouping = (typeof groupings)[number];

export const groupFiguresSchema = z
  .object({
    name: z.string().nullable().describe('null: the images do not state it'),
    studies: z.int(),
    findings: z.array(findingFiguresSchema).readonly().describe('none if the group has fewer than minGroupSize studies'),
  })
  .readonly();
export type TrialGroupFigures = z.infer<typeof groupFiguresSchema>;

const decision = z.enum(['present', 'absent', 'undetermined']);

export const disagreementSchema = z
  .object({
    studyInstanceUID: z.string(),
    finding: z.string(),
    probability: z.number(),
    decision,
    label: z.enum(['present', 'absent']),
    origin: z.string().describe('where the label comes from: adjudicated, radiologist or report'),
  })
  .readonly();
export type Disagreement = z.infer<typeof disagreementSchema>;

export const comparisonSchema = z
  .object({
    finding: z.string(),
    studies: z.int(),
    same: proportionSchema.describe('same decision'),
    opposite: z.int().describe('one decided present, the other absent'),
    positiveReported: z.int(),
    positivePredicted: z.int(),
    kappa: measureSchema,
  })
  .readonly();
export type ResultComparison = z.infer<typeof comparisonSchema>;

export const trialFiguresSchema = z
  .object({
    format: z.literal('orthanc-chest-ai trial figures'),
    version: z.literal(1),
    backfill: z.int(),
    since: z.iso.date(),
    until: z.iso.date(),
    rule: z.string().nullable(),
    state: z.enum(['running', 'paused', 'done', 'cancelled']),
    startedAt: z.iso.datetime(),
    modelVersion: z.string(),
    otherVersions: z.array(z.string()).readonly(),
    minGroupSize: z.int(),
    minLabelled: z.int(),
    studies: z
      .object({
        found: z.int(),
        predicted: z.int(),
        abstained: z.int().describe('of those predicted: the version abstains from the images'),
        patients: z.int(),
        skipped: z.int().describe('another rule or none takes it, or it has no image that can be analysed'),
        failed: z.int(),
        vanished: z.int().describe('deleted from the PACS, also later'),
        unfinished: z.int(),
        isTrainingKnown: z.boolean().describe('whether the version states on which patients it was trained'),
        knownToModel: z.int(),
        labelled: z.int().describe('with a label of any finding'),
        origins: z.record(z.string(), z.int()).describe('labels by origin'),
      })
      .readonly(),
    findings: z.array(findingFiguresSchema).readonly(),
    groups: z.array(z.object({ by: z.enum(groupings), groups: z.array(groupFiguresSchema).readonly() }).readonly()).readonly(),
    comparison: z.array(comparisonSchema).readonly().describe('with the results that the PACS has for the same images'),
    disagreements: z.array(disagreementSchema).readonly(),
  })
  .readonly();
export type TrialFigures = z.infer<typeof trialFiguresSchema>;

export const signOffSchema = z
  .object({
    figuresSha256: z.string().describe('of the figures that were signed'),
    isForTheseFigures: z.boolean().describe('false: studies or labels have changed since, and the report has other figures now'),
    isAccepted: z.boolean(),
    name: z.string(),
    role: z.string(),
    comment: z.string(),
    signedBy: z.string().describe('account, token or command'),
    signedAt: z.iso.datetime(),
  })
  .readonly();
export type SignOff = z.infer<typeof signOffSchema>;

/** The report of a silent trial: its figures and who has signed which. */
export const trialReportSchema = z
  .object({
    figures: trialFiguresSchema,
    sha256: z.string().describe('of the figures as report.json contains them'),
    signOffs: z.array(signOffSchema).readonly().describe('oldest first'),
  })
  .readonly();
export type TrialReport = z.infer<typeof trialReportSchema>;
