import { jsonb, primaryKey, text } from './drizzle.js';
import { chestAi, timeColumn } from './schema-columns.js';

/* What drift is told by, as drizzle sees it; migrations/0006 makes the tables. */

export const studyStatistics = chestAi.table(
  'study_statistics',
  {
    studyInstanceUID: text('study_instance_uid').notNull(),
    network: text('network').$type<'xray' | 'ct'>().notNull(),
    modelVersion: text('model_version').notNull(),
    /** The model line of that version. */
    line: text('line').notNull().default('default'),
    /** A configured name or a keyed hash. */
    site: text('site').notNull(),
    predictedAt: timeColumn('predicted_at').notNull(),
    numbers: jsonb('numbers').$type<Readonly<Record<string, number>>>().notNull(),
    names: jsonb('names').$type<Readonly<Record<string, string>>>().notNull(),
    /** What was reported, by finding. */
    decisions: jsonb('decisions').$type<Readonly<Record<string, 'present' | 'absent' | 'undetermined'>>>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.studyInstanceUID, table.modelVersion] })],
);

export const driftAlarm = chestAi.table('drift_alarm', {
  id: text('id').primaryKey(),
  line: text('line').notNull().default('default'),
  site: text('site').notNull(),
  network: text('network').$type<'xray' | 'ct'>().notNull(),
  quantity: text('quantity').notNull(),
  raisedAt: timeColumn('raised_at').notNull(),
  seenAt: timeColumn('seen_at').notNull(),
  /** When it was found gone; absent while it lasts. */
  overAt: timeColumn('over_at'),
  /** One sentence of figures. */
  detail: text('detail').notNull(),
  acknowledgedBy: text('acknowledged_by'),
  acknowledgedAt: timeColumn('acknowledged_at'),
});

/** `report`: the last comparison of the default line; `report/NAME`: of another. `site-key`: with it sites are hashed, the same for all processes. */
export const driftState = chestAi.table('drift_state', {
  name: text('name').primaryKey(),
  value: jsonb('value').$type<unknown>().notNull(),
});
