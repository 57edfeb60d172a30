import { and, asc, desc, eq, gte, lt, sql } from 'drizzle-orm';
import type { Database } from './database.js';
import { studyStatistics } from './drift-schema.js';
import { label } from './label-schema.js';

/** Numbers and short names of one judged study. */
export type StudyStatisticsRow = Readonly<typeof studyStatistics.$inferSelect>;
/** What was reported of a study that readers have judged. */
export type ReportedDecisions = Pick<StudyStatisticsRow, 'studyInstanceUID' | 'site' | 'network' | 'judgedAt' | 'decisions'>;

export interface StatisticsOfStudies {
  /** Of the same study and version again: the later one. */
  record(row: StudyStatisticsRow): Promise<void>;
  /** Of all sites, newest first. */
  since(from: Date, options?: { readonly limit?: number }): Promise<readonly StudyStatisticsRow[]>;
  /** The first ones of a site, oldest first. */
  first(of: { readonly site: string; readonly network: 'xray' | 'ct'; readonly before: Date; readonly modelVersion?: string; readonly limit: number }): Promise<readonly StudyStatisticsRow[]>;
  /** Of one version, those of which there is a label; newest first. */
  labelled(modelVersion: string, from: Date, options?: { readonly limit?: number }): Promise<readonly ReportedDecisions[]>;
}

/** More than a large hospital makes in a week. */
const mostRows = 20_000;

export function statisticsIn(database: Database): StatisticsOfStudies {
  return {
    async record(row) {
      const { studyInstanceUID: _study, modelVersion: _version, ...rest } = row;
      await database.run((tables) => tables.insert(studyStatistics).values(row).onConflictDoUpdate({ target: [studyStatistics.studyInstanceUID, studyStatistics.modelVersion], set: rest }));
    },

    since(from, { limit = mostRows } = {}) {
      return database.run((tables) => tables.select().from(studyStatistics).where(gte(studyStatistics.judgedAt, from)).orderBy(desc(studyStatistics.judgedAt), asc(studyStatistics.studyInstanceUID)).limit(limit));
    },

    first({ site, network, before, modelVersion, limit }) {
      return database.run((tables) =>
        tables
          .select()
          .from(studyStatistics)
          .where(and(eq(studyStatistics.site, site), eq(studyStatistics.network, network), lt(studyStatistics.judgedAt, before), modelVersion === undefined ? undefined : eq(studyStatistics.modelVersion, modelVersion)))
          .orderBy(asc(studyStatistics.judgedAt), asc(studyStatistics.studyInstanceUID))
          .limit(limit),
      );
    },

    labelled(modelVersion, from, { limit = mostRows } = {}) {
      const { studyInstanceUID, site, network, judgedAt, decisions } = studyStatistics;
      return database.run((tables) =>
        tables
          .select({ studyInstanceUID, site, network, judgedAt, decisions })
          .from(studyStatistics)
          .where(and(eq(studyStatistics.modelVersion, modelVersion), gte(judgedAt, from), sql`EXISTS (SELECT 1 FROM ${label} WHERE ${label.studyInstanceUID} = ${studyInstanceUID})`))
          .orderBy(desc(judgedAt), asc(studyInstanceUID))
          .limit(limit),
      );
    },
  };
}
