import { beginningOfChain, hashOfEntry, type AuditEntries, type AuditRow } from '../store/audit-entries.js';

/** The end of the chain, to be stored elsewhere: only with it is the removal of the last entries noticed. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export type VerificationResult =
  | { readonly intact: true; readonly entries: number; readonly head: ChainHead }
  | { readonly intact: false; readonly entries: number; readonly at: number; readonly why: string };

const page = 500;

/**
 * Goes through the whole log: numbers without gaps, each entry's hash right, each naming the hash of the one before.
 *
 * @param known a head noted earlier: the log has to hold it still. Without one, entries cut off the end, or a chain made
 *   anew from its beginning by somebody who may write the database, cannot be noticed
 */
export async function verifyAudit(entries: Pick<AuditEntries, 'after'>, known?: ChainHead): Promise<VerificationResult> {
  let head: ChainHead = { seq: 0, hash: beginningOfChain };
  for (;;) {
    const rows = await entries.after(head.seq, page);
    for (const row of rows) {
      const why = flawOf(row, head, known);
      if (why) return { intact: false, entries: head.seq, at: row.seq, why };
      head = row;
    }
    if (rows.length < page) break;
  }
  if (known && head.seq < known.seq)
    return {
      intact: false,
      entries: head.seq,
      at: head.seq + 1,
      why: `expected entry ${known.seq}, found the end of the log at ${head.seq}`,
    };
  return { intact: true, entries: head.seq, head: { seq: head.seq, hash: head.hash } };
}

function flawOf(row: AuditRow, before: ChainHead, known: ChainHead | undefined): string | undefined {
  if (row.seq !== before.seq + 1) return `expected entry ${before.seq + 1}, found ${row.seq}`;
  if (row.previousHash !== before.hash) return 'the entry does not follow the one before it';
  if (row.hash !== hashOfEntry(row)) return 'the entry was changed after it was written';
  if (known?.seq === row.seq && known.hash !== row.hash) return 'the entry is not the one that was noted as the head';
  return undefined;
}
