import { z } from 'zod';

/** Where a version comes from: enough to make it again. Written beside the weights as lineage.json; no patient attribute. */
export const lineageSchema = z.strictObject({
  /** Version whose weights training began with; null if from scratch or from published weights. */
  parent: z.string().nullable(),
  /** Name or checksum of published weights, where training began with those. */
  startedFrom: z.string().optional(),
  dataset: z.strictObject({
    name: z.string(),
    /** SHA-256 of the data set's manifest. */
    sha256: z.string().optional(),
    images: z.int().min(0),
    patients: z.int().min(0),
    /** Images of each split. */
    splits: z.record(z.string(), z.int()).default({}),
    sources: z.record(z.string(), z.int()).default({}),
  }),
  /** Everything that was set: objective, epochs, learning rates, augmentation. */
  settings: z.record(z.string(), z.unknown()).default({}),
  seed: z.int(),
  engine: z.string(),
  /** Version of this program. */
  codeVersion: z.string(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  /**
   * Keyed hashes of the patients whose images this version or one before it was trained on, also for validation and calibration:
   * none of them may be in a test set that it is evaluated on. Only for retraining on readers' labels, where the key is secret.
   */
  trainedOn: z
    .array(z.string().regex(/^[0-9a-f]{32}$/))
    .readonly()
    .optional(),
});

export type Lineage = z.infer<typeof lineageSchema>;

/** For a change record: without the list of hashed patients. */
export function withoutPatients({ trainedOn: _trainedOn, ...lineage }: Lineage): Lineage {
  return lineage;
}
