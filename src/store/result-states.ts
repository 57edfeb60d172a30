import { and, asc, eq, gt, sql } from './drizzle.js';
import type { Database } from './database.js';
import { reading } from './reading-schema.js';
import { result, study, type Outcome, type RecordedFinding } from './schema.js';

/** A study, its current result if it has one, and its reading state. */
export interface ResultStateRow {
  readonly studyInstanceUID: string;
  /** Orthanc's id of the study. */
  readonly pacsStudyId: string;
  readonly outcome: Outcome | undefined;
  readonly findings: readonly RecordedFinding[];
  readonly reading: { readonly waits: boolean; readonly readAt: Date | null; readonly claimedUntil: Date | null } | undefined;
}

export interface ResultStates {
  find(studyInstanceUID: string): Promise<ResultStateRow | undefined>;
  /** All, by UID: start again after the last one of a page. */
  page(options: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly ResultStateRow[]>;
}

export function resultStatesIn(database: Database): ResultStates {
  const select = async (condition: ReturnType<typeof eq> | undefined, limit: number): Promise<readonly ResultStateRow[]> => {
    const rows = await database.run((tables) =>
      tables
        .select({
          studyInstanceUID: study.studyInstanceUID,
          pacsStudyId: study.orthancId,
          outcome: result.outcome,
          findings: result.findings,
          waits: reading.waits,
          readAt: reading.readAt,
          claimedUntil: reading.claimedUntil,
        })
        .from(study)
        .leftJoin(result, and(eq(result.studyInstanceUID, study.studyInstanceUID), sql`${result.isCurrent}`))
        .leftJoin(reading, eq(reading.studyInstanceUID, study.studyInstanceUID))
        .where(condition)
        .orderBy(asc(study.studyInstanceUID))
        .limit(limit),
    );
    return rows.map(({ outcome, findings, waits, readAt, claimedUntil, ...one }) => ({
      ...one,
      outcome: outcome ?? undefined,
      findings: findings ?? [],
      reading: waits === null ? undefined : { waits, readAt, claimedUntil },
    }));
  };
  return {
    find: async (studyInstanceUID) => (await select(eq(study.studyInstanceUID, studyInstanceUID), 1))[0],
    page: ({ after, limit }) => select(after === undefined ? undefined : gt(study.studyInstanceUID, after), limit),
  };
}
