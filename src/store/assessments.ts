import { and, asc, eq, inArray, notInArray, sql } from './drizzle.js';
import type { Database } from './database.js';
import { updateDisagreement } from './disagreement.js';
import { label, assessment, type LabelSource } from './label-schema.js';
import { readByAssessment } from './readings.js';

/** A document with a reader's assessment of a study. */
export type AssessmentRow = Readonly<typeof assessment.$inferSelect>;

/** A reader of a study. */
export interface StudyReader {
  readonly reader: string;
  /** Null if the documents do not state it. */
  readonly at: Date | null;
}

export interface Assessments {
  /**
   * Records an assessment, the labels that follow from it, and that its study was read, in one transaction. An existing one is not changed.
   *
   * @returns false if it existed
   */
  record(row: AssessmentRow): Promise<boolean>;
  /** Oldest first. */
  ofStudy(studyInstanceUID: string): Promise<readonly AssessmentRow[]>;
  /**
   * Removes the assessments of a study that the PACS no longer has, with their labels.
   *
   * @param known only of these: one that was recorded after the PACS was read is not in the list of what it has
   * @returns their number
   */
  prune(studyInstanceUID: string, sopInstanceUIDs: readonly string[], known?: readonly string[]): Promise<number>;
  /** Who assessed these studies and when last, by Study Instance UID, the latest first. */
  readersOf(studyInstanceUIDs: readonly string[]): Promise<ReadonlyMap<string, readonly StudyReader[]>>;
  count(): Promise<number>;
  /** Of those that this program did not write itself. */
  countOfOtherSystems(): Promise<number>;
}

export function assessmentsIn(database: Database): Assessments {
  return {
    record: (row) =>
      database.transaction(async (tables) => {
        const inserted = await tables.insert(assessment).values(row).onConflictDoNothing().returning({ uid: assessment.sopInstanceUID });
        if (inserted.length === 0) return false;
        const labels = labelsOf(row);
        if (labels.length > 0) await tables.insert(label).values(labels).onConflictDoNothing();
        // A withdrawal states nothing that somebody has read.
        if (row.withdrawn.length === 0) await readByAssessment(tables, row.studyInstanceUID, row.reader, row.givenAt ?? new Date());
        await updateDisagreement(tables, [row.studyInstanceUID]);
        return true;
      }),

    ofStudy(studyInstanceUID) {
      return database.run((tables) =>
        tables
          .select()
          .from(assessment)
          .where(eq(assessment.studyInstanceUID, studyInstanceUID))
          .orderBy(sql`${assessment.givenAt} NULLS FIRST`, asc(assessment.sopInstanceUID)),
      );
    },

    prune: (studyInstanceUID, sopInstanceUIDs, known) =>
      database.transaction(async (tables) => {
        const gone = await tables
          .delete(assessment)
          .where(
            and(
              eq(assessment.studyInstanceUID, studyInstanceUID),
              sopInstanceUIDs.length > 0 ? notInArray(assessment.sopInstanceUID, [...sopInstanceUIDs]) : undefined,
              known && (known.length > 0 ? inArray(assessment.sopInstanceUID, [...known]) : sql`false`),
            ),
          )
          .returning({ uid: assessment.sopInstanceUID });
        for (const { uid } of gone)
          await tables.delete(label).where(and(eq(label.studyInstanceUID, studyInstanceUID), eq(label.origin, uid)));
        if (gone.length > 0) await updateDisagreement(tables, [studyInstanceUID]);
        return gone.length;
      }),

    async readersOf(studyInstanceUIDs) {
      if (studyInstanceUIDs.length === 0) return new Map();
      const at = sql<Date | null>`max(${assessment.givenAt})`.mapWith(assessment.givenAt);
      const rows = await database.run((tables) =>
        tables
          .select({ study: assessment.studyInstanceUID, reader: assessment.reader, at })
          .from(assessment)
          .where(and(inArray(assessment.studyInstanceUID, [...studyInstanceUIDs]), sql`${assessment.withdrawn} = '[]'`))
          .groupBy(assessment.studyInstanceUID, assessment.reader)
          .orderBy(sql`${at} DESC NULLS LAST`, asc(assessment.reader)),
      );
      const readers = new Map<string, StudyReader[]>();
      for (const { study, ...one } of rows) readers.set(study, [...(readers.get(study) ?? []), one]);
      return readers;
    },

    async count() {
      const [row] = await database.run((tables) => tables.select({ n: sql<number>`count(*)::int` }).from(assessment));
      return row!.n;
    },

    async countOfOtherSystems() {
      const [row] = await database.run((tables) =>
        tables
          .select({ n: sql<number>`count(*)::int` })
          .from(assessment)
          .where(notInArray(assessment.origin, ['page', 'api', 'csv'])),
      );
      return row!.n;
    },
  };
}

function labelsOf(row: AssessmentRow): (typeof label.$inferInsert)[] {
  const source: LabelSource =
    row.kind === 'verified-report'
      ? 'verified-report'
      : row.origin === 'page' || row.origin === 'api' || row.origin === 'csv'
        ? row.origin
        : 'assessment';
  return row.findings.flatMap(({ name, decision }) =>
    name === undefined
      ? []
      : [
          {
            studyInstanceUID: row.studyInstanceUID,
            finding: name,
            origin: row.sopInstanceUID,
            source,
            reader: row.reader,
            decision,
            verified: row.verified,
            adjudicates: row.adjudicates,
            givenAt: row.givenAt,
          },
        ],
  );
}
