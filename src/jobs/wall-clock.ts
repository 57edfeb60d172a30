/** What clocks on the wall show in a time zone. */
export interface WallClock {
  /** The reading as if it were UTC, in milliseconds, cut to whole seconds: it jumps where clocks are changed. */
  readonly reading: number;
  /** 2027-03-28T02:00:00: sorts as the readings do. */
  readonly text: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a time zone that this system does not know */
export function wallClock(at: Date, timeZone: string): WallClock {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  formats.set(timeZone, format);
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return readingOf(Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute'], part['second']));
}

export function readingOf(reading: number): WallClock {
  return { reading, text: new Date(reading).toISOString().slice(0, 19) };
}
