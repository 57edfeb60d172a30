import type { BackfillActions } from '../../archive/backfill-actions.js';
import { progressOf } from '../../archive/backfill-progress.js';
import type { TrialReports } from '../../archive/trial-report/trial-report.js';
import { calendarDate } from '../../archive/study-dates.js';
import type { BackfillRow } from '../../store/backfills.js';
import type { ShownBackfill } from '../page-types.js';
import type { BackfillPort } from '../ports.js';

/** @param timeZone IANA name: the zone of the hours */
export function backfillPortOf(
  actions: BackfillActions,
  reports: TrialReports,
  timeZone: string,
  publicUrl: string | undefined,
): BackfillPort {
  const shown = (row: BackfillRow): ShownBackfill => shownBackfill(row, new Date(), timeZone);
  return {
    list: async () => (await actions.list()).map(shown),
    start: async (request, by) => shown(await actions.start(request, by)),
    pause: async (id, by) => shown(await actions.pause(id, by)),
    resume: async (id, by) => shown(await actions.resume(id, by)),
    cancel: async (id, by) => shown(await actions.cancel(id, by)),
    report: (id, version) => reports.report(id, version),
    sign: (id, body, by) => reports.sign(id, body, by),
    publicUrl,
  };
}

function shownBackfill(row: BackfillRow, now: Date, timeZone: string): ShownBackfill {
  const { finished, isSearched, isWithinHours, ratePerHour, timeLeftMs } = progressOf(row, now, timeZone);
  const { id, rule, model, perHour, hours, shadow, state, found, queued, done, unchanged, skipped, failed, vanished, createdBy } = row;
  return {
    id,
    since: calendarDate(row.since),
    until: calendarDate(row.until),
    ...(rule === null ? {} : { rule }),
    ...(model === null ? {} : { model }),
    perHour,
    ...(hours === null ? {} : { hours }),
    shadow,
    state,
    isSearched,
    isWithinHours,
    found,
    finished,
    queued,
    done,
    unchanged,
    skipped,
    failed,
    vanished,
    ...(ratePerHour === undefined ? {} : { ratePerHour }),
    ...(timeLeftMs === undefined ? {} : { timeLeftMs }),
    createdBy,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
