import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { estimateSchema } from '../../src/evaluation/metrics/estimate.js';
import { gateDecisionSchema } from '../../src/evaluation/promotion/gate-decision.js';

/** figures.json: all that the card says in numbers, and of which weights. Written by figures.ts, read by card.ts. */

/** At most so many pictures are measured, drawn at random: at sources left out, with lungs covered, by the gate, of each kind that is to be refused. */
export const maxMeasured = { unseen: 2000, covered: 200, gate: 600, refused: 150 } as const;

const findingSchema = z
  .object({
    n: z.int(),
    positives: z.int(),
    patients: z.int().optional(),
    auroc: estimateSchema,
    sensitivity: estimateSchema,
    specificity: estimateSchema,
    ece: z.number().nullable(),
    brier: z.number().nullable(),
  })
  .readonly();
const perFinding = z.record(z.string(), findingSchema);

/** The images of one source, or of one view. */
const groupSchema = z.object({ name: z.string(), n: z.int(), findings: perFinding }).readonly();

/** What `evaluate` says of a set, without the lists that no card shows. */
const setSchema = z
  .object({
    n: z.int(),
    patients: z.int(),
    /** Share that the model's own guards refuse. */
    refused: z.number(),
    findings: perFinding,
    bySource: z.array(z.object({ name: z.string(), n: z.int(), refused: z.number(), findings: perFinding }).readonly()).readonly(),
    byView: z.array(groupSchema).readonly().default([]),
    /** Each source and view alone, the two sets of NIH as one source. */
    bySourceAndView: z.array(groupSchema).readonly().default([]),
  })
  .readonly();

const covered = z
  .object({ whole: z.number().nullable(), onlyLungs: z.number().nullable(), lungsCovered: z.number().nullable() })
  .readonly();

/** A network trained without some sources. */
const unseenSchema = z
  .object({
    leftOut: z.array(z.string()).readonly(),
    /** Name of the recipe where it is not that of the shipped network. */
    recipe: z.string(),
    /** Of first weights, batches and augmentation; null in figures that did not state it. */
    seed: z.int().nullable().default(null),
    /** Whether these are the weights that ship. */
    isShipped: z.boolean().default(false),
    side: z.int(),
    steps: z.int(),
    n: z.int(),
    patients: z.int(),
    refused: z.number(),
    findings: perFinding,
    /** Each source that was left out, by view. */
    bySource: z
      .array(
        z
          .object({ name: z.string(), n: z.int(), refused: z.number(), findings: perFinding, byView: z.array(groupSchema).readonly() })
          .readonly(),
      )
      .readonly()
      .default([]),
    /** AUROC at the sources left out, by finding. */
    covered: z.record(z.string(), covered),
    /** The same on validation images of the sources that it was trained on. */
    validationCovered: z.record(z.string(), covered),
  })
  .readonly();

const refusedSchema = z.object({ what: z.string(), n: z.int(), refused: z.number() }).readonly();

const networkSchema = z
  .object({
    weights: z.string().regex(/^[0-9a-f]{64}$/),
    made: z
      .object({
        images: z.record(z.string(), z.int()),
        sources: z.record(z.string(), z.int()),
        steps: z.int(),
        recipe: z.unknown(),
        codeVersion: z.string(),
        engine: z.string(),
        seed: z.int(),
        /** Published weights, or undefined. */
        startedFrom: z.string().optional(),
      })
      .readonly(),
    validation: setSchema,
    test: setSchema,
    gate: gateDecisionSchema,
    abstention: z.array(refusedSchema).readonly(),
  })
  .readonly();

export const figuresSchema = z
  .object({
    xray: networkSchema,
    ct: networkSchema,
    unseen: z.array(unseenSchema).readonly(),
    /** What became of each finding of the X-ray network, and why. */
    decisions: z
      .array(
        z
          .object({
            name: z.string(),
            isShipped: z.boolean(),
            /** It ships although it misses its AUROC. */
            isBelowCriterion: z.boolean().optional(),
            why: z.string(),
            presentFrom: z.number().optional(),
            absentBelow: z.number().optional(),
          })
          .readonly(),
      )
      .readonly()
      .default([]),
    /** DICOM files of all kinds, never trained on. */
    files: z
      .array(
        z
          .object({
            name: z.string(),
            files: z.int(),
            network: z.enum(['xray', 'ct']),
            accepted: z.int(),
            findings: z.record(z.string(), z.number()),
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();

export type Figures = z.infer<typeof figuresSchema>;
export type SetFigures = z.infer<typeof setSchema>;
export type GroupFindings = z.infer<typeof groupSchema>;
export type UnseenFigures = z.infer<typeof unseenSchema>;
export type NetworkFigures = z.infer<typeof networkSchema>;

export async function readFigures(model: string): Promise<Figures> {
  return figuresSchema.parse(JSON.parse(await readFile(join(model, 'figures.json'), 'utf8')));
}
