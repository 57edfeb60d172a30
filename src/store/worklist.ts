import { and, desc, eq, inArray, like, sql, type SQL } from 'drizzle-orm';
import { Fault } from '../errors.js';
import type { Database } from './database.js';
import { isPageId, isPageTime } from './result-page.js';
import type { ResultRow } from './results.js';
import { result, worklistChange, type Outcome } from './schema.js';

export interface WorklistFilter {
  readonly outcome?: Outcome | undefined;
  /** Name of a finding that is present; `any` for any. */
  readonly present?: string | undefined;
  /** Beginning of a Study Instance UID. */
  readonly studyPrefix?: string | undefined;
  readonly studies?: readonly string[] | undefined;
  /** Default 50, at most 500. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

export interface Worklist {
  /** Current results, highest priority first, then newest. */
  page(filter?: WorklistFilter): Promise<{ readonly rows: readonly ResultRow[]; readonly next?: string }>;
  /** Number of current results in which a finding is present. */
  countPresent(): Promise<number>;
  /** Changes whenever another result becomes current, or a study leaves the worklist. */
  newest(): Promise<string>;
}

/** Written without `= true`: only so does the planner see that the partial indexes serve. */
const isCurrent = sql`${result.isCurrent}`;

export function worklistIn(database: Database): Worklist {
  return {
    async page({ outcome, present, studyPrefix, studies, limit = 50, after } = {}) {
      const size = Math.min(Math.max(1, Math.trunc(limit)), 500);
      const rows = await database.run((tables) =>
        tables
          .select()
          .from(result)
          .where(
            and(
              isCurrent,
              outcome && eq(result.outcome, outcome),
              present === undefined
                ? undefined
                : sql`${result.findings} @> ${JSON.stringify([{ decision: 'present', ...(present === 'any' ? {} : { name: present }) }])}::jsonb`,
              studyPrefix ? like(result.studyInstanceUID, `${studyPrefix.replace(/[%_\\]/g, '\\$&')}%`) : undefined,
              studies ? inArray(result.studyInstanceUID, [...studies]) : undefined,
              beginning(after),
            ),
          )
          .orderBy(desc(result.priority), desc(result.createdAt), desc(result.resultId))
          .limit(size + 1),
      );
      const page = rows.slice(0, size);
      const last = page.at(-1);
      return rows.length > size && last
        ? { rows: page, next: Buffer.from(JSON.stringify([last.priority, last.createdAt.getTime(), last.resultId])).toString('base64url') }
        : { rows: page };
    },

    async countPresent() {
      const [row] = await database.run((tables) =>
        tables
          .select({ n: sql<number>`count(*)::int` })
          .from(result)
          .where(and(isCurrent, sql`${result.findings} @> ${JSON.stringify([{ decision: 'present' }])}::jsonb`)),
      );
      return row?.n ?? 0;
    },

    async newest() {
      const [row] = await database.run((tables) => tables.select({ number: worklistChange.number }).from(worklistChange));
      return String(row?.number ?? 0);
    },
  };
}

/** Pages by key (see result-page.ts). @throws Fault `request-invalid` if the text is none of ours */
function beginning(after: string | undefined): SQL | undefined {
  if (after === undefined) return undefined;
  const [priority, time, resultId] = parse(after);
  return sql`(${result.priority}, ${result.createdAt}, ${result.resultId}) < (${priority}, ${new Date(time).toISOString()}::timestamptz, ${resultId})`;
}

function parse(text: string): [number, number, string] {
  try {
    const [priority, time, resultId]: unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (
      typeof priority === 'number' &&
      Number.isInteger(priority) &&
      Math.abs(priority) < 2 ** 31 &&
      isPageTime(time) &&
      isPageId(resultId)
    )
      return [priority, time, resultId];
  } catch {
    // Falls through to the refusal.
  }
  throw new Fault('request-invalid', 'the page mark is not one that the worklist gave out');
}
