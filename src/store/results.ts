import { and, desc, eq, inArray, like, sql } from './drizzle.js';
import type { Database } from './database.js';
import { result, type Outcome, type RecordedDocument, type RecordedFinding } from './schema.js';
import { pageEnd, startOfPage } from './result-page.js';
import { placeInWorklist, type NewTriage } from './place-in-worklist.js';
import { noteWorklistChange } from './worklist-change.js';

/**
 * What became of a study: findings, a skip with its reason (also one passed over by routing), or a failure.
 * Never changed once recorded, but for `isCurrent`.
 */
export type ResultRow = Readonly<typeof result.$inferSelect>;

export interface NewResult {
  /** Derived by the caller from study, images and model version: a repeated step records the same one. */
  readonly resultId: string;
  readonly studyInstanceUID: string;
  /** Now, if absent; a rebuild gives the time that the document states. */
  readonly createdAt?: Date;
  readonly outcome: Outcome;
  /** Code and text of a skip or a fault. */
  readonly code?: string;
  readonly reason?: string;
  /** Of a failure: whether the same step may succeed later. */
  readonly retryable?: boolean;
  /** Name of the routing rule that took the study. */
  readonly rule?: string;
  readonly priority?: number;
  readonly modelVersion?: string;
  readonly engine?: string;
  /** Hash of the image UIDs that it rests on. */
  readonly inputKey: string;
  readonly findings?: readonly RecordedFinding[];
  readonly otherFindings?: readonly RecordedFinding[];
  readonly documents?: readonly RecordedDocument[];
  readonly predecessorResultId?: string;
  /** Milliseconds by step. */
  readonly timingsMs?: Readonly<Record<string, number>>;
  /** It replaces a result of the same images by another model version. */
  readonly isReanalysis?: boolean | undefined;
  /** Its place in the order of reading; without it the study waits with urgency 0 if a rule selected it. */
  readonly triage?: NewTriage | undefined;
}

export interface ResultQuery {
  readonly outcome?: Outcome;
  readonly code?: string;
  /** Beginning of the Study Instance UID. */
  readonly studyPrefix?: string;
  /** Leave out those that a later result has superseded. */
  readonly currentOnly?: boolean;
  /** Default 50, at most 1000. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly before?: string;
}

export interface ResultPage {
  /** Newest first. */
  readonly results: readonly ResultRow[];
  /** Where the next page starts; absent at the end. */
  readonly next?: string;
}

export interface Results {
  /**
   * Records a result and makes it the one current result of its study, in one step. One that is already there is left as it
   * is, and becomes current again: what was deleted since made it true once more.
   *
   * @returns false if it was there
   */
  recordResult(result: NewResult): Promise<boolean>;
  /**
   * The same for a result that is read from the PACS, in any order: one that another names as its predecessor is not current,
   * and one that is there stays what it is.
   */
  restoreResult(result: NewResult): Promise<boolean>;
  find(resultId: string): Promise<ResultRow | undefined>;
  currentResult(studyInstanceUID: string): Promise<ResultRow | undefined>;
  /** All of a study, newest first. */
  ofStudy(studyInstanceUID: string): Promise<readonly ResultRow[]>;
  listResults(query?: ResultQuery): Promise<ResultPage>;
  /** Current results only: one for each study. */
  countByOutcome(): Promise<Readonly<Record<Outcome, number>>>;
  /** Those of the given studies that have no result: what a sweep has to take up. */
  withoutResult(studyInstanceUIDs: readonly string[]): Promise<readonly string[]>;
}

/** Written without `= true`: only so does the planner see that the partial indexes serve. */
const isCurrent = sql`${result.isCurrent}`;

