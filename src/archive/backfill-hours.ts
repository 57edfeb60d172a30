import { Fault } from '../errors.js';
import { wallClock } from '../jobs/wall-clock.js';

/** The hours of the day in which studies of the archive are queued. */
export interface BackfillHours {
  /** First hour, 0 to 23. */
  readonly from: number;
  /** The hour in which it ends, 0 to 23; before `from` if the time crosses midnight. */
  readonly to: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** @param text "20-06": from 20:00 to before 06:00 @throws Fault `request-invalid` */
export function parseHours(text: string): BackfillHours {
  const [, from, to] = /^(\d{1,2})-(\d{1,2})$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === undefined || to === undefined || first > 23 || last > 24 || first === last % 24)
    throw new Fault('request-invalid', `expected hours as two different hours of a day, such as 20-06, found ${text}`);
  return { from: first, to: last % 24 };
}

/** @returns "20-06" */
export function hoursText({ from, to }: BackfillHours): string {
  return `${String(from).padStart(2, '0')}-${String(to === 0 ? 24 : to).padStart(2, '0')}`;
}

/** @param hours undefined: always @param timeZone IANA name */
export function isWithinHours(at: Date, hours: BackfillHours | undefined, timeZone: string): boolean {
  return hours === undefined || msUntilClosed(wallMs(at, timeZone), hours) > 0;
}

/**
 * How long something takes that is done within the hours only. Changes of the clock (daylight saving time) are not considered: an
 * estimate.
 *
 * @param activeMs milliseconds that it takes
 * @returns milliseconds from `from` until its end
 */
export function durationWithin(activeMs: number, from: Date, hours: BackfillHours | undefined, timeZone: string): number {
  if (hours === undefined || activeMs <= 0) return Math.max(0, activeMs);
  const start = wallMs(from, timeZone);
  const openNow = msUntilClosed(start, hours);
  if (activeMs <= openNow) return activeMs;
  const openMs = ((hours.to - hours.from + 24) % 24) * hourMs;
  const untilOpening = (hours.from * hourMs - start + 2 * dayMs) % dayMs;
  const afterOpening = activeMs - openNow;
  // The last opening is not a whole one; if the work ends with it, it ends at closing time.
  const wholeDays = Math.ceil(afterOpening / openMs) - 1;
  return (openNow > 0 && untilOpening === 0 ? dayMs : untilOpening) + wholeDays * dayMs + (afterOpening - wholeDays * openMs);
}

/** Milliseconds since midnight on a clock on the wall. */
function wallMs(at: Date, timeZone: string): number {
  return wallClock(at, timeZone).reading % dayMs;
}

/** 0 outside of the hours. */
function msUntilClosed(ms: number, { from, to }: BackfillHours): number {
  const sinceOpening = (ms - from * hourMs + dayMs) % dayMs;
  const openMs = ((to - from + 24) % 24) * hourMs;
  return Math.max(0, openMs - sinceOpening);
}
