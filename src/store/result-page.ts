import { sql, type SQL } from './drizzle.js';
import { Fault } from '../errors.js';
import { result } from './schema.js';

/*
 * Pages by key, not by number: "those after (time, id)" is one descent of the index however far down it is,
 * and a result that arrives meanwhile moves nothing.
 */

/** Names the row that a page ended with; opaque to whoever passes it on. */
export function pageEnd(row: { readonly createdAt: Date; readonly resultId: string }): string {
  return Buffer.from(JSON.stringify([row.createdAt.getTime(), row.resultId])).toString('base64url');
}

/** @throws Fault `request-invalid` if the text is none of ours */
export function startOfPage(before: string | undefined): SQL | undefined {
  if (before === undefined) return undefined;
  const [time, resultId] = parse(before);
  return sql`(${result.createdAt}, ${result.resultId}) < (${new Date(time).toISOString()}::timestamptz, ${resultId})`;
}

/** Milliseconds of a time that the database can hold: years 1 to 9999. */
export function isPageTime(value: unknown): value is number {
  return typeof value === 'number' && value >= -62_135_596_800_000 && value <= 253_402_300_799_999;
}

export function isPageId(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]{1,200}$/.test(value);
}

function parse(text: string): [number, string] {
  try {
    const [time, resultId]: unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (isPageTime(time) && isPageId(resultId)) return [time, resultId];
  } catch {
    // Falls through to the refusal.
  }
  throw new Fault('request-invalid', 'the page mark is not one that a listing gave out');
}
