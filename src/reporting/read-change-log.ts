import type { Log } from '../log.js';
import { compareWithLog, marksBefore, marksOf, type ChangeLog, type LogPosition, type PacsChange } from './change-log.js';

export type { ChangeLog, PacsChange } from './change-log.js';

export interface Cursor {
  read(): Promise<LogPosition | undefined>;
  /** @param reset true only when the PACS has another database */
  move(position: LogPosition, reset: boolean): Promise<void>;
}

export interface ChangeLogPorts {
  readonly changeLog: ChangeLog;
  readonly cursor: Cursor;
  /** Durable before it resolves. */
  /** @param backlog true for what was read while the log has more: it arrived some time ago */
  enqueueStudy(pacsStudyId: string, stable: boolean, backlog: boolean): Promise<void>;
  /** Whether a PACS that was never read is read from its beginning. */
  readonly analyseArchive: boolean;
  readonly log: Log;
  /** Aborted when the process stops: the batch under way is read again by the next process. */
  readonly signal?: AbortSignal;
}

const batchSize = 1_000;
const arrivals = new Set(['NewStudy', 'NewSeries', 'NewInstance', 'StableStudy', 'StableSeries']);

/**
 * Reads the change log from the cursor to its end and queues every study that got something new.
 *
 * Every kind of arrival counts, because Orthanc never says StableStudy for a study that was still young when it
 * stopped. Deletions are not in the log (Orthanc only removes lines): compare-studies.ts finds them. The cursor moves only
 * after the studies of a batch are safely queued: after a crash a batch is read again, which queues the same studies once
 * more and changes nothing. A PACS that was never read is read from now on (what came lately is the sweep's), unless its
 * archive is wanted. Sequence numbers may have gaps. Another database (see change-log.ts) is read from where it agrees with
 * what was read before, which may be its beginning.
 *
 * @returns the number of studies queued
 */
export async function watchOnce(tools: ChangeLogPorts): Promise<number> {
  let position = await startOfReading(tools);
  let queued = 0;
  for (;;) {
    const { changes, last, done } = await tools.changeLog.changes(position.lastSeq, batchSize);
    const studies = await studiesIn(changes, tools.changeLog);
    for (const [id, stable] of studies) {
      tools.signal?.throwIfAborted();
      await tools.enqueueStudy(id, stable, !done);
    }
    queued += studies.size;
    if (last > position.lastSeq) {
      position = { lastSeq: last, marks: marksOf(position.marks, changes) };
      await tools.cursor.move(position, false);
    }
    if (done || changes.length === 0) return queued;
  }
}

async function startOfReading(tools: ChangeLogPorts): Promise<LogPosition> {
  const { changeLog, cursor, log } = tools;
  const position = await cursor.read();
  if (position === undefined) return firstContact(tools);
  const comparison = await compareWithLog(position, changeLog);
  if (comparison.database === 'same') return position;
  const { agreedSeq, marks } = comparison;
  log.warn('the PACS has another database than before: its change log is read from the last line that both have', {
    cursor: position.lastSeq,
    from: agreedSeq,
  });
  const start = { lastSeq: agreedSeq, marks };
  await cursor.move(start, true);
  return start;
}

async function firstContact({ analyseArchive, changeLog, cursor }: ChangeLogPorts): Promise<LogPosition> {
  if (analyseArchive) return { lastSeq: 0, marks: [] };
  const last = await changeLog.lastChange();
  const position = { lastSeq: last, marks: await marksBefore(last, changeLog) };
  await cursor.move(position, false);
  return position;
}

/** @returns studies by the PACS's id; true if the PACS called the study stable */
async function studiesIn(changes: readonly PacsChange[], changeLog: ChangeLog): Promise<ReadonlyMap<string, boolean>> {
  const studies = new Map<string, boolean>();
  const below: { level: 'series' | 'instance'; id: string }[] = [];
  for (const change of changes) {
    if (!arrivals.has(change.type)) continue;
    if (change.level === 'study') studies.set(change.id, (studies.get(change.id) ?? false) || change.type === 'StableStudy');
    else if (change.level === 'series' || change.level === 'instance') below.push({ level: change.level, id: change.id });
  }
  for (const id of await changeLog.studiesOf(below)) if (!studies.has(id)) studies.set(id, false);
  return studies;
}
