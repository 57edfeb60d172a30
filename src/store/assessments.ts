import { and, asc, eq, notInArray, sql } from 'drizzle-orm';
import type { Database } from './database.js';
import { label, verdict, type LabelSource } from './label-schema.js';

/** A document in which a person judges a study. */
export type VerdictRow = Readonly<typeof verdict.$inferSelect>;

export interface Verdicts {
  /**
   * Notes a verdict with the labels that follow from it, in one step. One that is there is left as it is.
   *
   * @returns false if it was there
   */
  record(row: VerdictRow): Promise<boolean>;
  /** Oldest first. */
  ofStudy(studyInstanceUID: string): Promise<readonly VerdictRow[]>;
  /** Takes away, with their labels, those of a study that the PACS no longer holds. @returns how many */
  keepOnly(studyInstanceUID: string, sopInstanceUIDs: readonly string[]): Promise<number>;
  count(): Promise<number>;
}

export function verdictsIn(database: Database): Verdicts {
  return {
    record: (row) =>
      database.transaction(async (tables) => {
        const inserted = await tables.insert(verdict).values(row).onConflictDoNothing().returning({ uid: verdict.sopInstanceUID });
        if (inserted.length === 0) return false;
        const labels = labelsOf(row);
        if (labels.length > 0) await tables.insert(label).values(labels).onConflictDoNothing();
        return true;
      }),

    ofStudy(studyInstanceUID) {
      return database.run((tables) =>
        tables.select().from(verdict).where(eq(verdict.studyInstanceUID, studyInstanceUID)).orderBy(sql`${verdict.givenAt} NULLS FIRST`, asc(verdict.sopInstanceUID)),
      );
    },

    keepOnly: (studyInstanceUID, sopInstanceUIDs) =>
      database.transaction(async (tables) => {
        const gone = await tables
          .delete(verdict)
          .where(and(eq(verdict.studyInstanceUID, studyInstanceUID), sopInstanceUIDs.length > 0 ? notInArray(verdict.sopInstanceUID, [...sopInstanceUIDs]) : undefined))
          .returning({ uid: verdict.sopInstanceUID });
        for (const { uid } of gone) await tables.delete(label).where(and(eq(label.studyInstanceUID, studyInstanceUID), eq(label.origin, uid)));
        return gone.length;
      }),

    async count() {
      const [row] = await database.run((tables) => tables.select({ n: sql<number>`count(*)::int` }).from(verdict));
      return row!.n;
    },
  };
}

function labelsOf(row: VerdictRow): (typeof label.$inferInsert)[] {
  const source: LabelSource = row.kind === 'verified-report' ? 'verified-report' : row.whence === 'page' || row.whence === 'api' || row.whence === 'csv' ? row.whence : 'verdict';
  return row.findings.flatMap(({ name, decision }) =>
    name === undefined
      ? []
      : [{ studyInstanceUID: row.studyInstanceUID, finding: name, origin: row.sopInstanceUID, source, reader: row.reader, decision, verified: row.verified, settles: row.settles, givenAt: row.givenAt }],
  );
}
