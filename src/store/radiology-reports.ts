import { and, asc, eq, gt, inArray, isNull, lt, notInArray, or, sql, type SQL } from './drizzle.js';
import type { Database, Tables } from './database.js';
import { replaceDiscordances, type NewDiscordance } from './discordances.js';
import { label } from './label-schema.js';
import { hasNoResult, nothingRemains } from './study-identities.js';
import { discordance, radiologyReport, identifiedStudy, type ReportSource, type ReportState } from './report-schema.js';
import { result } from './schema.js';
import type { ResultRow } from './results.js';

export type RadiologyReportRow = Readonly<typeof radiologyReport.$inferSelect>;
export type StudyIdentityRow = Readonly<typeof identifiedStudy.$inferSelect>;
export type NewRadiologyReport = Omit<RadiologyReportRow, 'state' | 'reason' | 'studyInstanceUID'> & {
  /** The sender has taken it back. */
  readonly isWithdrawn: boolean;
};

/** What follows from the reports of a study. */
export interface ReportConsequences {
  readonly labels: readonly {
    readonly finding: string;
    readonly decision: 'present' | 'absent' | 'undetermined';
    readonly reportKey: string;
    readonly givenAt: Date;
  }[];
  readonly discordances: readonly NewDiscordance[];
}

export interface RecordedMatch {
  readonly state: ReportState;
  readonly studyInstanceUID: string | null;
  readonly reason: string | null;
}

