import { inArray, sql } from './drizzle.js';
import type { Tables } from './database.js';
import { reading } from './reading-schema.js';

/** Studies per statement. */
const maxStudies = 1_000;

/**
 * Notes for each study whether its readers disagree on a finding, as assessments/adjudicated-labels.ts derives it from their statements; to
 * be called in every transaction that changes statements. What rules read in reports does not count as a reader's statement here.
 */
export async function updateDisagreement(tables: Tables, studyInstanceUIDs: readonly string[]): Promise<void> {
  const uids = [...new Set(studyInstanceUIDs)];
  for (let from = 0; from < uids.length; from += maxStudies) {
    const some = uids.slice(from, from + maxStudies);
    // A statement of its own: the update then sees what a transaction has committed that held the rows. The order prevents deadlocks.
    await tables
      .select({ uid: reading.studyInstanceUID })
      .from(reading)
      .where(inArray(reading.studyInstanceUID, some))
      .orderBy(reading.studyInstanceUID)
      .for('update');
    await tables
      .update(reading)
      .set({ isDisagreed: sql`chest_ai.readers_disagree(${reading.studyInstanceUID})` })
      .where(inArray(reading.studyInstanceUID, some));
  }
}
