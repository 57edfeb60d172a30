import { asc, desc, eq, gt, sql } from './drizzle.js';
import type { Database, Tables } from './database.js';
import { studyChange } from './schema.js';
import { noteWorklistChange } from './worklist-change.js';

/** A study whose images changed or that was deleted. */
export type StudyChange = Readonly<typeof studyChange.$inferSelect>;

export interface StudyChanges {
  /** Durable when it resolves. */
  record(studyInstanceUID: string): Promise<void>;
  /** In the order of their transactions: a later one never has a lower number. */
  after(number: number, limit: number): Promise<readonly StudyChange[]>;
  find(number: number): Promise<StudyChange | undefined>;
  newest(): Promise<StudyChange | undefined>;
  /** Removes changes older than this, but never the newest. @returns their number */
  prune(before: Date): Promise<number>;
}

export function studyChangesIn(database: Database): StudyChanges {
  return {
    record: (studyInstanceUID) => database.transaction((tables) => noteStudyChange(tables, studyInstanceUID)),

    after: (number, limit) =>
      database.run((tables) =>
        tables.select().from(studyChange).where(gt(studyChange.number, number)).orderBy(asc(studyChange.number)).limit(limit),
      ),

    async find(number) {
      const [row] = await database.run((tables) => tables.select().from(studyChange).where(eq(studyChange.number, number)));
      return row;
    },

    async newest() {
      const [row] = await database.run((tables) => tables.select().from(studyChange).orderBy(desc(studyChange.number)).limit(1));
      return row;
    },

    async prune(before) {
      const removed = await database.run((tables) =>
        tables
          .delete(studyChange)
          .where(sql`${studyChange.changedAt} < ${before} AND ${studyChange.number} < (SELECT max(number) FROM ${studyChange})`)
          .returning({ number: studyChange.number }),
      );
      return removed.length;
    },
  };
}

/** Whether a change names an erased study: by a part of the hash of its UID, from which picture-key.ts makes the names of its pictures. */
export function isErasedName(studyInstanceUID: string): boolean {
  return studyInstanceUID.startsWith(erasedPrefix);
}

export const erasedPrefix = 'erased-';

/** To be called last in a transaction: the numbers rise in the order in which transactions end, so a reader misses none. */
export async function noteStudyChange(tables: Tables, studyInstanceUID: string): Promise<void> {
  const number = await noteWorklistChange(tables);
  await tables.insert(studyChange).values({ number, studyInstanceUID });
}
