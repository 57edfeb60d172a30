import { placeOf, type Log } from '../log.js';
import { DueTimes } from './due-times.js';
import { readingOf, wallClock } from './wall-clock.js';

/** Work that is repeated. */
export interface Periodic {
  /** Runs now, in addition to the schedule; if a run is in progress, waits for that one. */
  runNow(): Promise<void>;
  /** Starts no further run; resolves when the one in progress has ended. */
  stop(): Promise<void>;
}

/** The times of a schedule that have had their run, for all processes on one database. */
export interface ScheduleRecord {
  begin(name: string, now: string): Promise<void>;
  take(name: string, due: string, latest: string): Promise<boolean>;
  giveBack(name: string, due: string, before: string): Promise<void>;
}

export interface SchedulePorts {
  readonly log: Log;
  readonly record: ScheduleRecord;
  /** IANA name in which cron expressions are meant: Europe/Berlin. */
  readonly timeZone: string;
  readonly clock?: { now(): Date };
}

/** A run that was missed (the machine was suspended, the clock jumped, the process was not running) is made up for until this much later. */
export const catchUpMs = 3 * 3_600_000;
/** A recorded time further in the future than this was written while a clock was wrong. */
const clockErrorMs = 36 * 3_600_000;
const lookEveryMs = 15_000;

/**
 * Repeats the work, one run at a time. A failure is logged and does not end the repetition. With an interval each process has its own
 * runs; with a cron expression each due time has one run for all processes on one database (see due-times.ts for clock changes).
 *
 * @param when a cron expression ("0 2 * * *") in `timeZone`, or milliseconds between the end of a run and the next
 * @param work its signal is aborted when the work is to stop; an error after that is not a failure
 * @throws Fault `config-invalid` for an invalid expression
 */
export function every(when: string | number, name: string, work: (signal: AbortSignal) => Promise<void>, ports: SchedulePorts): Periodic {
  const stopping = new AbortController();
  let running: Promise<boolean> | undefined;
  const run = () =>
    (running ??= work(stopping.signal)
      .then(
        () => true,
        (thrown: unknown) => {
          if (!stopping.signal.aborted) ports.log.error('periodic work failed', { name, place: placeOf(thrown) });
          return false;
        },
      )
      .finally(() => (running = undefined)));
  const cancel = typeof when === 'number' ? byInterval(when, run) : bySchedule(when, name, run, ports);
  return {
    runNow: async () => void (await run()),
    async stop() {
      stopping.abort(new Error('the process stops'));
      cancel();
      await running;
    },
  };
}

function byInterval(intervalMs: number, run: () => Promise<unknown>): () => void {
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

function bySchedule(
  expression: string,
  name: string,
  run: () => Promise<boolean>,
  { log, record, timeZone, clock = { now: () => new Date() } }: SchedulePorts,
): () => void {
  const dueTimes = new DueTimes(expression, name, timeZone);
  let begun = false;
  let looking = false;
  let failed = false;
  const look = async (): Promise<void> => {
    const now = clock.now();
    if (!begun) await record.begin(name, wallClock(now, timeZone).text);
    begun = true;
    const due = dueTimes.last(new Date(now.getTime() - catchUpMs), now);
    if (!due) return;
    const latest = wallClock(new Date(now.getTime() + clockErrorMs), timeZone).text;
    if ((await record.take(name, due, latest)) && !(await run())) await record.giveBack(name, due, justBefore(due));
  };
  // Reads the clock at an interval instead of counting down to a time: suspends and clock jumps then make no difference.
  const turn = (): void => {
    if (looking) return;
    looking = true;
    look()
      .then(() => (failed = false))
      .catch((thrown: unknown) => {
        if (!failed)
          log.warn('the schedule cannot be read or written at the moment; it is tried again', {
            name,
            reason: thrown instanceof Error ? thrown.message : String(thrown),
          });
        failed = true;
      })
      .finally(() => (looking = false));
  };
  turn();
  const timer = setInterval(turn, dueTimes.stepMs < 60_000 ? 1_000 : lookEveryMs);
  return () => clearInterval(timer);
}

function justBefore(due: string): string {
  return readingOf(Date.parse(`${due}Z`) - 1_000).text;
}
