import { boolean, doublePrecision, smallint, text } from './drizzle.js';
import type { AgeGroup } from '../dicom/patient-age.js';
import { chestAi, timeColumn } from './schema-columns.js';

/* The reading state of studies, as drizzle sees it; migrations/0032 makes the table. */

/** FHIR's Encounter.class. */
export type RecordedEncounter = 'emergency' | 'inpatient' | 'outpatient';

/** One row for each study with a current result. */
export const reading = chestAi.table('reading', {
  studyInstanceUID: text('study_instance_uid').primaryKey(),
  /** A rule selected the study and it does not come from an archive: it waits until somebody has read it. */
  waits: boolean('waits').notNull(),
  waitingSince: timeColumn('waiting_since').notNull(),
  urgency: doublePrecision('urgency').notNull(),
  /** In steps of twenty years. */
  ageGroup: smallint('age_group').$type<AgeGroup>(),
  encounterClass: text('encounter_class').$type<RecordedEncounter>(),
  /** Account that reads the study, or has read it. */
  reader: text('reader'),
  /** Until then nobody else reads it. */
  claimedUntil: timeColumn('claimed_until'),
  readAt: timeColumn('read_at'),
  /** The readers disagree on a finding (migrations/0039). */
  isDisagreed: boolean('is_disagreed').notNull().default(false),
  /** Of the images, e.g. DX. */
  modalities: text('modalities').array().notNull().default([]),
});
