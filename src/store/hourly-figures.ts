import type { Connection } from './sql.js';

/** One hour of work of all processes. */
export interface HourlyFigures {
  /** Its beginning. */
  readonly hour: Date;
  /** Results by outcome. */
  readonly reported: number;
  readonly skipped: number;
  readonly failed: number;
  /** Duration of the analysis of a reported study in milliseconds; absent if none was reported. */
  readonly medianMs: number | null;
  /** 95th percentile. */
  readonly p95Ms: number | null;
  /** Most jobs that waited at a time. */
  readonly maxWaiting: number;
}

export interface HourlyFigureLog {
  /**
   * Counts the results of the hours since the last record again, of a week at most, and notes how many jobs wait now. Every process may
   * do it at any time.
   *
   * @param waiting jobs that wait in all queues
   */
  record(now: Date, waiting: number): Promise<void>;
  /** The last hours with the present one, oldest first; an hour without a record counts nothing. @param hours at least 1 */
  last(hours: number, now: Date): Promise<readonly HourlyFigures[]>;
  prune(before: Date): Promise<void>;
}

const maxHours = 168;

export function hourlyFiguresIn(connection: Connection): HourlyFigureLog {
  return {
    async record(now, waiting) {
      await connection.query({
        text: `WITH span AS (
            SELECT date_trunc('hour', $1::timestamptz, 'UTC') AS present,
              greatest(
                date_trunc('hour', $1::timestamptz, 'UTC') - ${maxHours} * interval '1 hour',
                least(coalesce((SELECT max(hour) FROM chest_ai.hourly_figure), '-infinity'), date_trunc('hour', $1::timestamptz, 'UTC') - interval '1 hour')
              ) AS since)
          INSERT INTO chest_ai.hourly_figure (hour, reported, skipped, failed, median_ms, p95_ms, max_waiting)
          SELECT h.hour,
            count(*) FILTER (WHERE r.outcome = 'reported'), count(*) FILTER (WHERE r.outcome = 'skipped'), count(*) FILTER (WHERE r.outcome = 'failed'),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY r.ms) FILTER (WHERE r.outcome = 'reported'),
            percentile_cont(0.95) WITHIN GROUP (ORDER BY r.ms) FILTER (WHERE r.outcome = 'reported'),
            CASE WHEN h.hour = (SELECT present FROM span) THEN $2::int ELSE 0 END
          FROM generate_series((SELECT since FROM span), (SELECT present FROM span), interval '1 hour') AS h(hour)
          LEFT JOIN (
            SELECT created_at, outcome, (SELECT sum(t.value::float8) FROM jsonb_each_text(timings_ms) AS t) AS ms
            FROM chest_ai.result WHERE created_at >= (SELECT since FROM span)
          ) AS r ON r.created_at >= h.hour AND r.created_at < h.hour + interval '1 hour'
          GROUP BY h.hour
          ON CONFLICT (hour) DO UPDATE SET reported = EXCLUDED.reported, skipped = EXCLUDED.skipped, failed = EXCLUDED.failed,
            median_ms = EXCLUDED.median_ms, p95_ms = EXCLUDED.p95_ms,
            max_waiting = greatest(hourly_figure.max_waiting, EXCLUDED.max_waiting)`,
        values: [now, waiting],
      });
    },

    async last(hours, now) {
      const { rows } = await connection.query<HourlyFigures>({
        text: `SELECT h.hour, coalesce(f.reported, 0) AS reported, coalesce(f.skipped, 0) AS skipped, coalesce(f.failed, 0) AS failed,
            f.median_ms AS "medianMs", f.p95_ms AS "p95Ms", coalesce(f.max_waiting, 0) AS "maxWaiting"
          FROM generate_series(
            date_trunc('hour', $1::timestamptz, 'UTC') - ($2::int - 1) * interval '1 hour', date_trunc('hour', $1::timestamptz, 'UTC'), interval '1 hour'
          ) AS h(hour) LEFT JOIN chest_ai.hourly_figure AS f ON f.hour = h.hour ORDER BY h.hour`,
        values: [now, hours],
      });
      return rows;
    },

    async prune(before) {
      await connection.query({ text: 'DELETE FROM chest_ai.hourly_figure WHERE hour < $1', values: [before] });
    },
  };
}