export interface RadiologyReports {
  /**
   * Stores a report in place of its earlier version, whose labels go in the same step. Durable when it resolves.
   *
   * @returns `unchanged`: this version is stored already and was not given up (`unmatched`); `outdated`: a later version is. `formerStudy`: what its earlier version was matched to
   */
  record(report: NewRadiologyReport): Promise<{ readonly outcome: 'stored' | 'unchanged' | 'outdated'; readonly formerStudy?: string }>;
  find(reportKey: string): Promise<RadiologyReportRow | undefined>;
  /** Those that wait or are matched and may belong to a study: by its accession number, its UID, or because they are matched to it. */
  ofIdentity(identity: Pick<StudyIdentityRow, 'studyInstanceUID' | 'accessionKey'>): Promise<readonly RadiologyReportRow[]>;
  /** Studies with a current result that may be meant by a report. */
  candidatesFor(
    report: Pick<RadiologyReportRow, 'accessionKey' | 'statedStudyUID'>,
  ): Promise<readonly (StudyIdentityRow & { readonly isReported: boolean })[]>;
  /**
   * Records the match of a report, unless it has changed since it was read. A report that no longer has its study waits as long again as a
   * new one.
   *
   * @param known the report as it was matched
   * @returns whether it was recorded
   */
  setMatch(known: RadiologyReportRow, match: RecordedMatch, time: { readonly now: Date; readonly waitMs: number }): Promise<boolean>;
  /** Replaces labels and discordances of a study by what `decide` makes of its reports and its current result, in one step. */
  applyToStudy(
    studyInstanceUID: string,
    decide: (reports: readonly RadiologyReportRow[], result: ResultRow | undefined) => ReportConsequences,
    now: Date,
  ): Promise<void>;
  /** Removes the reports of a source about a study that are not among these. @returns whether there were any */
  prune(studyInstanceUID: string, source: ReportSource, present: readonly string[]): Promise<boolean>;
  identify(identity: StudyIdentityRow): Promise<void>;
  /** Studies with a current result whose identity was not read since. */
  withoutIdentity(limit: number, checkedBefore?: Date): Promise<readonly string[]>;
  /** Those that wait, by key, a page at a time. */
  waiting(options: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly RadiologyReportRow[]>;
  /**
   * Removes every label that was read from a report, because that was switched off. Their studies are identified again when it is
   * switched on.
   *
   * @returns how many there were
   */
  removeLabels(): Promise<number>;
  /**
   * Removes labels, differences and identities of studies, because reports are no longer read. Reports that were matched wait again, so that
   * they are forgotten in time, or matched when reports are read again.
   *
   * @returns how many labels there were
   */
  endReading(now: Date, waitMs: number): Promise<number>;
  /**
   * Ends the wait of those whose time is over, and forgets those that have been unmatched as long again, or were withdrawn as long ago.
   *
   * @returns how many ended
   */
  endWaiting(now: Date, waitMs: number): Promise<number>;
  /** By state and reason. */
  counts(): Promise<readonly { readonly state: ReportState; readonly reason: string | null; readonly n: number }[]>;
}

/** Of labels that were read from reports: a report is written by one person, whose name is not stored. */
const reportReader = '(radiology report)';

export function radiologyReportsIn(database: Database): RadiologyReports {
  return {
    record: ({ isWithdrawn, ...given }) =>
      database.transaction(async (tables) => {
        await lock(tables, `report ${given.reportKey}`);
        const [known] = await tables.select().from(radiologyReport).where(eq(radiologyReport.reportKey, given.reportKey));
        if (known?.contentKey === given.contentKey && known.state !== 'unmatched') return { outcome: 'unchanged' as const };
        if (known?.statedAt && given.statedAt && given.statedAt < known.statedAt) return { outcome: 'outdated' as const };
        const row = {
          ...given,
          findings: isWithdrawn ? [] : given.findings,
          state: isWithdrawn ? ('withdrawn' as const) : ('waiting' as const),
          reason: null,
          studyInstanceUID: null,
        };
        await tables.insert(radiologyReport).values(row).onConflictDoUpdate({ target: radiologyReport.reportKey, set: row });
        await tables.delete(label).where(and(eq(label.origin, given.reportKey), eq(label.source, 'report')));
        return { outcome: 'stored' as const, ...(known?.studyInstanceUID ? { formerStudy: known.studyInstanceUID } : {}) };
      }),

    async find(reportKey) {
      const [row] = await database.run((tables) => tables.select().from(radiologyReport).where(eq(radiologyReport.reportKey, reportKey)));
      return row;
    },

    ofIdentity: ({ studyInstanceUID, accessionKey }) =>
      database.run((tables) =>
        tables
          .select()
          .from(radiologyReport)
          .where(
            and(
              inArray(radiologyReport.state, ['waiting', 'matched']),
              or(
                eq(radiologyReport.studyInstanceUID, studyInstanceUID),
                eq(radiologyReport.statedStudyUID, studyInstanceUID),
                accessionKey === null ? undefined : eq(radiologyReport.accessionKey, accessionKey),
              ),
            ),
          )
          .orderBy(asc(radiologyReport.reportKey)),
      ),

    async candidatesFor({ accessionKey, statedStudyUID }) {
      const isMeant =
        statedStudyUID !== null
          ? eq(identifiedStudy.studyInstanceUID, statedStudyUID)
          : accessionKey !== null
            ? eq(identifiedStudy.accessionKey, accessionKey)
            : undefined;
      if (!isMeant) return [];
      const rows = await database.run((tables) =>
        tables
          .select({ identity: identifiedStudy, outcome: result.outcome })
          .from(identifiedStudy)
          .innerJoin(result, and(eq(result.studyInstanceUID, identifiedStudy.studyInstanceUID), sql`${result.isCurrent}`))
          .where(isMeant)
          .orderBy(asc(identifiedStudy.studyInstanceUID))
          .limit(50),
      );
      return rows.map(({ identity, outcome }) => ({ ...identity, isReported: outcome === 'reported' }));
    },

    async setMatch(known, match, { now, waitMs }) {
      const rows = await database.run((tables) =>
        tables
          .update(radiologyReport)
          .set({
            ...match,
            ...(match.state === 'unmatched' ? { findings: [] } : {}),
            ...(match.state === 'matched' ? { waitUntil: new Date(known.receivedAt.getTime() + waitMs) } : {}),
            ...(match.state === 'waiting' && known.state === 'matched' ? { waitUntil: new Date(now.getTime() + waitMs) } : {}),
          })
          .where(
            and(
              eq(radiologyReport.reportKey, known.reportKey),
              eq(radiologyReport.contentKey, known.contentKey),
              eq(radiologyReport.state, known.state),
              known.studyInstanceUID === null
                ? isNull(radiologyReport.studyInstanceUID)
                : eq(radiologyReport.studyInstanceUID, known.studyInstanceUID),
            ),
          )
          .returning({ key: radiologyReport.reportKey }),
      );
      return rows.length > 0;
    },

    applyToStudy: (studyInstanceUID, decide, now) =>
      database.transaction(async (tables) => {
        await lock(tables, `reports of ${studyInstanceUID}`);
        const reports = await tables
          .select()
          .from(radiologyReport)
          .where(and(eq(radiologyReport.studyInstanceUID, studyInstanceUID), eq(radiologyReport.state, 'matched')));
        const [current] = await tables
          .select()
          .from(result)
          .where(and(eq(result.studyInstanceUID, studyInstanceUID), sql`${result.isCurrent}`));
        const { labels, discordances } = decide(reports, current);
        await tables.delete(label).where(and(eq(label.studyInstanceUID, studyInstanceUID), eq(label.source, 'report')));
        if (labels.length > 0)
          await tables.insert(label).values(
            labels.map(({ reportKey, ...one }) => ({
              ...one,
              studyInstanceUID,
              origin: reportKey,
              source: 'report' as const,
              reader: reportReader,
              verified: false,
              adjudicates: false,
            })),
          );
        await replaceDiscordances(tables, studyInstanceUID, discordances, now);
      }),

    prune: (studyInstanceUID, source, present) =>
      database.transaction(async (tables) => {
        const gone = await tables
          .delete(radiologyReport)
          .where(
            and(
              eq(radiologyReport.statedStudyUID, studyInstanceUID),
              eq(radiologyReport.source, source),
              present.length > 0 ? notInArray(radiologyReport.reportKey, [...present]) : undefined,
            ),
          )
          .returning({ key: radiologyReport.reportKey });
        if (gone.length > 0)
          await tables.delete(label).where(
            and(
              eq(label.source, 'report'),
              inArray(
                label.origin,
                gone.map(({ key }) => key),
              ),
            ),
          );
        return gone.length > 0;
      }),

    async identify(identity) {
      await database.run((tables) =>
        tables.insert(identifiedStudy).values(identity).onConflictDoUpdate({ target: identifiedStudy.studyInstanceUID, set: identity }),
      );
    },

    async withoutIdentity(limit, checkedBefore) {
      const rows = await database.run((tables) =>
        tables
          .select({ uid: result.studyInstanceUID })
          .from(result)
          .leftJoin(identifiedStudy, eq(identifiedStudy.studyInstanceUID, result.studyInstanceUID))
          .where(
            and(
              sql`${result.isCurrent}`,
              or(isNull(identifiedStudy.studyInstanceUID), checkedBefore ? lt(identifiedStudy.checkedAt, checkedBefore) : undefined),
            ),
          )
          .orderBy(asc(result.studyInstanceUID))
          .limit(limit),
      );
      return rows.map(({ uid }) => uid);
    },

    waiting: ({ after, limit }) =>
      database.run((tables) =>
        tables
          .select()
          .from(radiologyReport)
          .where(and(eq(radiologyReport.state, 'waiting'), after === undefined ? undefined : gt(radiologyReport.reportKey, after)))
          .orderBy(asc(radiologyReport.reportKey))
          .limit(limit),
      ),

    removeLabels: () =>
      database.transaction(async (tables) => {
        const gone = await tables.delete(label).where(eq(label.source, 'report')).returning({ uid: label.studyInstanceUID });
        const studies = [...new Set(gone.map(({ uid }) => uid))];
        for (let from = 0; from < studies.length; from += 1_000)
          await tables.delete(identifiedStudy).where(inArray(identifiedStudy.studyInstanceUID, studies.slice(from, from + 1_000)));
        return gone.length;
      }),

    endReading: (now, waitMs) =>
      database.transaction(async (tables) => {
        const labels = await tables.delete(label).where(eq(label.source, 'report')).returning({ uid: label.studyInstanceUID });
        await tables.delete(discordance);
        await tables.delete(identifiedStudy);
        await waitAgain(tables, eq(radiologyReport.state, 'matched'), new Date(now.getTime() + waitMs));
        return labels.length;
      }),

    endWaiting: (now, waitMs) =>
      database.transaction(async (tables) => {
        await tables.delete(identifiedStudy).where(and(hasNoResult, nothingRemains));
        const ended = await tables
          .update(radiologyReport)
          .set({ state: 'unmatched', reason: sql`coalesce(${radiologyReport.reason}, 'no-study')`, findings: [] })
          .where(and(eq(radiologyReport.state, 'waiting'), lt(radiologyReport.waitUntil, now)))
          .returning({ key: radiologyReport.reportKey });
        await tables
          .delete(radiologyReport)
          .where(
            and(
              inArray(radiologyReport.state, ['unmatched', 'withdrawn']),
              lt(radiologyReport.waitUntil, new Date(now.getTime() - waitMs)),
            ),
          );
        return ended.length;
      }),

    counts: () =>
      database.run((tables) =>
        tables
          .select({ state: radiologyReport.state, reason: radiologyReport.reason, n: sql<number>`count(*)::int` })
          .from(radiologyReport)
          .groupBy(radiologyReport.state, radiologyReport.reason)
          .orderBy(asc(radiologyReport.state), asc(radiologyReport.reason)),
      ),
  };
}

async function lock(tables: Tables, name: string): Promise<void> {
  await tables.select({ locked: sql`pg_advisory_xact_lock(hashtextextended(${name}, 0))` }).from(sql`(values (1)) as one`);
}

/** Of a study that the PACS no longer contains: its reports wait again, in case it comes back. Within the transaction that forgets it. */
export async function forgetReportsOf(tables: Tables, studyInstanceUID: string): Promise<void> {
  await tables.delete(identifiedStudy).where(and(eq(identifiedStudy.studyInstanceUID, studyInstanceUID), nothingRemains));
  await tables.delete(discordance).where(eq(discordance.studyInstanceUID, studyInstanceUID));
  await waitAgain(
    tables,
    eq(radiologyReport.studyInstanceUID, studyInstanceUID),
    // As long as a new one: of a report that is matched this is the time from its receipt (setMatch).
    sql`now() + (${radiologyReport.waitUntil} - ${radiologyReport.receivedAt})`,
  );
}

async function waitAgain(tables: Tables, reports: SQL, waitUntil: Date | SQL): Promise<void> {
  await tables.update(radiologyReport).set({ state: 'waiting', studyInstanceUID: null, reason: 'no-study', waitUntil }).where(reports);
}
