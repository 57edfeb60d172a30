import { jsonb, primaryKey, text } from './drizzle.js';
import { chestAi, timeColumn } from './schema-columns.js';

/* A challenger's predictions in shadow, as drizzle sees them; migrations/0004 makes the table. */

/** The prediction of one finding. */
export interface ShadowFinding {
  readonly name: string;
  /** Calibrated, 0 to 1. */
  readonly probability: number;
  readonly decision: 'present' | 'absent' | 'undetermined';
}

export const shadowResult = chestAi.table(
  'shadow_result',
  {
    studyInstanceUID: text('study_instance_uid').notNull(),
    /** Of the challenger. */
    modelVersion: text('model_version').notNull(),
    /** Hash of the image UIDs that both rest on. */
    inputKey: text('input_key').notNull(),
    championVersion: text('champion_version').notNull(),
    predictedAt: timeColumn('predicted_at').notNull(),
    outcome: text('outcome').$type<'reported' | 'skipped'>().notNull(),
    findings: jsonb('findings').$type<readonly ShadowFinding[]>().notNull(),
    championFindings: jsonb('champion_findings').$type<readonly ShadowFinding[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.studyInstanceUID, table.modelVersion, table.inputKey] })],
);