export function resultsIn(database: Database): Results {
  return {
    recordResult: (given) => record(database, given, true),
    restoreResult: (given) => record(database, given, false),

    async find(resultId) {
      const [row] = await database.run((tables) => tables.select().from(result).where(eq(result.resultId, resultId)));
      return row;
    },

    async currentResult(studyInstanceUID) {
      const [row] = await database.run((tables) =>
        tables
          .select()
          .from(result)
          .where(and(eq(result.studyInstanceUID, studyInstanceUID), isCurrent)),
      );
      return row;
    },

    ofStudy(studyInstanceUID) {
      return database.run((tables) =>
        tables
          .select()
          .from(result)
          .where(eq(result.studyInstanceUID, studyInstanceUID))
          .orderBy(desc(result.createdAt), desc(result.resultId)),
      );
    },

    async listResults({ outcome, code, studyPrefix, currentOnly, limit = 50, before } = {}) {
      const size = Math.min(Math.max(1, Math.trunc(limit)), 1000);
      const rows = await database.run((tables) =>
        tables
          .select()
          .from(result)
          .where(
            and(
              outcome && eq(result.outcome, outcome),
              code === undefined ? undefined : eq(result.code, code),
              studyPrefix ? like(result.studyInstanceUID, `${studyPrefix.replace(/[%_\\]/g, '\\$&')}%`) : undefined,
              currentOnly ? isCurrent : undefined,
              startOfPage(before),
            ),
          )
          .orderBy(desc(result.createdAt), desc(result.resultId))
          .limit(size + 1),
      );
      const page = rows.slice(0, size);
      return rows.length > size ? { results: page, next: pageEnd(page.at(-1)!) } : { results: page };
    },

    async countByOutcome() {
      const rows = await database.run((tables) =>
        tables.select({ outcome: result.outcome, n: sql<number>`count(*)::int` }).from(result).where(isCurrent).groupBy(result.outcome),
      );
      return { reported: 0, skipped: 0, failed: 0, ...Object.fromEntries(rows.map(({ outcome, n }) => [outcome, n])) };
    },

    async withoutResult(studyInstanceUIDs) {
      if (studyInstanceUIDs.length === 0) return [];
      const rows = await database.run((tables) =>
        tables
          .select({ uid: result.studyInstanceUID })
          .from(result)
          .where(and(inArray(result.studyInstanceUID, [...studyInstanceUIDs]), isCurrent)),
      );
      const known = new Set(rows.map(({ uid }) => uid));
      return studyInstanceUIDs.filter((uid) => !known.has(uid));
    },
  };
}

function record(database: Database, { triage, ...given }: NewResult, isNow: boolean): Promise<boolean> {
  const { studyInstanceUID, resultId } = given;
  const now = new Date();
  return database.transaction(async (tables) => {
    // Two workers at the same study take turns, or both would make theirs current and one would fail.
    await tables.select({ locked: sql`pg_advisory_xact_lock(hashtextextended(${studyInstanceUID}, 0))` }).from(sql`(values (1)) as one`);
    const [present] = await tables
      .select({ isCurrent: result.isCurrent, findings: result.findings })
      .from(result)
      .where(eq(result.resultId, resultId));
    if (present && (present.isCurrent || !isNow)) return false;
    const newest =
      isNow ||
      (await tables.select({ id: result.resultId }).from(result).where(eq(result.predecessorResultId, resultId)).limit(1)).length === 0;
    const createdAt = given.createdAt ?? now;
    const findings = present?.findings ?? given.findings ?? [];
    // Without an earlier report there was nothing that anybody was told: the study is new.
    let isReanalysis = given.isReanalysis ?? false;
    if (newest) {
      const [before] = await tables
        .update(result)
        .set({ isCurrent: false })
        .where(and(eq(result.studyInstanceUID, studyInstanceUID), isCurrent))
        .returning({ findings: result.findings, outcome: result.outcome });
      isReanalysis &&= before?.outcome === 'reported';
      await placeInWorklist(tables, {
        studyInstanceUID,
        triage: triage ?? { urgency: 0, isSelected: given.rule !== undefined && given.code !== 'ignored-by-rule', isRecent: true },
        findings,
        findingsBefore: before?.findings,
        createdAt,
        now,
        isReanalysis,
      });
    }
    if (present) {
      await tables.update(result).set({ isCurrent: true }).where(eq(result.resultId, resultId));
      await noteWorklistChange(tables);
      return false;
    }
    await tables.insert(result).values({
      ...given,
      createdAt,
      priority: given.priority ?? 0,
      findings,
      otherFindings: given.otherFindings ?? [],
      documents: given.documents ?? [],
      timingsMs: given.timingsMs ?? {},
      isReanalysis,
      isCurrent: newest,
    });
    await noteWorklistChange(tables);
    return true;
  });
}
