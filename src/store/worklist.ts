import { and, desc, eq, getTableColumns, inArray, like, sql, type SQL } from './drizzle.js';
import { Fault } from '../errors.js';
import type { Database } from './database.js';
import { reading } from './reading-schema.js';
import type { ReadingRow } from './readings.js';
import { isPageId, isPageTime } from './result-page.js';
import type { ResultRow } from './results.js';
import { result, worklistChange, type Outcome } from './schema.js';
import {
  conditionOf,
  orderOf,
  pageMark,
  rangeCount,
  rangeStartOf,
  readingCondition,
  type RangeStart,
  type ReadingFilter,
  type WorklistReader,
} from './worklist-order.js';
import { markByTime, pageByTime, type SortDirection } from './worklist-sort.js';

export interface WorklistFilter {
  readonly outcome?: Outcome | undefined;
  /** Name of a finding that is present; `any` for any. */
  readonly present?: string | undefined;
  /** Beginning of a Study Instance UID. */
  readonly studyPrefix?: string | undefined;
  readonly studies?: readonly string[] | undefined;
  /** `unread`: waits, and nobody has claimed it. */
  readonly reading?: ReadingFilter | undefined;
  /** Who reads: what `to-read`, `second` and `disagreed` are about. */
  readonly reader?: WorklistReader | undefined;
  /** Time of the result: from this moment on, and before that one. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Of the images, e.g. CT. */
  readonly modality?: string | undefined;
  /** Default `priority`: of the rule, then newest. `urgency`: the order of reading, see worklist-order.ts. `time`: of the result. */
  readonly order?: 'urgency' | 'priority' | 'time' | undefined;
  /** Of the order `time`; default descending. */
  readonly direction?: SortDirection | undefined;
  /** In the order of reading, studies that wait since this moment or longer go first; default: none. */
  readonly overdueSince?: Date | undefined;
  /** At which claims are still valid; default now. */
  readonly now?: Date | undefined;
  /** Default 50, at most 500. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/** A current result, and the reading state of its study. */
export type WorklistResult = ResultRow & { readonly reading: ReadingRow };

export interface WorklistResults {
  readonly rows: readonly WorklistResult[];
  /** Where the next page starts; absent at the end. */
  readonly next?: string;
}

export interface Worklist {
  /** Current results, in the order of the filter. @throws Fault `request-invalid` for a page mark that is none, or of another order */
  page(filter?: WorklistFilter): Promise<WorklistResults>;
  /** Number of current results in which a finding is present. */
  countPresent(): Promise<number>;
  /** Number of studies of a reading state. */
  countReading(filter: ReadingFilter, reader: WorklistReader): Promise<number>;
  /** Changes whenever another result becomes current, a reader claims or has read a study, or a study leaves the worklist. */
  newest(): Promise<string>;
}

/** Written without `= true`: only so does the planner see that the partial indexes serve. */
const isCurrent = sql`${result.isCurrent}`;

export function worklistIn(database: Database): Worklist {
  const select: Select = async (condition, order, limit) => {
    const rows = await database.run((tables) =>
      tables
        .select({ result: getTableColumns(result), reading: getTableColumns(reading) })
        .from(reading)
        .innerJoin(result, and(eq(result.studyInstanceUID, reading.studyInstanceUID), isCurrent))
        .where(condition)
        .orderBy(...order)
        .limit(limit),
    );
    return rows.map(({ result: row, reading: state }) => ({ ...row, reading: state }));
  };
  /** The planner finds the way along the partial indexes of results alone, even before it has statistics; a join hides it. */
  const selectResults: Select = async (condition, order, limit) => {
    const rows = await database.run((tables) =>
      tables
        .select()
        .from(result)
        .where(and(isCurrent, condition))
        .orderBy(...order)
        .limit(limit),
    );
    const uids = rows.map(({ studyInstanceUID }) => studyInstanceUID);
    const states =
      uids.length === 0 ? [] : await database.run((tables) => tables.select().from(reading).where(inArray(reading.studyInstanceUID, uids)));
    const byUid = new Map(states.map((one) => [one.studyInstanceUID, one]));
    // A study that is removed between the two queries has no state any more.
    return rows.map((row) => ({ ...row, reading: byUid.get(row.studyInstanceUID) ?? notWaiting(row) }));
  };
  return {
    async page(filter = {}) {
      const size = Math.min(Math.max(1, Math.trunc(filter.limit ?? 50)), 500);
      const { order } = filter;
      if (order === 'urgency') return byUrgency(filter, size, select);
      const selectBy = (filter.reading ?? filter.modality) === undefined ? selectResults : select;
      if (order === 'time') return byTime(filter, size, selectBy);
      return byPriority(filter, size, selectBy);
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

    async countReading(filter, reader) {
      const [row] = await database.run((tables) =>
        tables
          .select({ n: sql<number>`count(*)::int` })
          .from(reading)
          .where(readingCondition(filter, new Date(), reader)),
      );
      return row!.n;
    },

    async newest() {
      const [row] = await database.run((tables) => tables.select({ number: worklistChange.number }).from(worklistChange));
      return String(row?.number ?? 0);
    },
  };
}

function notWaiting({ studyInstanceUID, createdAt }: ResultRow): ReadingRow {
  const nobody = {
    ageGroup: null,
    encounterClass: null,
    reader: null,
    claimedUntil: null,
    readAt: null,
    isDisagreed: false,
    modalities: [],
  };
  return { studyInstanceUID, waits: false, waitingSince: createdAt, urgency: 0, ...nobody };
}

type Select = (condition: SQL | undefined, order: readonly SQL[], limit: number) => Promise<readonly WorklistResult[]>;

async function byPriority(filter: WorklistFilter, size: number, select: Select): Promise<WorklistResults> {
  const rows = await select(
    and(conditionsOf(filter), beginning(filter.after)),
    [desc(result.priority), desc(result.createdAt), desc(result.resultId)],
    size + 1,
  );
  const page = rows.slice(0, size);
  const last = page.at(-1);
  return rows.length > size && last
    ? { rows: page, next: Buffer.from(JSON.stringify([last.priority, last.createdAt.getTime(), last.resultId])).toString('base64url') }
    : { rows: page };
}

/** A page may begin in one range and end in the next. */
async function byUrgency(filter: WorklistFilter, size: number, select: Select): Promise<WorklistResults> {
  const conditions = conditionsOf(filter);
  let start: RangeStart = filter.after === undefined ? { range: 0, limit: filter.overdueSince ?? new Date(0) } : rangeStartOf(filter.after);
  const rows: WorklistResult[] = [];
  for (; start.range < rangeCount; start = { range: start.range + 1, limit: start.limit }) {
    const wanted = size - rows.length;
    const found = await select(and(conditions, conditionOf(start)), orderOf(start), wanted + 1);
    rows.push(...found.slice(0, wanted));
    // A page that ended exactly with a range: the next page begins with the first row of this one.
    if (found.length > wanted) return { rows, next: pageMark({ ...start, after: found[wanted - 1]?.reading ?? start.after }) };
  }
  return { rows };
}

async function byTime(filter: WorklistFilter, size: number, select: Select): Promise<WorklistResults> {
  const { condition, order } = pageByTime(filter.direction ?? 'descending', filter.after);
  const rows = await select(and(conditionsOf(filter), condition), order, size + 1);
  const page = rows.slice(0, size);
  const last = page.at(-1);
  return rows.length > size && last ? { rows: page, next: markByTime(last) } : { rows: page };
}

function conditionsOf({
  outcome,
  present,
  studyPrefix,
  studies,
  reading: state,
  reader,
  since,
  until,
  modality,
  now = new Date(),
}: WorklistFilter): SQL | undefined {
  return and(
    outcome && eq(result.outcome, outcome),
    present === undefined
      ? undefined
      : sql`${result.findings} @> ${JSON.stringify([{ decision: 'present', ...(present === 'any' ? {} : { name: present }) }])}::jsonb`,
    studyPrefix ? like(result.studyInstanceUID, `${studyPrefix.replace(/[%_\\]/g, '\\$&')}%`) : undefined,
    studies ? inArray(result.studyInstanceUID, [...studies]) : undefined,
    since === undefined ? undefined : sql`${result.createdAt} >= ${since.toISOString()}::timestamptz`,
    until === undefined ? undefined : sql`${result.createdAt} < ${until.toISOString()}::timestamptz`,
    modality === undefined ? undefined : sql`${reading.modalities} @> ARRAY[${modality}]::text[]`,
    readingCondition(state, now, reader),
  );
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
