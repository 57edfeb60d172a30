import { and, asc, count, eq, gt } from './drizzle.js';
import type { Database } from './database.js';
import { signOff, trialStudy } from './trial-schema.js';

export type { TrialGroups } from './trial-schema.js';

export type TrialStudyRow = Readonly<typeof trialStudy.$inferSelect>;
export type SignOffRow = Readonly<typeof signOff.$inferSelect>;
export type NewSignOff = Readonly<Omit<SignOffRow, 'id'>>;

/** Silent trials: what a model version predicts for studies of a backfill, and the sign-offs of its report. */
export interface Trials {
  /** Of the same backfill, study and version again: the same row. */
  record(row: TrialStudyRow): Promise<void>;
  /** By Study Instance UID. */
  studies(backfillId: number, modelVersion: string): Promise<readonly TrialStudyRow[]>;
  /** Versions of a backfill with their number of studies, most studies first. */
  versions(backfillId: number): Promise<readonly { readonly modelVersion: string; readonly studies: number }[]>;
  sign(given: NewSignOff): Promise<SignOffRow>;
  /** Oldest first. */
  signOffs(backfillId: number, modelVersion: string): Promise<readonly SignOffRow[]>;
}

const studiesOfPage = 5_000;

export function trialsIn(database: Database): Trials {
  return {
    async record(row) {
      const { backfillId: _backfill, studyInstanceUID: _study, modelVersion: _version, ...rest } = row;
      const target = [trialStudy.backfillId, trialStudy.studyInstanceUID, trialStudy.modelVersion];
      await database.run((tables) => tables.insert(trialStudy).values(row).onConflictDoUpdate({ target, set: rest }));
    },

    async studies(backfillId, modelVersion) {
      const rows: TrialStudyRow[] = [];
      for (let after = ''; ; after = rows.at(-1)!.studyInstanceUID) {
        const page = await database.run((tables) =>
          tables
            .select()
            .from(trialStudy)
            .where(
              and(eq(trialStudy.backfillId, backfillId), eq(trialStudy.modelVersion, modelVersion), gt(trialStudy.studyInstanceUID, after)),
            )
            .orderBy(asc(trialStudy.studyInstanceUID))
            .limit(studiesOfPage),
        );
        rows.push(...page);
        if (page.length < studiesOfPage) return rows;
      }
    },

    async versions(backfillId) {
      const rows = await database.run((tables) =>
        tables
          .select({ modelVersion: trialStudy.modelVersion, studies: count() })
          .from(trialStudy)
          .where(eq(trialStudy.backfillId, backfillId))
          .groupBy(trialStudy.modelVersion),
      );
      return [...rows].sort((a, b) => b.studies - a.studies || (a.modelVersion < b.modelVersion ? -1 : 1));
    },

    async sign(given) {
      const [row] = await database.run((tables) => tables.insert(signOff).values(given).returning());
      return row!;
    },

    signOffs: (backfillId, modelVersion) =>
      database.run((tables) =>
        tables
          .select()
          .from(signOff)
          .where(and(eq(signOff.backfillId, backfillId), eq(signOff.modelVersion, modelVersion)))
          .orderBy(asc(signOff.id)),
      ),
  };
}
