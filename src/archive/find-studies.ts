import { everyStudy } from '../reporting/every-study.js';
import { analysedModalities } from '../reporting/sweep-pacs.js';
import type { BackfillRow } from '../store/backfills.js';
import type { ArchivePorts } from './ports.js';
import { addDays } from './study-dates.js';

/** Days of one search: one at first, more while they contain few studies. A search of many studies is slow for the PACS. */
const maxDays = 256;
const fewStudies = 100;
/** A step ends with the search in which it has found this many studies. */
const studiesOfStep = 1_000;
const searchesOfStep = 5;

/** Searches the next days of a backfill for studies, oldest Study Date first. If it is interrupted, it continues with the same days. */
export async function findStudies(
  { id, cursor, until }: BackfillRow,
  { backfills, searchForStudies }: Pick<ArchivePorts, 'backfills' | 'searchForStudies'>,
  signal: AbortSignal,
): Promise<void> {
  let found = 0;
  let days = 1;
  for (let search = 0, from = cursor; from !== null && search < searchesOfStep && found < studiesOfStep; search++) {
    const last = earlier(addDays(from, days - 1), until);
    let inSearch = 0;
    for await (const uids of everyStudy(searchForStudies, { StudyDate: from === last ? from : `${from}-${last}` }, analysedModalities)) {
      signal.throwIfAborted();
      await backfills.addStudies(id, uids);
      inSearch += uids.length;
    }
    const next: string | null = last < until ? addDays(last, 1) : null;
    await backfills.moveCursor(id, from, next);
    days = inSearch < fewStudies ? Math.min(days * 4, maxDays) : 1;
    found += inSearch;
    from = next;
  }
}

function earlier(one: string, other: string): string {
  return one < other ? one : other;
}
