import { wallClock } from './wall-clock.js';

/** Hours of a day, from the first minute, inclusive, to the second, exclusive; over midnight if `to` is not after `from`. */
export interface HoursOfDay {
  /** Minutes since midnight, 0 to 1439. */
  readonly from: number;
  /** Minutes since midnight, 0 to 1439; equal to `from`: the whole day. */
  readonly to: number;
}

const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;

/** @param text `20-06`, `07:30-16:00`, `18-24` @returns undefined for another text */
export function parseHoursOfDay(text: string): HoursOfDay | undefined {
  const [, from, to, ...others] = /^([^-]+)-([^-]+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined || others.length > 0) return undefined;
  const [first, last] = [minutesOf(from), minutesOf(to)];
  return first === undefined || last === undefined || first === 1_440 ? undefined : { from: first, to: last % 1_440 };
}

/** @returns `20-06`, `07:30-16:00`, `18-24` */
export function hoursOfDayText({ from, to }: HoursOfDay): string {
  return `${timeText(from)}-${timeText(to === 0 ? 1_440 : to)}`;
}

/** By the clock on the wall. @param hours undefined: always @param timeZone IANA name */
export function isWithinHours(at: Date, hours: HoursOfDay | undefined, timeZone: string): boolean {
  return hours === undefined || msUntilClosed(wallMs(at, timeZone), hours) > 0;
}

/**
 * How long something takes that is done within the hours only. Changes of the clock (daylight saving time) are not considered: an
 * estimate.
 *
 * @param activeMs milliseconds that it takes
 * @returns milliseconds from `from` until its end
 */
export function durationWithin(activeMs: number, from: Date, hours: HoursOfDay | undefined, timeZone: string): number {
  if (hours === undefined || activeMs <= 0) return Math.max(0, activeMs);
  const start = wallMs(from, timeZone);
  const openNow = msUntilClosed(start, hours);
  if (activeMs <= openNow) return activeMs;
  const openMs = openMsOf(hours);
  const untilOpening = (hours.from * minuteMs - start + 2 * dayMs) % dayMs;
  const afterOpening = activeMs - openNow;
  // The last opening is not a whole one; if the work ends with it, it ends at closing time.
  const wholeDays = Math.ceil(afterOpening / openMs) - 1;
  return (openNow > 0 && untilOpening === 0 ? dayMs : untilOpening) + wholeDays * dayMs + (afterOpening - wholeDays * openMs);
}

/** @returns 0 to 1440; undefined for what is no time */
function minutesOf(text: string): number | undefined {
  const [, hour, minute = '0'] = /^(\d{1,2})(?::(\d{2}))?$/.exec(text) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  return hour === undefined || Number(minute) > 59 || minutes > 1_440 ? undefined : minutes;
}

function timeText(minutes: number): string {
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((one) => String(one).padStart(2, '0'));
  return minute === '00' ? hour! : `${hour}:${minute}`;
}

/** Milliseconds since midnight on a clock on the wall. */
function wallMs(at: Date, timeZone: string): number {
  return wallClock(at, timeZone).reading % dayMs;
}

function openMsOf({ from, to }: HoursOfDay): number {
  return (to > from ? to - from : to - from + 1_440) * minuteMs;
}

/** 0 outside of the hours. */
function msUntilClosed(ms: number, hours: HoursOfDay): number {
  const sinceOpening = (ms - hours.from * minuteMs + dayMs) % dayMs;
  return Math.max(0, openMsOf(hours) - sinceOpening);
}
