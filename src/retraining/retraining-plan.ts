import { z } from 'zod';
import { parts, splitExamples } from '../dataset/split.js';
import type { Example } from '../dataset/example.js';
import type { TestLock } from '../dataset/test-lock.js';
import { Fault } from '../errors.js';
import { labelOrigins } from '../lib/label-origin.js';
import { promotionRulesSchema } from '../evaluation/promotion/promotion-rules.js';
import { recipeSchema, type Recipe } from '../training/recipe.js';
import type { LabelledImage } from './labelled-images.js';
import { pictureKeyOf } from './picture-key.js';
import { withoutReportText } from './without-report-texts.js';

/**
 * Everything that a run depends on, written before training starts. If the run is killed or reaches its time limit, the next one
 * continues with the same images, labels and initial weights, even if readers have changed labels since. It contains UIDs and keyed
 * hashes, no patient attribute.
 */
export const retrainingPlanSchema = z
  .strictObject({
    id: z.string().regex(/^[\w-]{1,100}$/),
    startedAt: z.iso.datetime(),
    by: z.string(),
    /** Version whose weights training starts from, and with which the challenger is compared. */
    champion: z.string(),
    /** Best promoted versions so far, which the challenger is compared with too; absent in plans of earlier releases. */
    best: z.array(z.string()).readonly().default([]),
    classes: z.array(z.string()).min(1).readonly(),
    objective: z.enum(['one-of-many', 'several']),
    images: z
      .array(
        z.strictObject({
          sopInstanceUID: z.string(),
          /** Digest of its bytes; absent in plans of earlier releases. */
          content: z.string().optional(),
          seriesInstanceUID: z.string(),
          studyInstanceUID: z.string(),
          patient: z.string(),
          source: z.string(),
          view: z.string(),
          site: z.string().optional(),
          tags: z.record(z.string(), z.string()).optional(),
          labels: z.array(z.string()).readonly(),
          unknown: z.array(z.string()).readonly(),
          /** Where each label comes from; absent in plans of earlier releases. */
          origins: z.record(z.string(), z.enum(labelOrigins)).readonly().optional(),
          part: z.enum(parts),
        }),
      )
      .readonly(),
    recipe: recipeSchema,
    rules: promotionRulesSchema,
    /** Checksum of the lock of the test set. */
    lock: z.string(),
    warnings: z.array(z.string()).readonly(),
  })
  .readonly();

export type RetrainingPlan = z.infer<typeof retrainingPlanSchema>;

/** Reads plan.json, also that of release 0.2.0. @returns undefined for a plan of another form */
export function parsePlan(text: string): RetrainingPlan | undefined {
  try {
    return retrainingPlanSchema.safeParse(withPresentNames(JSON.parse(text))).data;
  } catch {
    return undefined;
  }
}

/** Keys of release 0.2.0 in plan.json. */
const formerKeys: Readonly<Record<string, string>> = { leastPatients: 'minPatients', mostDraws: 'maxDraws' };

function withPresentNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPresentNames);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [formerKeys[key] ?? key, withPresentNames(inner)]));
}

/** Name of the locked test set in change records. */
export const retrainingTestSet = 'locked patients of the labelled studies';

/** Shares of the images that are not locked for testing. */
const retrainingShares = { validation: 0.2, calibration: 0.2 } as const;

export function exampleOf({
  studyInstanceUID,
  sopInstanceUID,
  content,
  patient,
  source,
  view,
  site,
  tags,
  labels,
  unknown,
  origins,
}: Omit<RetrainingPlan['images'][number], 'part'>): Example {
  return { key: pictureKeyOf({ studyInstanceUID, sopInstanceUID, content }), patient, source, view, site, tags, labels, unknown, origins };
}

/**
 * Whether a test set can be locked now: each finding needs enough patients with and without it for the gate to decide, and enough
 * others to train on. The lock is permanent, so it must not be drawn too early.
 *
 * @returns what is missing, in a sentence; undefined if the test set can be locked
 */
export function missingForLock(
  images: readonly LabelledImage[],
  classes: readonly string[],
  share: number,
  minPatients: number,
): string | undefined {
  const needed = Math.ceil(minPatients / share);
  const short = classes.flatMap((name) => {
    const patientsWith = (present: boolean): number =>
      new Set(
        images.filter(({ labels, unknown }) => !unknown.includes(name) && labels.includes(name) === present).map(({ patient }) => patient),
      ).size;
    const [present, absent] = [patientsWith(true), patientsWith(false)];
    return Math.min(present, absent) < needed ? [`${name}: ${present} present, ${absent} absent`] : [];
  });
  return short.length === 0
    ? undefined
    : `a test set can be locked when each finding has ${needed} patients with and ${needed} without it; there are ${short.join('; ')}`;
}

/**
 * Splits by patient around the locked test set. Labels that were read from texts are trained on; they neither decide when training stops,
 * nor calibrate, nor test.
 *
 * @throws Fault dataset-invalid
 */
export function splitForRetraining(
  images: readonly LabelledImage[],
  lock: TestLock,
  recipe: Recipe,
): { readonly images: RetrainingPlan['images']; readonly warnings: readonly string[] } {
  if (images.length === 0) throw new Fault('dataset-invalid', 'expected images of labelled studies, found none');
  const split = splitExamples(images.map(exampleOf), { seed: recipe.seed, shares: retrainingShares, lock });
  const placed = images.flatMap((image, index) => {
    const part = split.parts[index]!;
    const { readFromText: _read, ...used } = (part === 'train' ? image : withoutReportText(image)) ?? {};
    return 'sopInstanceUID' in used ? [{ ...used, part }] : [];
  });
  return { images: placed, warnings: split.warnings };
}
