/** One line of the PACS's change log, as far as watching needs it. */
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
   * Changes after `since`, oldest first. `last`: up to where was read; of an empty answer the highest number that this
   * database ever gave, also where that line is gone.
   */
  changes(
    since: number,
    limit: number,
  ): Promise<{ readonly changes: readonly PacsChange[]; readonly last: number; readonly done: boolean }>;
  /** The highest number that this database ever gave. */
  lastChange(): Promise<number>;
  /** The PACS's own ids of the studies that these series and instances belong to; what is gone meanwhile is left out. */
  studiesOf(resources: readonly { readonly level: 'series' | 'instance'; readonly id: string }[]): Promise<readonly string[]>;
}

/** A line that was read before: enough to recognise it. */
export interface ChangeMark {
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly date: string;
  /** Among the last lines before reading began: kept for good, so that what lies before is never taken for new. */
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

/** So many lines before the position are remembered in a row; before them each is twice as far away as the one after it. */
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
  const kept: ChangeMark[] = [];
  for (const mark of newestFirst) {
    const before = kept.at(-1);
    const distant = before === undefined || kept.length < marksInARow || newest - mark.seq >= 2 * (newest - before.seq);
    if (mark.isAnchor || (distant && kept.length < maxMarks && mark.seq !== before?.seq)) kept.push(mark);
  }
  return kept.reverse();
}

/** Without marks of before, so many numbers back are looked through for lines to remember. */
const firstMarks = 200;

/** The marks of a position that was not read up to, but begins there. */
export async function marksBefore(lastSeq: number, log: Pick<ChangeLog, 'changes'>): Promise<readonly ChangeMark[]> {
  const { changes } = await log.changes(Math.max(0, lastSeq - firstMarks), firstMarks);
  const marks = marksOf(
    [],
    changes.filter((one) => one.seq <= lastSeq),
  );
  return marks.map((mark, index) => (index < marks.length - marksInARow ? mark : { ...mark, isAnchor: true }));
}

/** What a position and the change log have in common. */
export type Comparison =
  /** The newest remembered line is there, or nothing speaks against the same database. */
  | { readonly database: 'same' }
  /** Another database, or an older copy that went its own way: it agrees up to `agreedSeq`, 0 if nowhere. */
  | { readonly database: 'other'; readonly agreedSeq: number; readonly marks: readonly ChangeMark[] };

/**
 * Whether the change log is still the one in which the position was reached.
 *
 * A remembered line that is missing says nothing: its resource may have been deleted, or the log was cleared. Another line
 * under its number, or a database that has not given the number of the position yet, is another database. Numbers alone do
 * not tell (`/changes?last` falls when the newest study is deleted; a restored database grows past the position), nor does
 * DatabaseServerIdentifier of Orthanc 1.12, which names the server and stays through a restore.
 */
export async function compareWithLog({ lastSeq, marks }: LogPosition, log: Pick<ChangeLog, 'changes' | 'lastChange'>): Promise<Comparison> {
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
