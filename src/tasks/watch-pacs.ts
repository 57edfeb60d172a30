import type { Log } from '../log.js';

/** One line of the PACS's change log, as far as watching needs it. */
export interface PacsChange {
  readonly seq: number;
  readonly type: string;
  readonly level: 'patient' | 'study' | 'series' | 'instance' | 'other';
  readonly id: string;
}

export interface ChangeLog {
  /** Changes after `since`, oldest first, `last` the sequence number up to which was read. */
  changes(since: number, limit: number): Promise<{ readonly changes: readonly PacsChange[]; readonly last: number; readonly done: boolean }>;
  lastChange(): Promise<number>;
  /** The PACS's own ids of the studies that these series and instances belong to; what is gone meanwhile is left out. */
  studiesOf(resources: readonly { readonly level: 'series' | 'instance'; readonly id: string }[]): Promise<readonly string[]>;
}

export interface Cursor {
  read(): Promise<number | undefined>;
  /** @param reset true only when the PACS's own numbering began anew */
  move(lastSeq: number, reset: boolean): Promise<void>;
}

export interface WatchTools {
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
 * stopped. The cursor moves only after the studies of a batch are safely queued: after a crash a batch is read again,
 * which queues the same studies once more and changes nothing. A PACS that was never read is read from now on (what came
 * lately is the sweep's), unless its archive is wanted. Sequence numbers may have gaps; a log that ends below
 * the cursor is another database, and is read from its beginning.
 *
 * @returns the number of studies queued
 */
export async function watchOnce(tools: WatchTools): Promise<number> {
  let since = await startOfReading(tools);
  let queued = 0;
  for (;;) {
    const { changes, last, done } = await tools.changeLog.changes(since, batchSize);
    const studies = await studiesIn(changes, tools.changeLog);
    for (const [id, stable] of studies) {
      tools.signal?.throwIfAborted();
      await tools.enqueueStudy(id, stable, !done);
    }
    queued += studies.size;
    if (last > since) {
      await tools.cursor.move(last, false);
      since = last;
    }
    if (done || changes.length === 0) return queued;
  }
}

async function startOfReading(tools: WatchTools): Promise<number> {
  const cursor = await tools.cursor.read();
  if (cursor === undefined && tools.analyseArchive) return 0;
  const last = await tools.changeLog.lastChange();
  if (cursor === undefined) {
    await tools.cursor.move(last, false);
    return last;
  }
  if (last >= cursor) return cursor;
  tools.log.warn('the change log of the PACS ends before our cursor: its database was reset; reading it from the start', { cursor, last });
  await tools.cursor.move(0, true);
  return 0;
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
