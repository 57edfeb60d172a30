import { and, asc, desc, isNotNull, isNull, sql, type SQL } from 'drizzle-orm';
import { Fault } from '../errors.js';
import { reading } from './reading-schema.js';
import { isPageId, isPageTime } from './result-page.js';
import { result } from './schema.js';

/** What the worklist is sorted by, beside its own orders: each is read along an index, in both directions (migrations/0040). */
export type SortDirection = 'ascending' | 'descending';

/** A range of a sorted worklist, read in this order. */
export interface SortedRange {
  readonly condition: SQL | undefined;
  readonly order: readonly SQL[];
}

/** By the time of the result. @throws Fault `request-invalid` for a page mark that is none of ours */
export function rangeByTime(direction: SortDirection, after: string | undefined): SortedRange {
  const mark = after === undefined ? undefined : markOf(after, 'time');
  const at = mark && (isPageTime(mark.key) ? new Date(mark.key).toISOString() : refuse());
  const ordered = direction === 'ascending' ? asc : desc;
  return {
    condition: mark && sql`(${result.createdAt}, ${result.resultId}) ${comparison(direction)} (${at}::timestamptz, ${mark.id})`,
    order: [ordered(result.createdAt), ordered(result.resultId)],
  };
}

/** By Study Date; studies without one follow. @throws Fault `request-invalid` for a page mark that is none of ours */
export function rangesByStudyDate(direction: SortDirection, after: string | undefined): readonly SortedRange[] {
  const mark = after === undefined ? undefined : markOf(after, 'study-date');
  const ordered = direction === 'ascending' ? asc : desc;
  const day =
    mark && mark.key !== null ? (typeof mark.key === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(mark.key) ? mark.key : refuse()) : undefined;
  const dated: SortedRange = {
    condition: and(
      isNotNull(reading.studyDate),
      day === undefined
        ? undefined
        : sql`(${reading.studyDate}, ${reading.studyInstanceUID}) ${comparison(direction)} (${day}::date, ${mark!.id})`,
    ),
    order: [ordered(reading.studyDate), ordered(reading.studyInstanceUID)],
  };
  const undated: SortedRange = {
    condition: and(
      isNull(reading.studyDate),
      mark && day === undefined ? sql`${reading.studyInstanceUID} ${comparison(direction)} ${mark.id}` : undefined,
    ),
    order: [ordered(reading.studyInstanceUID)],
  };
  return mark && day === undefined ? [undated] : [dated, undated];
}

/** @param key of the last row: milliseconds since 1970, a day, or null for a study without a date */
export function sortMark(order: 'time' | 'study-date', key: number | string | null, id: string): string {
  return Buffer.from(JSON.stringify([order, key, id])).toString('base64url');
}

function comparison(direction: SortDirection): SQL {
  return direction === 'ascending' ? sql`>` : sql`<`;
}

function markOf(text: string, order: 'time' | 'study-date'): { readonly key: unknown; readonly id: string } {
  try {
    const [name, key, id]: unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (name === order && isPageId(id)) return { key, id };
  } catch {
    // Falls through to the refusal.
  }
  return refuse();
}

function refuse(): never {
  throw new Fault('request-invalid', 'the page mark is not one that the worklist gave out');
}
