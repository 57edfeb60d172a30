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
  remember({ query, studies: rows.map(({ studyInstanceUID }) => studyInstanceUID), next });
}

/** What was searched for may be a patient's name: it stays in memory. */
function remember(left: LeftWorklist): void {
  inMemory = left;
  const { query, studies, next } = left;
  const isWhole = query.search === '' && studies.length <= maxRemembered;
  const kept = { query: { ...query, search: '' }, studies: studies.slice(0, maxRemembered), ...(isWhole ? { next } : {}) };
  sessionStorage.setItem(storageKey, JSON.stringify(kept));
}

/** The study beside this one in the worklist from which the reader came; undefined at its ends. */
export async function neighbour(study: string, step: 1 | -1, language: string): Promise<string | undefined> {
  let left = leftWorklist();
  if (left.studies.length === 0) left = { ...left, ...(await studiesAfter(left, '', language)) };
  const index = left.studies.indexOf(study);
  if (index === left.studies.length - 1 && step === 1 && left.next !== undefined) {
    const more = await studiesAfter(left, left.next, language);
    left = { query: left.query, studies: [...left.studies, ...more.studies], next: more.next };
    remember(left);
  }
  // A study that is not in the list was opened by its address: the list begins behind it.
  if (index < 0) return step === 1 ? left.studies[0] : undefined;
  return left.studies[index + step];
}

/**
 * The next study that the reader has to read, in the order of the worklist: behind this one, else from the top. The server is asked, because
 * others read at the same time.
 */
export async function nextToRead(study: string, language: string): Promise<string | undefined> {
  const { query, studies } = leftWorklist();
  const { reading } = query;
  const wanted = { ...query, reading: reading === 'all' || reading === 'read' || reading === 'unread' ? ('to-read' as const) : reading };
  const { rows } = await worklistPage(wanted, language, '');
  const unread = rows.map(({ studyInstanceUID }) => studyInstanceUID).filter((one) => one !== study);
  const here = studies.indexOf(study);
  return unread.find((one) => studies.indexOf(one) > here) ?? unread[0];
}

async function studiesAfter(
  { query }: Pick<LeftWorklist, 'query'>,
  after: string,
  language: string,
): Promise<Pick<LeftWorklist, 'studies' | 'next'>> {
  const { rows, next } = await worklistPage(query, language, after);
  return { studies: rows.map(({ studyInstanceUID }) => studyInstanceUID), next };
}
