/** Time between two steps of a backfill, in milliseconds. */
export const stepMs = 2_000;

/**
 * Spreads the studies of a backfill evenly: with 60 studies an hour, one every minute. Time in which nothing could be queued is not made
 * up for, except for the time between two steps.
 *
 * @param nextAt time before which no study may be queued
 * @param perHour 1 or more
 * @returns that time after one more study has been queued now; undefined: it is too early for one
 */
export function nextAfter(nextAt: Date, now: Date, perHour: number): Date | undefined {
  if (nextAt > now) return undefined;
  return new Date(Math.max(nextAt.getTime(), now.getTime() - stepMs) + 3_600_000 / perHour);
}
