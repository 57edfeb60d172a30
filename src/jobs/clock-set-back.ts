import type { Log } from '../log.js';
import type { Connection } from '../store/sql.js';
import { jobTableName as table } from './job-table.js';

/** What was recorded this much later than now was recorded by a clock that has been set back since. */
const tolerance = `interval '10 s'`;

/**
 * Waiting jobs that were delayed while the clock was ahead would wait until it is there again: they start now. A job that was sent with
 * a delay, or put back after a fault, has a time of its own beside it; where that lies in the future, the clock was set back.
 *
 * @returns the queues of these jobs
 */
async function startDelayedAhead(connection: Connection): Promise<readonly string[]> {
  const { rows } = await connection.query<{ queue: string }>({
    text: `UPDATE ${table} SET start_after = now()
      WHERE state = 'created' AND start_after > now() AND greatest(created_on, started_on) > now() + ${tolerance} RETURNING name AS queue`,
  });
  return rows.map(({ queue }) => queue);
}

/** Looks for such jobs at this interval, in ms. @returns stops it */
export function followClock(connection: Connection, log: Log, intervalMs: number, onStarted: (queue: string) => void): () => Promise<void> {
  let looking: Promise<void> | undefined;
  const look = (): Promise<void> =>
    startDelayedAhead(connection)
      .then((queues) => {
        if (queues.length > 0) log.warn('the clock was set back: jobs that were delayed before start now', { jobs: queues.length });
        for (const queue of new Set(queues)) onStarted(queue);
      })
      .catch((thrown: unknown) => log.warn('jobs that were delayed by a clock were not looked for', { reason: String(thrown) }))
      .finally(() => (looking = undefined));
  const timer = setInterval(() => void (looking ??= look()), intervalMs);
  return async () => {
    clearInterval(timer);
    await looking;
  };
}
