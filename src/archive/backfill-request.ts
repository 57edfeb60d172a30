import { Fault } from '../errors.js';
import { hoursOfDayText, parseHoursOfDay, type HoursOfDay } from '../jobs/hours-of-day.js';
import type { Routing } from '../routing/rules.js';
import { plainText } from '../lib/plain-text.js';
import type { NewBackfill } from '../store/backfills.js';
import { studyDateOf } from './study-dates.js';

/** Which studies of the archive are to be analysed, and when. */
export interface BackfillRequest {
  /** First Study Date, YYYY-MM-DD. */
  readonly since: string;
  /** Last Study Date, YYYY-MM-DD. */
  readonly until: string;
  /** Only studies that this routing rule takes. */
  readonly rule?: string | undefined;
  /** Studies queued in an hour at most, 1 to 100,000; default 60. */
  readonly perHour?: number | undefined;
  /** Hours of the day in which studies are queued, "20-06"; default all. */
  readonly hours?: string | undefined;
  /**
   * Version, `champion` or `challenger`: studies whose result is by another one are analysed again. Only a deployed version may write
   * documents; in shadow any registered one.
   */
  readonly model?: string | undefined;
  /** Only predictions, without a model those of the challengers; nothing is written to the PACS. */
  readonly shadow?: boolean | undefined;
}

export const defaultPerHour = 60;
export const maxPerHour = 100_000;

/** @throws Fault `request-invalid` naming what was expected and what was found; the model is checked by chooseModel */
export function checkBackfill(request: BackfillRequest, { rules }: Pick<Routing, 'rules'>): Omit<NewBackfill, 'createdBy' | 'model'> {
  const [since, until] = [dateOf('since', request.since), dateOf('until', request.until)];
  if (until < since)
    throw new Fault('request-invalid', `expected until as a day not before since, found ${request.until} before ${request.since}`);
  const { rule, perHour = defaultPerHour, hours, shadow = false } = request;
  if (!Number.isInteger(perHour) || perHour < 1 || perHour > maxPerHour)
    throw new Fault('request-invalid', `expected a whole number of studies an hour from 1 to ${maxPerHour}, found ${perHour}`);
  if (rule !== undefined && !rules.some((one) => one.name === rule && one.action === 'analyse' && one.enabled !== false))
    throw new Fault(
      'request-invalid',
      `expected the name of a rule that analyses (${rules
        .filter((one) => one.action === 'analyse')
        .map((one) => one.name)
        .join(', ')}), found ${plainText(rule, 100)}`,
    );
  return { since, until, rule: rule ?? null, perHour, hours: hours === undefined ? null : hoursOfDayText(backfillHours(hours)), shadow };
}

/** @param text "20-06": from 20:00 to before 06:00 @throws Fault `request-invalid` */
export function backfillHours(text: string): HoursOfDay {
  const hours = parseHoursOfDay(text);
  if (hours === undefined || hours.from === hours.to)
    throw new Fault(
      'request-invalid',
      `expected hours as two different times of a day, such as 20-06 or 07:30-16:00, found ${plainText(text, 40)}`,
    );
  return hours;
}

function dateOf(name: string, text: string): string {
  const date = studyDateOf(text);
  if (date === undefined) throw new Fault('request-invalid', `expected ${name} as a day, YYYY-MM-DD, found ${plainText(text, 40)}`);
  return date;
}
