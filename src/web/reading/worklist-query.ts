import type { WorklistPage, WorklistRow } from '../../server/page-types.js';
import { get } from '../api.js';

export const outcomeFilters = ['all', 'present', 'reported', 'skipped', 'failed'] as const;
export type OutcomeFilter = (typeof outcomeFilters)[number];
export const readingFilters = ['all', 'to-read', 'second', 'unread', 'being-read', 'read', 'disagreed'] as const;
export type ReadingChoice = (typeof readingFilters)[number];
export type Order = WorklistPage['order'];
export type Direction = 'ascending' | 'descending';

/** What the worklist shows, and in which order. */
export interface ShownWorklist {
  readonly filter: OutcomeFilter;
  readonly reading: ReadingChoice;
  /** Undefined: the setting triage.order. */
  readonly order: Order | undefined;
  readonly direction: Direction;
  readonly search: string;
  /** Days of the result in the browser's time zone, YYYY-MM-DD, both inclusive; '' for any. */
  readonly since: string;
  readonly until: string;
  /** '' for any. */
  readonly modality: string;
}

export const wholeWorklist: ShownWorklist = {
  filter: 'all',
  reading: 'all',
  order: undefined,
  direction: 'descending',
  search: '',
  since: '',
  until: '',
  modality: '',
};

/** Rows of a page. */
const pageSize = 50;

export function worklistPage(query: ShownWorklist, language: string, after: string): Promise<WorklistPage> {
  const { filter, reading, order, direction, search, since, until, modality } = query;
  const parameters = new URLSearchParams({
    limit: String(pageSize),
    language,
    ...(reading === 'all' ? {} : { reading }),
    ...(order ? { order, direction } : {}),
    ...(filter === 'present' ? { present: 'any' } : filter === 'all' ? {} : { outcome: filter }),
    ...(search ? { search } : {}),
    ...(since ? { since: startOfDay(since, 0) } : {}),
    ...(until ? { until: startOfDay(until, 1) } : {}),
    ...(modality ? { modality } : {}),
    ...(after ? { after } : {}),
  });
  return get<WorklistPage>(`/api/worklist?${parameters.toString()}`);
}

function startOfDay(day: string, daysLater: number): string {
  const start = new Date(`${day}T00:00:00`);
  start.setDate(start.getDate() + daysLater);
  return start.toISOString();
}

/** Whether the query leaves anything out. */
export function isFiltered({ filter, reading, search, since, until, modality }: ShownWorklist): boolean {
  return filter !== 'all' || reading !== 'all' || [search, since, until, modality].some((one) => one !== '');
}

interface LeftWorklist {
  readonly query: ShownWorklist;
  readonly studies: readonly string[];
  /** Where the next page starts. */
  readonly next?: string | undefined;
}

const storageKey = 'chest-ai-worklist';

let inMemory: LeftWorklist | undefined;

/** The worklist as the reader left it; kept in the tab, so that a reloaded study still has a next one. */
export function leftWorklist(): LeftWorklist {
  if (inMemory) return inMemory;
  try {
    const left = JSON.parse(sessionStorage.getItem(storageKey) ?? '{}') as Partial<LeftWorklist>;
    return { ...left, query: { ...wholeWorklist, ...left.query }, studies: left.studies ?? [] };
  } catch {
    return { query: wholeWorklist, studies: [] };
  }
}

/** Studies that a tab remembers around the reader's place. */
const maxRemembered = 2_000;

export function leaveWorklist(query: ShownWorklist, rows: readonly WorklistRow[], next: string | undefined): void {
  remember({ query, ...studiesOf({ rows, next }) });
}

/** Filter and order are the reader's choice as soon as they are chosen; the studies follow when they are loaded. */
export function chooseWorklist(query: ShownWorklist): void {
  if (JSON.stringify(leftWorklist().query) !== JSON.stringify(query)) remember({ query, studies: [] });
}

/** What was searched for may be a patient's name: it stays in memory. */
function remember(left: LeftWorklist): void {
  inMemory = left;
  const { query, studies, next } = left;
  const isWhole = query.search === '' && studies.length <= maxRemembered;
  const kept = { query: { ...query, search: '' }, studies: studies.slice(0, maxRemembered), ...(isWhole ? { next } : {}) };
  sessionStorage.setItem(storageKey, JSON.stringify(kept));
}

/** At logout: the next user of this tab sees neither the search nor the studies of the one before. */
export function forgetWorklist(): void {
  inMemory = undefined;
  sessionStorage.removeItem(storageKey);
}

/** Loads a page of the worklist. */
export type LoadPage = (query: ShownWorklist, after: string) => Promise<LoadedPage>;

interface LoadedPage {
  readonly rows: readonly Pick<WorklistRow, 'studyInstanceUID'>[];
  readonly next?: string | undefined;
}

/** The study beside this one in the worklist from which the reader came; undefined at its ends. @throws ApiFault */
export async function neighbour(study: string, step: 1 | -1, load: LoadPage): Promise<string | undefined> {
  let left = leftWorklist();
  if (left.studies.length === 0) left = { ...left, ...studiesOf(await load(left.query, '')) };
  // Rows move while the reader reads: a page may bring only what the one before has brought.
  while (step === 1 && left.next !== undefined && left.studies.at(-1) === study) {
    const more = studiesOf(await load(left.query, left.next));
    left = { query: left.query, studies: [...new Set([...left.studies, ...more.studies])], next: more.next };
    remember(left);
  }
  const index = left.studies.indexOf(study);
  // A study that is not in the list was opened by its address: the list begins behind it.
  if (index < 0) return step === 1 ? left.studies[0] : undefined;
  return left.studies[index + step];
}

/**
 * The next study that the reader has to read, in the order of the worklist: behind this one, else from the top. The server is asked, because
 * others read at the same time.
 *
 * @param decided studies about which the reader has decided, although the server does not know it yet
 * @throws ApiFault
 */
export async function nextToRead(study: string, decided: ReadonlySet<string>, load: LoadPage): Promise<string | undefined> {
  const { query, studies } = leftWorklist();
  const { reading } = query;
  const wanted = { ...query, reading: reading === 'all' || reading === 'read' || reading === 'unread' ? ('to-read' as const) : reading };
  const here = studies.indexOf(study);
  let first: string | undefined;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: LoadedPage = await load(wanted, after);
    const unread = page.rows.map(({ studyInstanceUID }) => studyInstanceUID).filter((one) => one !== study && !decided.has(one));
    first ??= unread[0];
    const indices = unread.map((one) => studies.indexOf(one));
    const behind = unread.find((_, at) => indices[at]! > here);
    if (behind !== undefined) return behind;
    // What the tab does not remember lies behind everything that it remembers, or is new.
    const lastKnown = indices.findLastIndex((index) => index >= 0);
    const unknown = unread[lastKnown + 1];
    if (unknown !== undefined) return unknown;
    after = page.next;
  }
  return first;
}

function studiesOf({ rows, next }: LoadedPage): Pick<LeftWorklist, 'studies' | 'next'> {
  return { studies: [...new Set(rows.map(({ studyInstanceUID }) => studyInstanceUID))], next };
}
