import { schedule as cron, validate } from 'node-cron';
import { Fault } from '../errors.js';
import { placeOf, type Log } from '../log.js';

/** Something done again and again. */
export interface Periodic {
  /** Now, out of turn; if it is running, that run is what you get. */
  runNow(): Promise<void>;
  /** No further run; resolves when the one in progress has ended. */
  stop(): Promise<void>;
}

/**
 * Never beside itself, and a failure is logged, not thrown: the next turn comes anyway. With several processes each
 * has its own turns; what must happen once is sent as a job with a key.
 *
 * @param when a cron expression in local time ("0 2 * * *"), or milliseconds between the end of a run and the next
 * @throws Fault `config-invalid` for an expression that is none
 */
export function every(when: string | number, name: string, work: () => Promise<void>, log: Log): Periodic {
  let running: Promise<void> | undefined;
  const run = () =>
    (running ??= work()
      .catch((thrown: unknown) => log.error('periodic work failed', { name, place: placeOf(thrown) }))
      .finally(() => (running = undefined)));
  const cancel = typeof when === 'number' ? byInterval(when, run) : byCron(when, name, run);
  return {
    runNow: run,
    async stop() {
      await cancel();
      await running;
    },
  };
}

function byInterval(intervalMs: number, run: () => Promise<void>): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout;
  const next = () => {
    timer = setTimeout(() => void run().then(() => stopped || next()), intervalMs);
  };
  next();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function byCron(expression: string, name: string, run: () => Promise<void>): () => Promise<void> {
  if (!validate(expression)) throw new Fault('config-invalid', `the schedule of ${name} is not a cron expression: "${expression}"`);
  const task = cron(expression, run, { name, noOverlap: true });
  return async () => void (await task.destroy());
}
