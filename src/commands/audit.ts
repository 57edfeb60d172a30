import { hostname } from 'node:os';
import { auditMessage } from '../audit/audit-message.js';
import { verifyAudit, type ChainHead } from '../audit/verify.js';
import { Fault } from '../errors.js';
import type { AuditRow } from '../store/audit-entries.js';
import { commandActor, withStore } from './administration.js';

/** `audit verify`: exit status 1 if the log was tampered with. */
export async function verify(options: { readonly head?: string; readonly json: boolean }): Promise<void> {
  const known = options.head === undefined ? undefined : readHead(options.head);
  const verdict = await withStore((store) => verifyAudit(store.audit, known));
  if (!verdict.intact) process.exitCode = 1;
  if (options.json) console.log(JSON.stringify(verdict));
  else if (verdict.intact) console.log(`intact: ${verdict.entries} entries; head ${verdict.head.seq}:${verdict.head.hash}\nKeep the head elsewhere: audit verify --head then also notices entries cut off the end, or a log written anew.`);
  else console.log(`TAMPERED WITH at entry ${verdict.at}: ${verdict.why}; the ${verdict.entries} entries before it are intact`);
}

const page = 500;

/** `audit export`: every entry in order, one a line, as JSON or as an AuditMessage; itself a deed. */
export async function exportLog(options: { readonly format: string; readonly after?: string }): Promise<void> {
  const lineOf = formats[options.format];
  if (!lineOf) throw new Fault('request-invalid', `expected --format as one of ${Object.keys(formats).join(', ')}, found ${options.format}`);
  const after = Number(options.after ?? 0);
  if (!Number.isInteger(after) || after < 0) throw new Fault('request-invalid', `expected --after as the number of an entry, found ${options.after ?? ''}`);
  await withStore(async (store) => {
    await store.audit.append({ actor: commandActor(), action: 'audit.export', subject: { after, format: options.format } });
    for (let seq = after; ; ) {
      const rows = await store.audit.after(seq, page);
      for (const row of rows) console.log(lineOf(row));
      if (rows.length < page) return;
      seq = rows.at(-1)!.seq;
    }
  });
}

const formats: Readonly<Record<string, (row: AuditRow) => string>> = {
  json: (row) => JSON.stringify({ ...row, subject: JSON.parse(row.subject) as unknown }),
  atna: (row) => auditMessage(row, `orthanc-chest-ai@${hostname()}`),
};

function readHead(text: string): ChainHead {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined) throw new Fault('request-invalid', `expected --head as NUMBER:HASH, as audit verify prints it, found ${text.slice(0, 100)}`);
  return { seq: Number(seq), hash };
}
