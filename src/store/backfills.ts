import { and, asc, desc, eq, gt, inArray, isNull, or, sql, type SQL } from './drizzle.js';
import { backfill, backfillStudy, type BackfillOutcome, type BackfillState } from './backfill-schema.js';
import type { Database, Tables } from './database.js';

export type { BackfillOutcome, BackfillState } from './backfill-schema.js';

export type BackfillRow = Readonly<typeof backfill.$inferSelect>;
export type BackfillStudyRow = Readonly<typeof backfillStudy.$inferSelect>;

export type NewBackfill = Readonly<Pick<BackfillRow, 'since' | 'until' | 'rule' | 'model' | 'perHour' | 'hours' | 'shadow' | 'createdBy'>>;

/** Analyses of the archive. One at most is running or paused. Every call may be repeated, and of two processes one succeeds. */
export interface Backfills {
  /** @returns undefined if another one is running or paused */
  create(given: NewBackfill, at: Date): Promise<BackfillRow | undefined>;
  find(id: number): Promise<BackfillRow | undefined>;
  /** Newest first. */
  list(limit: number): Promise<readonly BackfillRow[]>;
  /** Those that are running or paused, or that were cancelled while studies were queued. */
  unfinished(): Promise<readonly BackfillRow[]>;
  /** @returns false if its state is none of `from` */
  changeState(id: number, from: readonly BackfillState[], to: BackfillState, at: Date): Promise<boolean>;
  /** Adds the time since its last step, at most `maxMs`, to the time in which it was active. */
  step(id: number, at: Date, maxMs: number): Promise<void>;
  /** Adds studies that wait; those that it has already are left out. */
  addStudies(id: number, studyInstanceUIDs: readonly string[]): Promise<void>;
  /** The days before `to` were searched; null: all days. Only if the cursor is still `from`. */
  moveCursor(id: number, from: string, to: string | null): Promise<void>;
  /** The first studies that wait, in the order in which they were found. */
  waiting(id: number, limit: number): Promise<readonly BackfillStudyRow[]>;
  queued(id: number): Promise<readonly BackfillStudyRow[]>;
  /**
   * Takes a waiting study for the queue, before its jobs are sent.
   *
   * @param nextAfter from the time before which no study may be queued, that of the study after this one; undefined: too early
   * @returns false if it is too early, the backfill is not running, or another process has the study
   */
  take(id: number, studyInstanceUID: string, jobKeys: readonly string[], nextAfter: (nextAt: Date) => Date | undefined): Promise<boolean>;
  /** A waiting study that cannot be read at the moment: the others go first. */
  postpone(id: number, studyInstanceUID: string): Promise<void>;
  /** The jobs of a queued study are sent once more. */
  countAttempt(id: number, studyInstanceUID: string, jobKeys: readonly string[]): Promise<void>;
  /** Only if the study still waits or is queued. */
  finish(id: number, studyInstanceUID: string, outcome: BackfillOutcome, at: Date): Promise<void>;
  /** Ends a running one if every day was searched and every study has its outcome. @returns whether it did */
  complete(id: number, at: Date): Promise<boolean>;
}

const inProgress = inArray(backfill.state, ['running', 'paused']);

