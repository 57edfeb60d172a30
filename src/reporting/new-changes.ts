import type { Log } from '../log.js';
import { compareWithLog, marksBefore, marksOf, type ChangeLog, type Cursor, type LogPosition, type PacsChange } from './change-log.js';

/** A study that received something. */
export interface ChangedStudy {
  readonly pacsStudyId: string;
  /** The PACS has reported that no instance arrived for its stable age. */
  readonly isStable: boolean;
  /** It arrived some time ago: the log has more after it. */
  readonly isBacklog: boolean;
}

interface ChangePorts {
  readonly changeLog: ChangeLog;
  readonly cursor: Cursor;
  /** Whether a PACS that was never read is read from its beginning. */
  readonly schedule: { readonly analyseArchive: boolean };
  readonly log: Log;
}

const batchSize = 1_000;
const arrivals = new Set(['NewStudy', 'NewSeries', 'NewInstance', 'StableStudy', 'StableSeries']);

/**
 * Reads the change log from the cursor to its end and gives, batch by batch, every study that received something. The cursor moves
 * behind a batch when the caller asks for the next one: by then the caller has stored what it does about the batch. After a crash
 * a batch is read again.
 *
 * Every kind of arrival counts, because Orthanc never reports StableStudy for a study that was still growing when Orthanc stopped.
 * Deletions are not in the log (Orthanc only removes lines): compare-studies.ts finds them. A PACS that was never read is read from
 * now on (the sweep finds what came lately), unless its archive is wanted. Sequence numbers may have gaps. Another database (see
 * change-log.ts) is read from the line up to which it agrees with what was read before, which may be its beginning.
 *
 * @param onOtherDatabase called before the first line of another database is read; again after a crash
 */
export async function* newChanges(
  { changeLog, cursor, schedule: { analyseArchive }, log }: ChangePorts,
  onOtherDatabase: () => Promise<void>,
): AsyncGenerator<readonly ChangedStudy[]> {
  let position = await startOfReading(changeLog, cursor, analyseArchive, log, onOtherDatabase);
  for (;;) {
    const { changes, last, done } = await changeLog.changes(position.lastSeq, batchSize);
    const studies = await studiesIn(changes, changeLog);
    yield [...studies].map(([pacsStudyId, isStable]) => ({ pacsStudyId, isStable, isBacklog: !done }));
    if (last > position.lastSeq) {
      position = { lastSeq: last, marks: marksOf(position.marks, changes) };
      await cursor.move(position, false);
    }
    if (done || changes.length === 0) return;
  }
}

async function startOfReading(
  changeLog: ChangeLog,
  cursor: Cursor,
  analyseArchive: boolean,
  log: Log,
  onOtherDatabase: () => Promise<void>,
): Promise<LogPosition> {
  const position = await cursor.read();
  if (position === undefined) return firstPosition(changeLog, cursor, analyseArchive);
  const comparison = await compareWithLog(position, changeLog);
  if (comparison.database === 'same') return position;
  const { agreedSeq, marks } = comparison;
  log.warn('the PACS has another database than before; its change log is read from the last line that both have', {
    cursor: position.lastSeq,
    from: agreedSeq,
  });
  await onOtherDatabase();
  const start = { lastSeq: agreedSeq, marks };
  await cursor.move(start, true);
  return start;
}

async function firstPosition(changeLog: ChangeLog, cursor: Cursor, analyseArchive: boolean): Promise<LogPosition> {
  if (analyseArchive) return { lastSeq: 0, marks: [] };
  const last = await changeLog.lastChange();
  const position = { lastSeq: last, marks: await marksBefore(last, changeLog) };
  await cursor.move(position, false);
  return position;
}

/** @returns by the PACS's id of the study: whether the PACS reported it stable */
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
