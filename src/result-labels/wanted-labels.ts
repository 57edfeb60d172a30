import type { LabelNames } from './label-names.js';
import type { ReadingMarks, ResultState } from './ports.js';

/**
 * The labels that a study is to carry: one for each finding that its current result states as present, one while it waits to be read,
 * one while its analysis has failed.
 *
 * @param rejected findings that the readers of the study reject: a label would still state them
 */
export function wantedLabels(
  { outcome, findings, reading }: Pick<ResultState, 'outcome' | 'findings' | 'reading'>,
  rejected: ReadonlySet<string>,
  names: LabelNames,
  now: Date,
): readonly string[] {
  if (outcome === undefined) return [];
  const present = outcome === 'reported' ? findings.filter(({ name, decision }) => decision === 'present' && !rejected.has(name)) : [];
  return [
    ...present.map(({ name }) => names.ofFinding(name)),
    reading && isUnread(reading, now) ? names.unread : undefined,
    outcome === 'failed' ? names.failed : undefined,
  ].filter((one) => one !== undefined);
}

function isUnread({ waits, readAt, claimedUntil }: ReadingMarks, now: Date): boolean {
  return waits && readAt === null && !(claimedUntil !== null && claimedUntil > now);
}

/** @returns when the labels follow another state of reading although nobody does anything: a claim runs out */
export function nextChangeOf({ reading }: Pick<ResultState, 'reading'>, now: Date): Date | undefined {
  if (!reading || reading.readAt !== null || reading.claimedUntil === null || reading.claimedUntil <= now) return undefined;
  return reading.claimedUntil;
}

export interface LabelChanges {
  readonly toAdd: readonly string[];
  readonly toRemove: readonly string[];
}

/** What makes the service's own labels of a study the wanted ones. */
export function labelChanges(wanted: readonly string[], present: readonly string[], names: Pick<LabelNames, 'isOwn'>): LabelChanges {
  return {
    toAdd: wanted.filter((label) => !present.includes(label)),
    toRemove: present.filter((label) => names.isOwn(label) && !wanted.includes(label)),
  };
}
