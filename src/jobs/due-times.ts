import { createTask, validate, type ScheduledTask } from 'node-cron';
import { Fault } from '../errors.js';
import { readingOf, wallClock } from './wall-clock.js';

const hourMs = 3_600_000;
/** Clocks are set back by an hour at most places, by two at some Antarctic stations; nowhere by more. */
const maxRepeatMs = 3 * hourMs;

/**
 * The times of a cron expression by the clock on the wall, through changes of that clock: a time that a change leaves out (02:30 on
 * the day when 02:00 becomes 03:00) is due when the clock has passed it, a time that comes twice (02:30 when 03:00 becomes 02:00)
 * is due at the first. node-cron says which readings an expression means; its own timer would leave the former out.
 */
export class DueTimes {
  /** Expressions of six fields name seconds. */
  readonly stepMs: number;
  readonly #readings: ScheduledTask;
  /** How far was looked: a look goes on where the one before ended. */
  #moment = 0;
  #reached = 0;
  #due: { readonly text: string; readonly moment: number } | undefined;

  /** @throws Fault `config-invalid` for an expression or a time zone that is none */
  constructor(
    expression: string,
    name: string,
    readonly timeZone: string,
  ) {
    if (!validate(expression)) throw new Fault('config-invalid', `the schedule of ${name} is not a cron expression: "${expression}"`);
    try {
      wallClock(new Date(0), timeZone);
    } catch (cause) {
      throw new Fault('config-invalid', `expected a time zone such as Europe/Berlin, found "${timeZone}"`, {}, { cause });
    }
    this.stepMs = expression.trim().split(/\s+/).length === 6 ? 1_000 : 60_000;
    // In UTC no reading is left out or comes twice: what is asked are readings, not moments. It is never started.
    this.#readings = createTask(expression, () => undefined, { timezone: 'UTC', name });
  }

  /**
   * The last time that became due after `after`, up to and including `now`.
   *
   * @returns its reading, 2027-03-28T02:00:00; undefined if there is none
   */
  last(after: Date, now: Date): string | undefined {
    if (now.getTime() < this.#moment || this.#moment < after.getTime() - maxRepeatMs) this.#beginAt(after.getTime() - maxRepeatMs);
    while (this.#moment + this.stepMs <= now.getTime()) {
      this.#moment += this.stepMs;
      const reading = floor(wallClock(new Date(this.#moment), this.timeZone).reading, this.stepMs);
      while (this.#reached < reading) {
        this.#reached += this.stepMs;
        if (this.#readings.match(new Date(this.#reached))) this.#due = { text: readingOf(this.#reached).text, moment: this.#moment };
      }
    }
    return this.#due && this.#due.moment > after.getTime() ? this.#due.text : undefined;
  }

  /** Before the time asked about, so that of a reading which comes twice the first is known. */
  #beginAt(moment: number): void {
    this.#moment = floor(moment, this.stepMs);
    this.#reached = floor(wallClock(new Date(this.#moment), this.timeZone).reading, this.stepMs);
    this.#due = undefined;
  }
}

function floor(value: number, step: number): number {
  return Math.floor(value / step) * step;
}
