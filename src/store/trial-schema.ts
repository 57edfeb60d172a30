import { boolean, integer, jsonb, primaryKey, text } from './drizzle.js';
import { chestAi, timeColumn } from './schema-columns.js';
import type { ShadowFinding } from './shadow-schema.js';

/* Silent trials as drizzle sees them; migrations/0035 makes the tables. */

/** The groups of a study, as its images state them. An attribute that they do not state is absent. */
export interface TrialGroups {
  /** Configured name, or a keyed hash of the institution or station. */
  readonly site?: string;
  /** Manufacturer and model. */
  readonly scanner?: string;
  /** View Position of the analysed images, e.g. `AP` or `AP + PA`. */
  readonly view?: string;
  /** Patient's Sex: F, M or O. */
  readonly sex?: string;
  /** In steps of twenty years. */
  readonly age?: string;
}

/** What a model version predicts for a study of a silent trial. */
export const trialStudy = chestAi.table(
  'trial_study',
  {
    backfillId: integer('backfill_id').notNull(),
    studyInstanceUID: text('study_instance_uid').notNull(),
    modelVersion: text('model_version').notNull(),
    /** By it deletions are found: the study need not have a result. */
    orthancId: text('orthanc_id').notNull(),
    /** `skipped`: the model abstains. */
    outcome: text('outcome').$type<'reported' | 'skipped'>().notNull(),
    findings: jsonb('findings').$type<readonly ShadowFinding[]>().notNull(),
    /** Of the result in the PACS for the same images; none if there is no such result. */
    reportedFindings: jsonb('reported_findings').$type<readonly ShadowFinding[]>().notNull(),
    /** Keyed hash of Patient ID and issuer. */
    patientKey: text('patient_key').notNull(),
    groups: jsonb('groups').$type<TrialGroups>().notNull(),
    /** Whether the version was trained, validated or calibrated on images of this patient; absent: not known. */
    isKnownToModel: boolean('is_known_to_model'),
  },
  (table) => [primaryKey({ columns: [table.backfillId, table.studyInstanceUID, table.modelVersion] })],
);

/** A person's statement on the report of a silent trial. */
export const signOff = chestAi.table('sign_off', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  backfillId: integer('backfill_id').notNull(),
  modelVersion: text('model_version').notNull(),
  /** SHA-256 of the figures that were signed. */
  figuresSha256: text('figures_sha256').notNull(),
  isAccepted: boolean('is_accepted').notNull(),
  /** Name, role and comment as the person states them. */
  name: text('name').notNull(),
  role: text('role').notNull(),
  comment: text('comment').notNull(),
  /** Account, token or command. */
  signedBy: text('signed_by').notNull(),
  signedAt: timeColumn('signed_at').notNull(),
});
