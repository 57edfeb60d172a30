import { bigint, boolean, integer, jsonb, primaryKey, text } from './drizzle.js';
import { chestAi, timeColumn } from './schema-columns.js';

/* Analyses of the archive as drizzle sees them; migrations/0033 makes the tables. */

/** `done`: every study that was found has its outcome. */
export type BackfillState = 'running' | 'paused' | 'done' | 'cancelled';

/**
 * What became of a study of a backfill. `done`: analysed; `unchanged`: it had a current result already; `skipped`: another rule or none
 * takes it, or it was examined and not analysed; `vanished`: the PACS no longer contains it.
 */
export type BackfillOutcome = 'done' | 'unchanged' | 'skipped' | 'failed' | 'vanished';

export const backfill = chestAi.table('backfill', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  /** First Study Date, YYYYMMDD. */
  since: text('since').notNull(),
  /** Last Study Date, YYYYMMDD. */
  until: text('until').notNull(),
  /** Only studies that this routing rule takes. */
  rule: text('rule'),
  perHour: integer('per_hour').notNull(),
  /** "20-06"; absent: at all hours. */
  hours: text('hours'),
  /** Version of the model that analyses them; absent: the deployed one, or in shadow the challengers. */
  model: text('model'),
  /** Predictions only; nothing is written to the PACS. */
  shadow: boolean('shadow').notNull(),
  state: text('state').$type<BackfillState>().notNull(),
  /** The next Study Date to search for, YYYYMMDD; absent when all were searched for. */
  cursor: text('cursor'),
  /** Before this time no further study is queued. */
  nextAt: timeColumn('next_at').notNull(),
  /** The last step in which studies could be queued. */
  steppedAt: timeColumn('stepped_at'),
  /** Milliseconds in which studies could be queued. */
  activeMs: bigint('active_ms', { mode: 'number' }).notNull().default(0),
  found: integer('found').notNull().default(0),
  queued: integer('queued').notNull().default(0),
  done: integer('done').notNull().default(0),
  unchanged: integer('unchanged').notNull().default(0),
  skipped: integer('skipped').notNull().default(0),
  failed: integer('failed').notNull().default(0),
  vanished: integer('vanished').notNull().default(0),
  /** Account, token or command. */
  createdBy: text('created_by').notNull(),
  createdAt: timeColumn('created_at').notNull(),
  updatedAt: timeColumn('updated_at').notNull(),
});

/** A study of a backfill; UIDs and the PACS's own ids only. */
export const backfillStudy = chestAi.table(
  'backfill_study',
  {
    backfillId: integer('backfill_id').notNull(),
    studyInstanceUID: text('study_instance_uid').notNull(),
    place: bigint('place', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    state: text('state').$type<'waiting' | 'queued' | BackfillOutcome>().notNull(),
    /** Keys of its jobs while it is queued. */
    jobKeys: jsonb('job_keys').$type<readonly string[]>().notNull().default([]),
    /** How often it was queued. */
    attempts: integer('attempts').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.backfillId, table.studyInstanceUID] })],
);
