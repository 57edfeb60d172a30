import { asc, desc, sql, type SQL } from './drizzle.js';
import { Fault } from '../errors.js';
import { isPageId, isPageTime } from './result-page.js';
import { result } from './schema.js';

export type SortDirection = 'ascending' | 'descending';

/** Where a page of a worklist begins that is sorted by the time of the result, and its order: read along an index (migrations/0040). */
export interface PageByTime {
  readonly condition: SQL | undefined;
  readonly order: readonly SQL[];
}

/** @throws Fault `request-invalid` for a page mark that is none of ours */
export function pageByTime(direction: SortDirection, after: string | undefined): PageByTime {
  const mark = after === undefined ? undefined : markOf(after);
  const ordered = direction === 'ascending' ? asc : desc;
  const comparison = direction === 'ascending' ? sql`>` : sql`<`;
  return {
    condition: mark && sql`(${result.createdAt}, ${result.resultId}) ${comparison} (${mark.at}::timestamptz, ${mark.id})`,
    order: [ordered(result.createdAt), ordered(result.resultId)],
  };
}

/** Of the last row of a page. */
export function markByTime({ createdAt, resultId }: { readonly createdAt: Date; readonly resultId: string }): string {
  return Buffer.from(JSON.stringify(['time', createdAt.getTime(), resultId])).toString('base64url');
}

function markOf(text: string): { readonly at: string; readonly id: string } {
  try {
    const [name, time, id]: unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (name === 'time' && isPageTime(time) && isPageId(id)) return { at: new Date(time).toISOString(), id };
  } catch {
    // Falls through to the refusal.
  }
  throw new Fault('request-invalid', 'the page mark is not one that the worklist gave out');
}
