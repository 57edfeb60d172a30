import { and, asc, eq, gt, isNull, sql } from './drizzle.js';
import type { Database, Tables } from './database.js';
import { reading } from './reading-schema.js';
import { result, type RecordedFinding } from './schema.js';
import { noteWorklistChange } from './worklist-change.js';

/** The reading state of a study with a result. */
export type ReadingRow = Readonly<typeof reading.$inferSelect>;

export type ReadingState = 'unread' | 'being-read' | 'read';

/** A claim that has run out is none. */
export function readingStateOf({ readAt, claimedUntil }: Pick<ReadingRow, 'readAt' | 'claimedUntil'>, now: Date): ReadingState {
  if (readAt !== null) return 'read';
  return claimedUntil !== null && claimedUntil > now ? 'being-read' : 'unread';
}

/** `isDone` is false if the state did not allow the action: `row` is then what was found. */
export interface ReadingChange {
  readonly isDone: boolean;
  readonly row: ReadingRow;
  /** Whose claim was ended by the action. */
  readonly takenFrom?: string;
}

/** A study whose urgency may have to be computed again. */
export interface UrgencyRow extends Pick<ReadingRow, 'studyInstanceUID' | 'urgency' | 'ageGroup' | 'encounterClass'> {
  readonly findings: readonly RecordedFinding[];
  readonly priority: number;
  readonly rule: string | null;
}

/** Each action is one transaction; undefined for a study that has no result. Times are those of the caller. */
export interface Readings {
  find(studyInstanceUID: string): Promise<ReadingRow | undefined>;
  /** The reader reads the study until then. Refused if it is read, or another reader's and not taken over. */
  claim(
    studyInstanceUID: string,
    reader: string,
    times: { readonly now: Date; readonly until: Date; readonly takeOver?: boolean },
  ): Promise<ReadingChange | undefined>;
  /** Refused if another reader has claimed the study; a study that nobody has claimed stays as it is. */
  release(studyInstanceUID: string, reader: string, now: Date): Promise<ReadingChange | undefined>;
  /** A study that is read stays as it is, with the name of its reader. */
  markRead(studyInstanceUID: string, reader: string, now: Date): Promise<ReadingChange | undefined>;
  /** It waits again from now on, unless it never waited. */
  markUnread(studyInstanceUID: string, now: Date): Promise<ReadingChange | undefined>;
  countClaimed(now: Date): Promise<number>;
  /** Those that wait to be read, by UID, a page at a time. */
  waiting(options: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly UrgencyRow[]>;
  setUrgency(studyInstanceUID: string, urgency: number): Promise<void>;
}

export function readingsIn(database: Database): Readings {
  const change = (
    studyInstanceUID: string,
    decide: (row: ReadingRow) => Partial<ReadingRow> | 'refused' | 'unchanged',
    takenFrom: (row: ReadingRow) => string | undefined = () => undefined,
  ): Promise<ReadingChange | undefined> =>
    database.transaction(async (tables) => {
      const [row] = await tables.select().from(reading).where(eq(reading.studyInstanceUID, studyInstanceUID)).for('update');
      if (!row) return undefined;
      const decided = decide(row);
      if (decided === 'refused') return { isDone: false, row };
      if (decided === 'unchanged') return { isDone: true, row };
      await tables.update(reading).set(decided).where(eq(reading.studyInstanceUID, studyInstanceUID));
      await noteWorklistChange(tables);
      const former = takenFrom(row);
      return { isDone: true, row: { ...row, ...decided }, ...(former === undefined ? {} : { takenFrom: former }) };
    });
  const otherReader = (row: ReadingRow, reader: string, now: Date): string | undefined =>
    readingStateOf(row, now) === 'being-read' && row.reader !== reader ? (row.reader ?? undefined) : undefined;
  return {
    async find(studyInstanceUID) {
      const [row] = await database.run((tables) => tables.select().from(reading).where(eq(reading.studyInstanceUID, studyInstanceUID)));
      return row;
    },

    claim: (studyInstanceUID, reader, { now, until, takeOver = false }) =>
      change(
        studyInstanceUID,
        (row) => {
          if (row.readAt !== null || (otherReader(row, reader, now) !== undefined && !takeOver)) return 'refused';
          return { reader, claimedUntil: until };
        },
        (row) => otherReader(row, reader, now),
      ),

    release: (studyInstanceUID, reader, now) =>
      change(studyInstanceUID, (row) => {
        if (otherReader(row, reader, now) !== undefined) return 'refused';
        return readingStateOf(row, now) === 'being-read' ? { reader: null, claimedUntil: null } : 'unchanged';
      }),

    markRead: (studyInstanceUID, reader, now) =>
      change(
        studyInstanceUID,
        (row) => (row.readAt === null ? { reader, readAt: now, claimedUntil: null } : 'unchanged'),
        (row) => otherReader(row, reader, now),
      ),

    markUnread: (studyInstanceUID, now) =>
      change(studyInstanceUID, (row) =>
        row.readAt === null ? 'unchanged' : { reader: null, readAt: null, claimedUntil: null, waitingSince: now },
      ),

    async countClaimed(now) {
      const [row] = await database.run((tables) =>
        tables.select({ n: sql<number>`count(*)::int` }).from(reading).where(gt(reading.claimedUntil, now)),
      );
      return row!.n;
    },

    waiting: ({ after, limit }) =>
      database.run((tables) =>
        tables
          .select({
            studyInstanceUID: reading.studyInstanceUID,
            urgency: reading.urgency,
            ageGroup: reading.ageGroup,
            encounterClass: reading.encounterClass,
            findings: result.findings,
            priority: result.priority,
            rule: result.rule,
          })
          .from(reading)
          .innerJoin(result, and(eq(result.studyInstanceUID, reading.studyInstanceUID), sql`${result.isCurrent}`))
          .where(and(sql`${reading.waits}`, isNull(reading.readAt), after === undefined ? undefined : gt(reading.studyInstanceUID, after)))
          .orderBy(asc(reading.studyInstanceUID))
          .limit(limit),
      ),

    async setUrgency(studyInstanceUID, urgency) {
      await database.transaction(async (tables) => {
        await tables.update(reading).set({ urgency }).where(eq(reading.studyInstanceUID, studyInstanceUID));
        await noteWorklistChange(tables);
      });
    },
  };
}

/** An assessment says that its study was read, within the transaction that records it. */
export async function readByAssessment(tables: Tables, studyInstanceUID: string, reader: string, at: Date): Promise<void> {
  const changed = await tables
    .update(reading)
    .set({ reader, readAt: at, claimedUntil: null })
    .where(and(eq(reading.studyInstanceUID, studyInstanceUID), isNull(reading.readAt)))
    .returning({ uid: reading.studyInstanceUID });
  if (changed.length > 0) await noteWorklistChange(tables);
}
