/** One line of the PACS's change log. */
export interface PacsChange {
  readonly seq: number;
  readonly type: string;
  readonly level: 'patient' | 'study' | 'series' | 'instance' | 'other';
  readonly id: string;
  /** As the PACS writes it, to the second. */
  readonly date: string;
}

export interface ChangeLog {
  /**
   * Changes after `since`, oldest first. `last`: the number up to which the log was read; if there are no changes, the highest number
   * that this database ever gave, even if that line was removed.
   */
  changes(
    since: number,
    limit: number,
  ): Promise<{ readonly changes: readonly PacsChange[]; readonly last: number; readonly done: boolean }>;
  /** The highest number that this database ever gave. */
  lastChange(): Promise<number>;
  /** The PACS's own ids of the studies that these series and instances belong to; those that were deleted meanwhile are left out. */
  studiesOf(resources: readonly { readonly level: 'series' | 'instance'; readonly id: string }[]): Promise<readonly string[]>;
}

/** A line that was read before: enough to recognise it. */
export interface ChangeMark {
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly date: string;
  /** One of the last lines before the first read: it is never dropped, so that older lines are never read as new. */
  readonly isAnchor?: boolean | undefined;
}

/** How far the change log was read. */
export interface LogPosition {
  readonly lastSeq: number;
  /** Lines that were read, oldest first, none after `lastSeq`. */
  readonly marks: readonly ChangeMark[];
}

export interface Cursor {
  read(): Promise<LogPosition | undefined>;
  /** @param reset true only when the PACS has another database */
  move(position: LogPosition, reset: boolean): Promise<void>;
}

/** Consecutive lines before the position that are recorded; before them each is twice as far away as the one after it. */
const marksInARow = 4;
const maxMarks = 24;

/**
 * The marks of a position: the newest lines and ever fewer older ones. Orthanc removes the lines of a resource together with
 * it, so one line alone would be lost with its study.
 *
 * @param lines in rising order
 */
export function marksOf(marks: readonly ChangeMark[], lines: readonly ChangeMark[]): readonly ChangeMark[] {
  const newestFirst = [...marks, ...lines.map(({ seq, type, id, date }): ChangeMark => ({ seq, type, id, date }))].reverse();
  const newest = newestFirst[0]?.seq ?? 0;
  const selected: ChangeMark[] = [];
  for (const mark of newestFirst) {
    const before = selected.at(-1);
    const distant = before === undefined || selected.length < marksInARow || newest - mark.seq >= 2 * (newest - before.seq);
    if (mark.isAnchor || (distant && selected.length < maxMarks && mark.seq !== before?.seq)) selected.push(mark);
  }
  return selected.reverse();
}

/** Without earlier marks, the lines of this many numbers back are read to record marks. */
const firstMarks = 200;

/** The marks of a position at which reading begins. */
export async function marksBefore(lastSeq: number, log: Pick<ChangeLog, 'changes'>): Promise<readonly ChangeMark[]> {
  const { changes } = await log.changes(Math.max(0, lastSeq - firstMarks), firstMarks);
  const marks = marksOf(
    [],
    changes.filter((one) => one.seq <= lastSeq),
  );
  return marks.map((mark, index) => (index < marks.length - marksInARow ? mark : { ...mark, isAnchor: true }));
}

/** What a position and the change log have in common. */
export type LogComparison =
  /** The newest recorded line exists, or nothing contradicts that it is the same database. */
  | { readonly database: 'same' }
  /** Another database, or an older copy that went its own way: it agrees up to `agreedSeq`, 0 if nowhere. */
  | { readonly database: 'other'; readonly agreedSeq: number; readonly marks: readonly ChangeMark[] };

/**
 * Whether the change log is still the one in which the position was reached.
 *
 * A recorded line that is missing proves nothing: its resource may have been deleted, or the log was cleared. Another line
 * under its number, or a database that has not given the number of the position yet, is another database. Numbers alone do
 * not tell (`/changes?last` falls when the newest study is deleted; a restored database grows past the position), nor does
 * DatabaseServerIdentifier of Orthanc 1.12, which names the server and stays through a restore.
 */
export async function compareWithLog(
  { lastSeq, marks }: LogPosition,
  log: Pick<ChangeLog, 'changes' | 'lastChange'>,
): Promise<LogComparison> {
  let isOther = false;
  for (let index = marks.length - 1; index >= 0; index--) {
    const mark = marks[index]!;
    const [line] = (await log.changes(mark.seq - 1, 1)).changes;
    if (line?.seq !== mark.seq) continue;
    if (line.type === mark.type && line.id === mark.id && line.date === mark.date) {
      const isShort = !isOther && mark.seq < lastSeq && (await log.lastChange()) < lastSeq;
      return isOther || isShort ? { database: 'other', agreedSeq: mark.seq, marks: marks.slice(0, index + 1) } : { database: 'same' };
    }
    isOther = true;
  }
  if (isOther || (await log.lastChange()) < lastSeq) return { database: 'other', agreedSeq: 0, marks: [] };
  return { database: 'same' };
}
