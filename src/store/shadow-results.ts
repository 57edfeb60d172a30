import { asc, eq, sql } from './drizzle.js';
import type { Database } from './database.js';
import { shadowResult } from './shadow-schema.js';

/** A challenger's prediction of one study, beside the reported one. */
export type ShadowRow = Readonly<typeof shadowResult.$inferSelect>;

export interface ShadowResults {
  /** Of the same study, version and images again: the same row. */
  record(row: ShadowRow): Promise<void>;
  ofStudy(studyInstanceUID: string): Promise<readonly ShadowRow[]>;
  ofVersion(modelVersion: string, options?: { readonly limit?: number }): Promise<readonly ShadowRow[]>;
}

export function shadowResultsIn(database: Database): ShadowResults {
  return {
    async record(row) {
      const { studyInstanceUID: _study, modelVersion: _version, inputKey: _key, ...rest } = row;
      const target = [shadowResult.studyInstanceUID, shadowResult.modelVersion, shadowResult.inputKey];
      await database.run((tables) => tables.insert(shadowResult).values(row).onConflictDoUpdate({ target, set: rest }));
    },
    ofStudy(studyInstanceUID) {
      return database.run((tables) => tables.select().from(shadowResult).where(eq(shadowResult.studyInstanceUID, studyInstanceUID)));
    },
    ofVersion(modelVersion, { limit = 10_000 } = {}) {
      return database.run((tables) =>
        tables
          .select()
          .from(shadowResult)
          .where(eq(shadowResult.modelVersion, modelVersion))
          .orderBy(asc(shadowResult.predictedAt), sql`${shadowResult.studyInstanceUID}`)
          .limit(limit),
      );
    },
  };
}
