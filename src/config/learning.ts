import { z } from 'zod';
import { integer, line, path } from './ranges.js';

/* Settings of the readers' assessments, of retraining on them, and of the drift checks. */

/** Retraining on what readers have labelled. */
const retrainingFields = z.strictObject({
  enabled: z.boolean().default(true),
  /** Cron expression in timeZone. A run that was missed is made up for until three hours later. */
  schedule: line(100).default('0 2 * * *'),
  /** Minimum number of agreed labels that the last completed run did not have. */
  minNewLabels: integer(1, 1_000_000_000).default(50),
  /** Training then stops with a checkpoint, and the next run continues there. At most one week. */
  timeLimitMinutes: z.number().positive().max(10_080).default(240),
  /** Threads of the training process; without it all processors but one. It runs at low priority, so that reporting goes first. */
  threads: integer(1, 1_024).optional(),
  /** Share of patients that the first run locks for testing, permanently. */
  testShare: z.number().min(0.05).max(0.6).default(0.3),
  /** A challenger that passes the gate is promoted, or only becomes the challenger and predicts in shadow until a user promotes it. */
  onPass: z.enum(['promote', 'challenge']).default('promote'),
  /** Margins and bounds of the gate, YAML or JSON; the defaults are in docs/reference/gate.md. */
  rulesFile: path.optional(),
  seed: integer(0, Number.MAX_SAFE_INTEGER).default(42),
  /** Images per step; without it up to 32, as memory allows. */
  batch: integer(2, 65_536).optional(),
  /** Epochs and highest learning rate of the last layer alone, then of all layers (0 epochs: that stage is left out). */
  headEpochs: integer(0, 10_000).default(6),
  headRate: z.number().positive().max(10).default(3e-3),
  epochs: integer(0, 10_000).default(4),
  rate: z.number().positive().max(10).default(1e-4),
  /** Augmentation: fastai's transforms, additional ones against differences between hospitals, or none. */
  augmentation: z.enum(['fastai', 'robust', 'none']).default('robust'),
  /** Settings of the recipe that differ, YAML or JSON: sampling by group, weights by origin …; docs/reference/training.md lists them. */
  recipeFile: path.optional(),
});

export const retrainingSettings = retrainingFields
  .refine((one) => one.headEpochs + one.epochs > 0, { path: ['epochs'], message: 'expected epochs of the last layer or of all layers' })
  .prefault({});

/** What another model line has different from `retraining`; without a default, so that what is not given stays as there. */
export const lineRetrainingSettings = withoutDefaults(retrainingFields.shape);

/** Whether the studies that arrive still resemble what the model was trained on: docs/reference/drift.md. */
const driftFields = z.strictObject({
  /** When drift is checked: a cron expression in timeZone, or `never`. */
  schedule: line(100).default('30 6 * * *'),
  /** The studies of this many days are compared with the reference. */
  windowDays: integer(1, 3_650).default(7),
  /** A site with fewer studies on either side is not tested. */
  minStudies: integer(30, 1_000_000).default(50),
  /** Of all tests of one check together: the probability that chance alone raises an alarm. */
  alpha: z.number().positive().max(0.1).default(0.01),
  /** Minimum stability index above what chance produces with this many studies. */
  minShift: z.number().min(0).max(100).default(0.2),
  /** Minimum fall of the agreement with readers, as a share. */
  minFall: z.number().min(0).max(1).default(0.1),
  /** Names of sites, by patterns of Institution Name or Station Name; any other site is named by a keyed hash. */
  sites: z
    .record(z.string().regex(/^[\w .-]{1,40}$/, 'expected at most 40 letters, digits, blanks, dots and hyphens'), z.array(line(1_000)))
    .default({}),
});

export const driftSettings = driftFields.prefault({});

/** What another model line has different from `drift`; all lines are checked by the one schedule and name sites alike. */
export const lineDriftSettings = withoutDefaults(driftFields.omit({ schedule: true, sites: true }).shape);

export const assessmentSettings = z
  .strictObject({
    /** Accounts whose assessments are stored as VERIFIED: users who may sign a document. `*` stands for every reader. */
    verifiers: z.array(line(100)).default([]),
    /** Verifying Organization (0040,A027): the organization for which they sign. */
    organization: z.string().trim().min(1, 'expected the name of the hospital or department').max(64).optional(),
    /** Readers do not see what others state about a study before they have assessed it: assessments/blind-reading.ts. */
    hideOthersUntilAssessed: z.boolean().default(true),
    /**
     * Systems whose assessments and signed documents in the PACS count as labels: AE titles that send by C-STORE, and `http` for
     * STOW-RS and Orthanc's REST API, which need a login at Orthanc and which this service's own documents use. `*` stands for every
     * system that may store. Without the setting `http` only; see assessments/accepted-systems.ts for earlier installations.
     */
    acceptFrom: z
      .array(z.string().regex(/^(?!\s)[^\\\p{Cc}]{1,16}(?<!\s)$/u, 'expected an AE title of 1 to 16 characters, http, or *'))
      .optional(),
  })
  .refine((one) => one.verifiers.length === 0 || one.organization !== undefined, {
    path: ['organization'],
    message: 'expected the organization for which verifiers sign',
  })
  .prefault({});

type Optional<Shape extends z.ZodRawShape> = {
  [Key in keyof Shape]: z.ZodOptional<Shape[Key] extends z.ZodDefault<infer Inner> ? Inner : Shape[Key]>;
};

/** The same settings, each optional and without its default. */
function withoutDefaults<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Optional<Shape>, z.core.$strict> {
  const fields = Object.entries(shape).map(([name, field]) => [
    name,
    (field instanceof z.ZodDefault ? (field.unwrap() as z.ZodType) : (field as z.ZodType)).optional(),
  ]);
  return z.strictObject(Object.fromEntries(fields) as Optional<Shape>);
}
