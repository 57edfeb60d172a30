import type { MessageRule } from '../config.js';
import { isWithinHours, parseHoursOfDay } from '../jobs/hours-of-day.js';
import { wallClock } from '../jobs/wall-clock.js';
import { matchesPattern } from '../routing/match.js';
import type { Outcome, RecordedFinding } from '../store/schema.js';

/** What the rules see of a result. */
export interface RuleSubject {
  readonly outcome: Outcome;
  readonly findings: readonly RecordedFinding[];
  readonly createdAt: Date;
  /** IANA name, in which the hours of the rules are meant. */
  readonly timeZone: string;
  /** Institution Name and Station Name, as the images state them. */
  readonly sites: readonly string[];
  /** Study Date, YYYYMMDD; undefined if the images state none. */
  readonly studyDate: string | undefined;
}

/** Whether a rule reads attributes of the images, and not the result alone. */
export function readsImages({ site, maxStudyAgeDays }: MessageRule): boolean {
  return site !== undefined || maxStudyAgeDays !== undefined;
}

/** @returns the names of the findings because of which the rule selects the result (none for a failure); undefined if it does not */
export function selectedBy(rule: MessageRule, subject: RuleSubject): readonly string[] | undefined {
  if (rule.outcome !== subject.outcome) return undefined;
  if (rule.site !== undefined && !rule.site.some((pattern) => matchesPattern(pattern, subject.sites))) return undefined;
  if (rule.hours !== undefined && !isWithinHours(subject.createdAt, parseHoursOfDay(rule.hours), subject.timeZone)) return undefined;
  if (rule.maxStudyAgeDays !== undefined && ageInDays(subject) > rule.maxStudyAgeDays) return undefined;
  if (rule.outcome === 'failed') return [];
  const { findings: wanted, decision, probabilityFrom } = rule;
  const names = subject.findings
    .filter((one) => wanted === undefined || wanted.includes(one.name))
    .filter((one) => (decision === 'any' || one.decision === decision) && one.probability >= probabilityFrom)
    .map(({ name }) => name);
  return names.length > 0 ? names : undefined;
}

/** Whole days of the calendar; 0 if the date is missing or cannot be read. */
function ageInDays({ studyDate, createdAt, timeZone }: RuleSubject): number {
  const date = /^(\d{4})(\d{2})(\d{2})$/.exec(studyDate ?? '');
  if (!date) return 0;
  const today = wallClock(createdAt, timeZone).text.slice(0, 10);
  const days = (Date.parse(today) - Date.parse(`${date[1]}-${date[2]}-${date[3]}`)) / 86_400_000;
  return Number.isFinite(days) ? days : 0;
}
