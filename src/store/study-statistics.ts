import { and, asc, desc, eq, getTableColumns, gte, lt, sql, type SQL } from './drizzle.js';
import { defaultLine } from '../lib/model-line.js';
import type { Database, Tables } from './database.js';
import { studyStatistics } from './drift-schema.js';
import { label } from './label-schema.js';

/** Statistics of one predicted study: numbers and short names. */
export type StudyStatisticsRow = Readonly<Omit<typeof studyStatistics.$inferSelect, 'line'>>;
/** What was reported of a study that readers have assessed. */
export type ReportedDecisions = Pick<StudyStatisticsRow, 'studyInstanceUID' | 'site' | 'network' | 'predictedAt' | 'decisions'>;

/** Studies as the champions of one model line have seen them. */
export interface StatisticsOfStudies {
  /** Replaces an earlier row of the same study and version. @param row of the line that it names, else of this one */
  record(row: StudyStatisticsRow & { readonly line?: string }): Promise<void>;
  /** Of all sites, newest first. If there are more than `limit`, a sample by UID, with the same share of each day; small sites are included completely. */
  since(from: Date, options?: { readonly limit?: number }): Promise<readonly StudyStatisticsRow[]>;
  /** The first ones of a site, oldest first. */
  first(of: {
    readonly site: string;
    readonly network: 'xray' | 'ct';
    readonly before: Date;
    readonly modelVersion?: string;
    readonly limit: number;
  }): Promise<readonly StudyStatisticsRow[]>;
  /** Of one version, those of which there is a label; newest first. */
  labelled(modelVersion: string, from: Date, options?: { readonly limit?: number }): Promise<readonly ReportedDecisions[]>;
}

/** More than a large hospital makes in a week; of a longer time a sample is compared. */
const maxRows = 20_000;
/** The sample contains at least this many of each site and network. */
const minOfGroup = 500;

export function statisticsIn(database: Database, line = defaultLine): StatisticsOfStudies {
  const isOfLine = eq(studyStatistics.line, line);
  const { line: _line, ...columns } = getTableColumns(studyStatistics);
  return {
    async record(given) {
      const row = { ...given, line: given.line ?? line };
      const { studyInstanceUID: _study, modelVersion: _version, ...rest } = row;
      await database.run((tables) =>
        tables
          .insert(studyStatistics)
          .values(row)
          .onConflictDoUpdate({ target: [studyStatistics.studyInstanceUID, studyStatistics.modelVersion], set: rest }),
      );
    },

    since(from, { limit = maxRows } = {}) {
      const lately = and(isOfLine, gte(studyStatistics.predictedAt, from))!;
      return database.run(async (tables) => {
        const sample = await sampleOf(tables, lately, limit);
        return tables
          .select(columns)
          .from(studyStatistics)
          .where(and(lately, sample))
          .orderBy(desc(studyStatistics.predictedAt), asc(studyStatistics.studyInstanceUID));
      });
    },

    first({ site, network, before, modelVersion, limit }) {
      return database.run((tables) =>
        tables
          .select(columns)
          .from(studyStatistics)
          .where(
            and(
              isOfLine,
              eq(studyStatistics.site, site),
              eq(studyStatistics.network, network),
              lt(studyStatistics.predictedAt, before),
              modelVersion === undefined ? undefined : eq(studyStatistics.modelVersion, modelVersion),
            ),
          )
          .orderBy(asc(studyStatistics.predictedAt), asc(studyStatistics.studyInstanceUID))
          .limit(limit),
      );
    },

    labelled(modelVersion, from, { limit = maxRows } = {}) {
      const { studyInstanceUID, site, network, predictedAt, decisions } = studyStatistics;
      const wanted = and(
        isOfLine,
        eq(studyStatistics.modelVersion, modelVersion),
        gte(predictedAt, from),
        sql`EXISTS (SELECT 1 FROM ${label} WHERE ${label.studyInstanceUID} = ${studyInstanceUID})`,
      )!;
      return database.run(async (tables) => {
        const sample = await sampleOf(tables, wanted, limit);
        return tables
          .select({ studyInstanceUID, site, network, predictedAt, decisions })
          .from(studyStatistics)
          .where(and(wanted, sample))
          .orderBy(desc(predictedAt), asc(studyInstanceUID));
      });
    },
  };
}

/** The newest rows alone would hide what was at the beginning of a long window. @returns undefined where all rows are few enough */
async function sampleOf(tables: Tables, wanted: SQL, limit: number): Promise<SQL | undefined> {
  const { studyInstanceUID, modelVersion, site, network } = studyStatistics;
  const groups = await tables.select({ n: sql<number>`count(*)::int` }).from(studyStatistics).where(wanted).groupBy(site, network);
  if (groups.reduce((sum, { n }) => sum + n, 0) <= limit) return undefined;
  const share = Math.max(Math.min(minOfGroup, limit), Math.floor(limit / groups.length));
  return sql`(${studyInstanceUID}, ${modelVersion}) IN (SELECT study_instance_uid, model_version FROM (
    SELECT ${studyInstanceUID}, ${modelVersion}, row_number() OVER (PARTITION BY ${site}, ${network} ORDER BY md5(${studyInstanceUID})) AS place FROM ${studyStatistics} WHERE ${wanted}
  ) AS ranked WHERE place <= ${share})`;
}
