import { and, asc, eq, gt, lt, not, sql } from './drizzle.js';
import type { Database } from './database.js';
import { result, study } from './schema.js';

/** Documents of superseded results, as the index knows them; the PACS is asked before one is removed. */
export interface SupersededDocuments {
  /** Studies whose work is done and that have documents of superseded results made before this time, by UID: the last one of a page names the next page. */
  studies(options: { readonly before: Date; readonly after?: string | undefined; readonly limit: number }): Promise<readonly string[]>;
  /** The index lists of superseded results those documents alone that the PACS still contains. */
  retain(studyInstanceUID: string, sopInstanceUIDs: readonly string[]): Promise<void>;
}

export function supersededDocumentsIn(database: Database): SupersededDocuments {
  const isSuperseded = and(not(result.isCurrent), sql`jsonb_array_length(${result.documents}) > 0`);
  return {
    async studies({ before, after, limit }) {
      const rows = await database.run((tables) =>
        tables
          .selectDistinct({ uid: result.studyInstanceUID })
          .from(result)
          .innerJoin(study, and(eq(study.studyInstanceUID, result.studyInstanceUID), eq(study.state, 'done')))
          .where(and(isSuperseded, lt(result.createdAt, before), after === undefined ? undefined : gt(result.studyInstanceUID, after)))
          .orderBy(asc(result.studyInstanceUID))
          .limit(limit),
      );
      return rows.map(({ uid }) => uid);
    },

    retain: (studyInstanceUID, sopInstanceUIDs) =>
      database.transaction(async (tables) => {
        const present = new Set(sopInstanceUIDs);
        const rows = await tables
          .select({ id: result.resultId, documents: result.documents })
          .from(result)
          .where(and(eq(result.studyInstanceUID, studyInstanceUID), isSuperseded))
          .for('update');
        for (const { id, documents } of rows) {
          const retained = documents.filter((one) => present.has(one.sopInstanceUID));
          if (retained.length < documents.length)
            await tables
              .update(result)
              .set({ documents: retained })
              .where(and(eq(result.resultId, id), not(result.isCurrent)));
        }
      }),
  };
}