export function backfillsIn(database: Database): Backfills {
  const one = (id: number, studyInstanceUID: string) =>
    and(eq(backfillStudy.backfillId, id), eq(backfillStudy.studyInstanceUID, studyInstanceUID));
  const inState = (id: number, state: 'waiting' | 'queued', limit: number) =>
    database.run((tables) =>
      tables
        .select()
        .from(backfillStudy)
        .where(and(eq(backfillStudy.backfillId, id), eq(backfillStudy.state, state)))
        .orderBy(asc(backfillStudy.place))
        .limit(limit),
    );
  const update = async (set: Readonly<Record<string, unknown>>, where: SQL | undefined): Promise<boolean> =>
    (await database.run((tables) => tables.update(backfill).set(set).where(where).returning({ id: backfill.id }))).length > 0;
  return {
    async create(given, at) {
      const row = { ...given, state: 'running' as const, cursor: given.since, nextAt: at, createdAt: at, updatedAt: at };
      const [created] = await database.run((tables) => tables.insert(backfill).values(row).onConflictDoNothing().returning());
      return created;
    },

    async find(id) {
      const [row] = await database.run((tables) => tables.select().from(backfill).where(eq(backfill.id, id)));
      return row;
    },

    list: (limit) => database.run((tables) => tables.select().from(backfill).orderBy(desc(backfill.id)).limit(limit)),

    unfinished: () =>
      database.run((tables) =>
        tables
          .select()
          .from(backfill)
          .where(or(inProgress, gt(backfill.queued, 0)))
          .orderBy(asc(backfill.id)),
      ),

    changeState: (id, from, to, at) => update({ state: to, updatedAt: at }, and(eq(backfill.id, id), inArray(backfill.state, [...from]))),

    async step(id, at, maxMs) {
      const now = at.toISOString();
      await update(
        {
          steppedAt: at,
          activeMs: sql`${backfill.activeMs} + greatest(0, least(${maxMs}::float8, coalesce(extract(epoch FROM ${now}::timestamptz - ${backfill.steppedAt}) * 1000, 0)))::bigint`,
        },
        and(eq(backfill.id, id), eq(backfill.state, 'running')),
      );
    },

    async addStudies(id, studyInstanceUIDs) {
      if (studyInstanceUIDs.length === 0) return;
      const rows = studyInstanceUIDs.map((studyInstanceUID) => ({ backfillId: id, studyInstanceUID, state: 'waiting' as const }));
      await database.transaction(async (tables) => {
        const added = await tables.insert(backfillStudy).values(rows).onConflictDoNothing().returning({ place: backfillStudy.place });
        if (added.length > 0)
          await tables
            .update(backfill)
            .set({ found: sql`${backfill.found} + ${added.length}` })
            .where(eq(backfill.id, id));
      });
    },

    async moveCursor(id, from, to) {
      await update({ cursor: to }, and(eq(backfill.id, id), eq(backfill.cursor, from)));
    },

    waiting: (id, limit) => inState(id, 'waiting', limit),
    queued: (id) => inState(id, 'queued', 10_000),

    take: (id, studyInstanceUID, jobKeys, nextAfter) =>
      database.transaction(async (tables) => {
        const row = await lock(tables, id);
        const nextAt = row?.state === 'running' ? nextAfter(row.nextAt) : undefined;
        if (nextAt === undefined) return false;
        const taken = await tables
          .update(backfillStudy)
          .set({ state: 'queued', jobKeys, attempts: 1 })
          .where(and(one(id, studyInstanceUID), eq(backfillStudy.state, 'waiting')))
          .returning({ place: backfillStudy.place });
        if (taken.length === 0) return false;
        await tables
          .update(backfill)
          .set({ nextAt, queued: sql`${backfill.queued} + 1` })
          .where(eq(backfill.id, id));
        return true;
      }),

    async postpone(id, studyInstanceUID) {
      const where = and(one(id, studyInstanceUID), eq(backfillStudy.state, 'waiting'));
      await database.run((tables) => tables.execute(sql`UPDATE ${backfillStudy} SET place = DEFAULT WHERE ${where}`));
    },

    async countAttempt(id, studyInstanceUID, jobKeys) {
      await database.run((tables) =>
        tables
          .update(backfillStudy)
          .set({ jobKeys, attempts: sql`${backfillStudy.attempts} + 1` })
          .where(and(one(id, studyInstanceUID), eq(backfillStudy.state, 'queued'))),
      );
    },

    finish: (id, studyInstanceUID, outcome, at) =>
      database.transaction(async (tables) => {
        await lock(tables, id);
        const [before] = await tables.select({ state: backfillStudy.state }).from(backfillStudy).where(one(id, studyInstanceUID));
        if (before?.state !== 'waiting' && before?.state !== 'queued') return;
        await tables.update(backfillStudy).set({ state: outcome, jobKeys: [] }).where(one(id, studyInstanceUID));
        await tables
          .update(backfill)
          .set({
            updatedAt: at,
            [outcome]: sql`${backfill[outcome]} + 1`,
            ...(before.state === 'queued' ? { queued: sql`${backfill.queued} - 1` } : {}),
          })
          .where(eq(backfill.id, id));
      }),

    complete: (id, at) =>
      update(
        { state: 'done', updatedAt: at },
        and(
          eq(backfill.id, id),
          eq(backfill.state, 'running'),
          isNull(backfill.cursor),
          sql`${backfill.found} = ${backfill.done} + ${backfill.unchanged} + ${backfill.skipped} + ${backfill.failed} + ${backfill.vanished}`,
        ),
      ),
  };
}

/** Of two processes that change the figures of one backfill, one waits for the other. */
async function lock(tables: Tables, id: number): Promise<BackfillRow | undefined> {
  const [row] = await tables.select().from(backfill).where(eq(backfill.id, id)).for('update');
  return row;
}
