import type { BackfillRow } from '../store/backfills.js';
import { durationWithin, isWithinHours } from '../jobs/hours-of-day.js';
import { backfillHours } from './backfill-request.js';

/** How far a backfill is. */
export interface BackfillProgress {
  /** Studies that have their outcome. */
  readonly finished: number;
  /** All days were searched: the number of studies found is final. */
  readonly isSearched: boolean;
  /** Finished studies for each hour in which it was active; undefined in its first minute. */
  readonly ratePerHour: number | undefined;
  /** Milliseconds; undefined while that cannot be computed. */
  readonly timeLeftMs: number | undefined;
  /** Studies may be queued at this time of the day. */
  readonly isWithinHours: boolean;
}

/** The rate of a shorter time would be that of one or two studies. */
const minActiveMs = 60_000;

type ProgressRow = Pick<
  BackfillRow,
  'state' | 'cursor' | 'hours' | 'perHour' | 'activeMs' | 'found' | 'done' | 'unchanged' | 'skipped' | 'failed' | 'vanished'
>;

/** @param timeZone IANA name, in which the hours are meant */
export function progressOf(row: ProgressRow, now: Date, timeZone: string): BackfillProgress {
  const hours = row.hours === null ? undefined : backfillHours(row.hours);
  const finished = row.done + row.unchanged + row.skipped + row.failed + row.vanished;
  const ratePerHour = row.activeMs >= minActiveMs && finished > 0 ? finished / (row.activeMs / 3_600_000) : undefined;
  const isSearched = row.cursor === null;
  // In the first minute the limit is the best estimate.
  const activeMs = ((row.found - finished) / (ratePerHour ?? row.perHour)) * 3_600_000;
  return {
    finished,
    isSearched,
    ratePerHour,
    timeLeftMs: row.state === 'running' && isSearched ? Math.round(durationWithin(activeMs, now, hours, timeZone)) : undefined,
    isWithinHours: isWithinHours(now, hours, timeZone),
  };
}
