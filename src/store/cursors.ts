import { eq, sql } from './drizzle.js';
import type { Database } from './database.js';
import { orthancCursor, type RecordedMark } from './schema.js';

/** How far Orthanc's change log has been worked through; `lastSeq` 0 is the beginning. */
export interface StoredCursor {
  /** Which Orthanc: its address or its database's identity. */
  readonly pacs: string;
  readonly lastSeq: number;
  /** Lines that were read, oldest first, none after `lastSeq`. */
  readonly marks: readonly RecordedMark[];
}

export interface Cursors {
  /** Undefined if this PACS was never read. */
  read(pacs: string): Promise<StoredCursor | undefined>;
  /** Moves forward only: of two watchers the slower cannot pull the faster back. */
  advance(pacs: string, lastSeq: number, marks?: readonly RecordedMark[]): Promise<void>;
  /** Sets it wherever, also back: the PACS has another database. */
  reset(pacs: string, lastSeq?: number, marks?: readonly RecordedMark[]): Promise<void>;
}

export function cursorsIn(database: Database): Cursors {
  return {
    async read(pacs) {
      const [row] = await database.run((tables) => tables.select().from(orthancCursor).where(eq(orthancCursor.pacs, pacs)));
      return row && { pacs: row.pacs, lastSeq: row.lastSeq, marks: row.marks };
    },

    async advance(pacs, lastSeq, marks = []) {
      await database.run((tables) =>
        tables
          .insert(orthancCursor)
          .values({ pacs, lastSeq, marks })
          .onConflictDoUpdate({
            target: orthancCursor.pacs,
            set: { lastSeq, marks, updatedAt: sql`now()` },
            setWhere: sql`${orthancCursor.lastSeq} < excluded.last_seq`,
          }),
      );
    },

    async reset(pacs, lastSeq = 0, marks = []) {
      await database.run((tables) =>
        tables
          .insert(orthancCursor)
          .values({ pacs, lastSeq, marks })
          .onConflictDoUpdate({ target: orthancCursor.pacs, set: { lastSeq, marks, updatedAt: sql`now()` } }),
      );
    },
  };
}
