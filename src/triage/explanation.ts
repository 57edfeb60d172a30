import { ageGroups, type AgeGroup } from '../dicom/patient-age.js';
import { probabilityText } from '../lib/probability-text.js';
import type { EncounterClass } from './encounter-class.js';
import { isOverdue, limitOf } from './reading-order.js';
import { urgencyParts, type UrgencyFacts, type UrgencyWeights, type WeighedFinding } from './urgency.js';

export const explanationLanguages = ['en', 'de', 'fr'] as const;
export type ExplanationLanguage = (typeof explanationLanguages)[number];

/** A finding and how it is called: Code Meaning of its concept. */
export interface NamedFinding extends WeighedFinding {
  readonly meaning: string;
}

export interface ExplainedStudy extends UrgencyFacts {
  readonly findings: readonly NamedFinding[];
  readonly waitingSince: Date;
}

export interface ExplanationSettings extends UrgencyWeights {
  readonly maxWaitMinutes: number;
}

interface Words {
  readonly encounter: Readonly<Record<EncounterClass, string>>;
  readonly undetermined: string;
  readonly priority: (priority: number) => string;
  readonly age: (ageGroup: AgeGroup) => string;
  readonly waiting: (wait: string) => string;
  readonly overdue: (wait: string, limit: string) => string;
  readonly units: { readonly day: string; readonly hour: string; readonly minute: string };
}

const words: Readonly<Record<ExplanationLanguage, Words>> = {
  en: {
    encounter: { emergency: 'emergency', inpatient: 'inpatient', outpatient: 'outpatient' },
    undetermined: 'undetermined',
    priority: (priority) => `priority ${priority}`,
    age: (ageGroup) => `age ${ageGroups[ageGroup]}`,
    waiting: (wait) => `waiting ${wait}`,
    overdue: (wait, limit) => `waiting ${wait}: longer than the limit of ${limit}`,
    units: { day: 'd', hour: 'h', minute: 'min' },
  },
  de: {
    encounter: { emergency: 'Notfall', inpatient: 'stationär', outpatient: 'ambulant' },
    undetermined: 'unbestimmt',
    priority: (priority) => `Priorität ${priority}`,
    age: (ageGroup) => `Alter ${ageGroups[ageGroup].replace(' to ', ' bis ').replace('from', 'ab')}`,
    waiting: (wait) => `wartet ${wait}`,
    overdue: (wait, limit) => `wartet ${wait}: länger als die Grenze von ${limit}`,
    units: { day: 'T', hour: 'h', minute: 'min' },
  },
  fr: {
    encounter: { emergency: 'urgence', inpatient: 'hospitalisé', outpatient: 'ambulatoire' },
    undetermined: 'indéterminé',
    priority: (priority) => `priorité ${priority}`,
    age: (ageGroup) => `âge ${ageGroups[ageGroup].replace(' to ', ' à ').replace('from', 'dès')}`,
    waiting: (wait) => `attend depuis ${wait}`,
    overdue: (wait, limit) => `attend depuis ${wait} : plus que la limite de ${limit}`,
    units: { day: 'j', hour: 'h', minute: 'min' },
  },
};

/** English for a language that has no words here. */
export function explanationLanguageOf(code: string): ExplanationLanguage {
  return explanationLanguages.find((one) => one === code) ?? 'en';
}

/** Largest parts of the urgency that are named. */
const maxParts = 3;
/** The default of routing.yaml, which is not worth mentioning. */
const usualPriority = 5;

/**
 * Why a study that waits stands where it stands: "Pneumothorax 91 %, waiting 12 min", or "waiting 4 h 10 min: longer than the limit of 4 h".
 * The parts with the greatest weight come first, at most three.
 */
export function explanationOf(
  study: ExplainedStudy,
  settings: ExplanationSettings,
  now: Date,
  language: ExplanationLanguage,
  off?: ReadonlySet<string>,
): string {
  const text = words[language];
  const minutes = waitedMinutes(study.waitingSince, now);
  const wait = durationText(minutes, language);
  if (isOverdue(study, limitOf(now, settings.maxWaitMinutes))) return text.overdue(wait, durationText(settings.maxWaitMinutes, language));
  const parts = urgencyParts(study, settings, off)
    .filter((part) => part.kind !== 'priority' || part.priority > usualPriority)
    .slice(0, maxParts)
    .map((part) => {
      switch (part.kind) {
        case 'finding':
          return `${part.finding.meaning} ${probabilityText(part.finding)} %${part.finding.decision === 'undetermined' ? ` (${text.undetermined})` : ''}`;
        case 'priority':
          return text.priority(part.priority);
        case 'age':
          return text.age(part.ageGroup);
        case 'encounter':
          return text.encounter[part.encounterClass];
      }
    });
  return [...parts, text.waiting(wait)].join(', ');
}

/** Whole minutes, 0 if the clock of the database is ahead. */
export function waitedMinutes(since: Date, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - since.getTime()) / 60_000));
}

/** "12 min", "4 h 10 min", "4 h", "2 d 3 h". @param minutes whole, 0 or more */
export function durationText(minutes: number, language: ExplanationLanguage): string {
  const { day, hour, minute } = words[language].units;
  const [days, hours, rest] = [Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60), minutes % 60];
  const parts = days > 0 ? [[days, day] as const, [hours, hour] as const] : [[hours, hour] as const, [rest, minute] as const];
  const shown = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`);
  return shown.length > 0 ? shown.join(' ') : `0 ${minute}`;
}
