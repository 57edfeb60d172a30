import type { Config } from '../../config.js';
import { Fault } from '../../errors.js';
import type { ReportSettings } from '../../reporting/ports.js';
import { readingStateOf, type ReadingChange, type ReadingRow } from '../../store/readings.js';
import type { Store } from '../../store/store.js';
import type { ResultRow } from '../../store/results.js';
import { durationText, explanationOf, waitedMinutes, type ExplanationLanguage } from '../../triage/explanation.js';
import { isOverdue, limitOf } from '../../triage/reading-order.js';
import type { ShownReading } from '../page-types.js';
import type { ReadingsPort } from '../ports.js';

export interface ReadingParts {
  readonly triage: Config['triage'];
  readonly settings: Pick<ReportSettings, 'routing' | 'findingsOff'>;
}

/** The reading state as the interface shows it, with the explanation of its place. */
export function shownReading(
  row: Pick<ResultRow, 'findings' | 'priority' | 'rule'>,
  reading: ReadingRow,
  { triage, settings: { routing, findingsOff = [] } }: ReadingParts,
  now: Date,
  language: ExplanationLanguage,
): ShownReading {
  const { reader, claimedUntil, readAt, waitingSince, urgency, ageGroup, encounterClass } = reading;
  const state = readingStateOf(reading, now);
  const waits = reading.waits && readAt === null;
  const off = new Set([...findingsOff, ...(routing.rules.find(({ name }) => name === row.rule)?.findingsOff ?? [])]);
  const study = {
    findings: row.findings,
    priority: row.priority,
    ageGroup: ageGroup ?? undefined,
    encounterClass: encounterClass ?? undefined,
    waitingSince,
  };
  return {
    state,
    ...(state !== 'unread' && reader !== null ? { reader } : {}),
    ...(state === 'being-read' && claimedUntil ? { claimedUntil: claimedUntil.toISOString() } : {}),
    ...(readAt ? { readAt: readAt.toISOString() } : {}),
    waits,
    waitingSince: waitingSince.toISOString(),
    overdue: waits && isOverdue(reading, limitOf(now, triage.maxWaitMinutes)),
    urgency,
    ...(waits
      ? {
          explanation: explanationOf(study, triage, now, language, off),
          wait: durationText(waitedMinutes(waitingSince, now), language),
        }
      : {}),
  };
}

/** What readers do with a study that waits. */
export function readingsPortOf(
  store: Pick<Store, 'readings' | 'results'>,
  parts: ReadingParts,
  onChanged: (studyInstanceUID: string) => Promise<void> = async () => undefined,
): ReadingsPort {
  const shown = async (studyInstanceUID: string, change: ReadingChange | undefined, now: Date) => {
    const row = change && (await store.results.currentResult(studyInstanceUID));
    if (!change || !row) throw new Fault('not-found', 'expected a study with a result, found none', { studyInstanceUID });
    if (!change.isDone) throw new Fault('reading-conflict', conflict(change.row, now), { studyInstanceUID });
    await onChanged(studyInstanceUID);
    return {
      reading: shownReading(row, change.row, parts, now, 'en'),
      ...(change.takenFrom === undefined ? {} : { takenFrom: change.takenFrom }),
    };
  };
  return {
    async claim(uid, reader, takeOver) {
      const now = new Date();
      const until = new Date(now.getTime() + parts.triage.claimMinutes * 60_000);
      return shown(uid, await store.readings.claim(uid, reader, { now, until, takeOver }), now);
    },
    async release(uid, reader) {
      const now = new Date();
      return shown(uid, await store.readings.release(uid, reader, now), now);
    },
    async markRead(uid, reader) {
      const now = new Date();
      return shown(uid, await store.readings.markRead(uid, reader, now), now);
    },
    async markUnread(uid) {
      const now = new Date();
      return shown(uid, await store.readings.markUnread(uid, now), now);
    },
  };
}

function conflict(row: ReadingRow, now: Date): string {
  const found =
    readingStateOf(row, now) === 'read' ? `has read at ${row.readAt?.toISOString()}` : `reads until ${row.claimedUntil?.toISOString()}`;
  return `expected a study that nobody else reads or has read, found one that ${row.reader ?? 'another reader'} ${found}`;
}
