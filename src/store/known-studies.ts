import { and, asc, desc, gt, inArray, isNotNull, sql } from './drizzle.js';
import type { Database } from './database.js';
import { assessment } from './label-schema.js';
import { result, study } from './schema.js';
import type { StudyRow } from './studies.js';
import { trialStudy } from './trial-schema.js';

/** What the index has of a study with a result, for the comparison with the PACS. */
export interface KnownStudyRow {
  readonly studyInstanceUID: string;
  readonly orthancId: string;
  readonly contentKey: string;
  readonly documentSeries: readonly string[];
  readonly assessmentSeries: readonly string[];
}

export interface KnownStudies {
  /** Those that got something last. */
  newest(limit: number): Promise<readonly KnownStudyRow[]>;
  /** All, by UID: start again after the last one of a page. */
  page(options: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly KnownStudyRow[]>;
  /** Study Instance UIDs that have assessments of readers and were never analysed: after a rebuild, as a rule. */
  withAssessmentsOnly(): Promise<readonly { readonly studyInstanceUID: string; readonly assessmentSeries: readonly string[] }[]>;
  /** Those of silent trials that have no result, by UID as `page`. */
  ofTrialsOnly(options: {
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<readonly { readonly studyInstanceUID: string; readonly orthancId: string }[]>;
}

export function knownStudiesIn(database: Database): KnownStudies {
  const isKnown = and(isNotNull(study.contentKey), inArray(study.state, ['done', 'failed']));
  return {
    async newest(limit) {
      return withSeries(
        database,
        await database.run((tables) => tables.select().from(study).where(isKnown).orderBy(desc(study.lastSeenAt)).limit(limit)),
      );
    },
    async page({ after, limit }) {
      const beyond = after === undefined ? undefined : gt(study.studyInstanceUID, after);
      return withSeries(
        database,
        await database.run((tables) =>
          tables.select().from(study).where(and(isKnown, beyond)).orderBy(asc(study.studyInstanceUID)).limit(limit),
        ),
      );
    },
    async withAssessmentsOnly() {
      const rows = await database.run((tables) =>
        tables
          .select({
            studyInstanceUID: assessment.studyInstanceUID,
            assessmentSeries: sql<string[]>`json_agg(${assessment.seriesInstanceUID})`,
          })
          .from(assessment)
          .where(sql`NOT EXISTS (SELECT 1 FROM ${study} WHERE ${study.studyInstanceUID} = ${assessment.studyInstanceUID})`)
          .groupBy(assessment.studyInstanceUID),
      );
      return rows;
    },
    ofTrialsOnly({ after, limit }) {
      const beyond = after === undefined ? undefined : gt(trialStudy.studyInstanceUID, after);
      const isTrialOnly = sql`NOT EXISTS (SELECT 1 FROM ${study} WHERE ${study.studyInstanceUID} = ${trialStudy.studyInstanceUID})`;
      return database.run((tables) =>
        tables
          .selectDistinctOn([trialStudy.studyInstanceUID], {
            studyInstanceUID: trialStudy.studyInstanceUID,
            orthancId: trialStudy.orthancId,
          })
          .from(trialStudy)
          .where(and(isTrialOnly, beyond))
          .orderBy(asc(trialStudy.studyInstanceUID), desc(trialStudy.backfillId))
          .limit(limit),
      );
    },
  };
}

async function withSeries(database: Database, rows: readonly StudyRow[]): Promise<readonly KnownStudyRow[]> {
  if (rows.length === 0) return [];
  const uids = rows.map((one) => one.studyInstanceUID);
  const [results, assessments] = await Promise.all([
    database.run((tables) =>
      tables
        .select({ uid: result.studyInstanceUID, documents: result.documents })
        .from(result)
        .where(and(inArray(result.studyInstanceUID, uids), sql`${result.isCurrent}`)),
    ),
    database.run((tables) =>
      tables
        .select({ uid: assessment.studyInstanceUID, series: assessment.seriesInstanceUID })
        .from(assessment)
        .where(inArray(assessment.studyInstanceUID, uids)),
    ),
  ]);
  const documents = new Map(results.map((one) => [one.uid, one.documents]));
  return rows.map(({ studyInstanceUID, orthancId, contentKey }) => ({
    studyInstanceUID,
    orthancId,
    contentKey: contentKey ?? '',
    documentSeries: [...new Set((documents.get(studyInstanceUID) ?? []).map((one) => one.seriesInstanceUID))],
    assessmentSeries: assessments.filter((one) => one.uid === studyInstanceUID).map((one) => one.series),
  }));
}
