import { boolean, jsonb, primaryKey, text } from './drizzle.js';
import { chestAi, timeColumn } from './schema-columns.js';

/* Assessments of readers and the labels that follow, as drizzle sees them; migrations/0002 makes the tables. */

/** A reader's assessment of one finding; `name` is that of config/findings.json, absent for a concept that it does not define. */
export interface RecordedStatement {
  readonly name?: string;
  readonly code: string;
  readonly scheme: string;
  readonly meaning: string;
  readonly decision: 'present' | 'absent' | 'undetermined';
  readonly comparison?: 'confirmed' | 'rejected' | 'corrected' | 'added';
  readonly softwareDecision?: 'present' | 'absent' | 'undetermined';
}

/** A finding of which a reader withdraws every earlier assessment. */
export type WithdrawnFinding = Pick<RecordedStatement, 'name' | 'code' | 'scheme' | 'meaning'>;

export type AssessmentKind = 'assessment' | 'verified-report';
/** How a label reached us. The model's own output is none of them. */
export type LabelSource = 'page' | 'api' | 'csv' | 'assessment' | 'verified-report' | 'orthanc-label' | 'report';

/** Readers' assessments of studies, which are documents in the PACS. `reader` is the name of an account or a physician. */
export const assessment = chestAi.table('assessment', {
  sopInstanceUID: text('sop_instance_uid').primaryKey(),
  seriesInstanceUID: text('series_instance_uid').notNull(),
  studyInstanceUID: text('study_instance_uid').notNull(),
  kind: text('kind').$type<AssessmentKind>().notNull(),
  reader: text('reader').notNull(),
  verified: boolean('verified').notNull(),
  adjudicates: boolean('adjudicates').notNull(),
  origin: text('origin').notNull(),
  /** Absent if the document does not state it. */
  givenAt: timeColumn('given_at'),
  findings: jsonb('findings').$type<readonly RecordedStatement[]>().notNull(),
  withdrawn: jsonb('withdrawn').$type<readonly WithdrawnFinding[]>().notNull().default([]),
  /** SOP Instance UIDs of the assessed results and of the assessments that it adjudicates. */
  predecessors: jsonb('predecessors').$type<readonly string[]>().notNull(),
});

/** One statement of one reader on one finding of a study. Statements that contradict each other stand side by side. */
export const label = chestAi.table(
  'label',
  {
    studyInstanceUID: text('study_instance_uid').notNull(),
    finding: text('finding').notNull(),
    /** SOP Instance UID of the assessment, `orthanc-label`, or the key of a radiologist's report. */
    origin: text('origin').notNull(),
    source: text('source').$type<LabelSource>().notNull(),
    reader: text('reader').notNull(),
    decision: text('decision').$type<RecordedStatement['decision']>().notNull(),
    verified: boolean('verified').notNull(),
    adjudicates: boolean('adjudicates').notNull(),
    givenAt: timeColumn('given_at'),
  },
  (table) => [primaryKey({ columns: [table.studyInstanceUID, table.finding, table.origin] })],
);
