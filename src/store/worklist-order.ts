import { and, asc, desc, gt, isNotNull, isNull, lte, sql, type SQL } from './drizzle.js';
import { Fault } from '../errors.js';
import { assessment } from './label-schema.js';
import { isPageId, isPageTime } from './result-page.js';
import { reading } from './reading-schema.js';
import type { ReadingRow } from './readings.js';

/**
 * The order of reading in SQL, as `compareWaiting` of src/triage states it. A study's wait grows with time, but no column does: the studies
 * that wait are two ranges, and each of them is read along an index.
 *
 * 1. overdue: they wait since the limit or longer, longest first;
 * 2. waiting: by falling urgency, among equals longest waiting first;
 * 3. rest: read, or not waiting (of an archive, or not selected by a rule), newest first.
 */
const ranges = ['overdue', 'waiting', 'rest'] as const;

/** A range, and where its next page begins. */
export interface RangeStart {
  readonly range: number;
  /** Studies that wait since this moment or longer are overdue; the same on all pages, so that none is shown twice. */
  readonly limit: Date;
  /** Of the last row before. */
  readonly after?: Pick<ReadingRow, 'urgency' | 'waitingSince' | 'studyInstanceUID'> | undefined;
}

/** Written without `= true`, as the partial indexes are. */
const waits = sql`${reading.waits} AND ${reading.readAt} IS NULL`;
const rests = sql`(NOT ${reading.waits} OR ${reading.readAt} IS NOT NULL)`;

export const rangeCount = ranges.length;

export function conditionOf({ range, limit, after }: RangeStart): SQL | undefined {
  const time = (at: Date): SQL => sql`${at.toISOString()}::timestamptz`;
  switch (ranges[range]) {
    case 'overdue':
      return and(
        waits,
        lte(reading.waitingSince, limit),
        after && sql`(${reading.waitingSince}, ${reading.studyInstanceUID}) > (${time(after.waitingSince)}, ${after.studyInstanceUID})`,
      );
    case 'waiting':
      return and(
        waits,
        gt(reading.waitingSince, limit),
        // One condition that the index can start from, and the exact one.
        after && sql`${reading.urgency} <= ${after.urgency}::float8`,
        after &&
          sql`(${reading.urgency} < ${after.urgency}::float8 OR (${reading.waitingSince}, ${reading.studyInstanceUID}) > (${time(after.waitingSince)}, ${after.studyInstanceUID}))`,
      );
    default:
      return and(
        rests,
        after && sql`(${reading.waitingSince}, ${reading.studyInstanceUID}) < (${time(after.waitingSince)}, ${after.studyInstanceUID})`,
      );
  }
}

export function orderOf({ range }: Pick<RangeStart, 'range'>): readonly SQL[] {
  switch (ranges[range]) {
    case 'overdue':
      return [asc(reading.waitingSince), asc(reading.studyInstanceUID)];
    case 'waiting':
      return [desc(reading.urgency), asc(reading.waitingSince), asc(reading.studyInstanceUID)];
    default:
      return [desc(reading.waitingSince), desc(reading.studyInstanceUID)];
  }
}

/**
 * A reading state, or what concerns one reader. to-read: waits, and nobody else reads it. second: others have assessed it, the reader has
 * not. disagreed: the readers disagree on a finding.
 */
export type ReadingFilter = 'unread' | 'being-read' | 'read' | 'to-read' | 'second' | 'disagreed';

/** Who asks for the worklist. */
export interface WorklistReader {
  readonly name: string;
  /** Disagreements are shown only where the reader has assessed the study: otherwise they would tell what others state. */
  readonly isBlind: boolean;
}

/** Of the reading state, whatever the order. */
export function readingCondition(
  state: ReadingFilter | undefined,
  now: Date,
  reader: WorklistReader = { name: '', isBlind: true },
): SQL | undefined {
  const own = sql`EXISTS (SELECT 1 FROM ${assessment} WHERE ${assessment.reader} = ${reader.name} AND ${assessment.studyInstanceUID} = ${reading.studyInstanceUID})`;
  switch (state) {
    case 'to-read':
      return and(
        waits,
        sql`(${reading.claimedUntil} IS NULL OR ${reading.claimedUntil} <= ${now.toISOString()}::timestamptz OR ${reading.reader} = ${reader.name})`,
      );
    case 'second':
      return and(
        isNotNull(reading.readAt),
        sql`NOT ${own}`,
        sql`EXISTS (SELECT 1 FROM ${assessment} WHERE ${assessment.studyInstanceUID} = ${reading.studyInstanceUID})`,
      );
    case 'disagreed':
      return and(sql`${reading.isDisagreed}`, reader.isBlind ? own : undefined);
    case 'unread':
      return and(waits, sql`(${reading.claimedUntil} IS NULL OR ${reading.claimedUntil} <= ${now.toISOString()}::timestamptz)`);
    case 'being-read':
      return and(isNull(reading.readAt), gt(reading.claimedUntil, now));
    case 'read':
      return isNotNull(reading.readAt);
    default:
      return undefined;
  }
}

export function pageMark({ range, limit, after }: RangeStart): string {
  const key = after ? [after.urgency, after.waitingSince.getTime(), after.studyInstanceUID] : [];
  return Buffer.from(JSON.stringify([range, limit.getTime(), ...key])).toString('base64url');
}

/** @throws Fault `request-invalid` if the text is none of ours */
export function rangeStartOf(text: string): RangeStart {
  try {
    const mark: unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString());
    const [range, limit, urgency, time, studyInstanceUID] = mark;
    if (typeof range !== 'number' || ranges[range] === undefined || !isPageTime(limit)) throw new RangeError('no range');
    if (mark.length === 2) return { range, limit: new Date(limit) };
    if (typeof urgency === 'number' && urgency >= 0 && urgency <= 1e12 && isPageTime(time) && isPageId(studyInstanceUID))
      return { range, limit: new Date(limit), after: { urgency, waitingSince: new Date(time), studyInstanceUID } };
  } catch {
    // Falls through to the refusal.
  }
  throw new Fault('request-invalid', 'the page mark is not one that the worklist gave out');
}
