import { sql, type SQL } from 'drizzle-orm';
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

/** @throws Fault `config-invalid` if the text is none of ours */
export function startOfPage(before: string | undefined): SQL | undefined {
  if (before === undefined) return undefined;
  const [time, resultId] = parse(before);
  return sql`(${result.createdAt}, ${result.resultId}) < (${new Date(time).toISOString()}::timestamptz, ${resultId})`;
}

function parse(text: string): [number, string] {
  try {
    const [time, resultId]: unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (typeof time === 'number' && typeof resultId === 'string') return [time, resultId];
  } catch {
    // Falls through to the refusal.
  }
  throw new Fault('config-invalid', 'the page mark is not one that a listing gave out');
}
