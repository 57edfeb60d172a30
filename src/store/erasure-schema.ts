import { text } from './drizzle.js';
import { chestAi, timeColumn } from './schema-columns.js';

/** Studies whose data were erased, as drizzle sees them; migrations/0036 makes the table. */
export const erasedStudy = chestAi.table('erased_study', {
  /** Keyed hash of the Study Instance UID. */
  studyHash: text('study_hash').primaryKey(),
  erasedAt: timeColumn('erased_at').notNull(),
});
