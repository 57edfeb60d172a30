import { hostname } from 'node:os';
import type { AuditEntries, AuditRow, AuditSubject } from '../store/audit-entries.js';
import { auditMessage, type Patient } from './audit-message.js';

/** As JSON, or as the AuditMessage of PS3.15 that IHE ATNA's repositories take. */
export const auditFormats = ['json', 'atna'] as const;
export type AuditFormat = (typeof auditFormats)[number];

export interface ExportOptions {
  /** Only entries after the one of that number. */
  readonly after?: number;
  /** For AuditMessages: the log itself knows no patients. */
  patientOf?(row: AuditRow): Promise<Patient | undefined>;
}

const page = 500;

/**
 * Every entry in order, one a line. Of AuditMessages an intention is written only if no outcome followed it, after all others.
 */
export async function* auditLines(
  entries: Pick<AuditEntries, 'after'>,
  format: AuditFormat,
  { after = 0, patientOf }: ExportOptions = {},
): AsyncGenerator<string> {
  if (format === 'json')
    for await (const row of entriesAfter(entries, after)) yield JSON.stringify({ ...row, subject: JSON.parse(row.subject) as unknown });
  else
    for await (const row of withoutAnsweredIntentions(entriesAfter(entries, after)))
      yield auditMessage(row, `orthanc-chest-ai@${hostname()}`, await patientOf?.(row));
}

async function* entriesAfter(entries: Pick<AuditEntries, 'after'>, after: number): AsyncGenerator<AuditRow> {
  for (let seq = after; ; ) {
    const rows = await entries.after(seq, page);
    yield* rows;
    if (rows.length < page) return;
    seq = rows.at(-1)!.seq;
  }
}

async function* withoutAnsweredIntentions(rows: AsyncIterable<AuditRow>): AsyncGenerator<AuditRow> {
  const open = new Map<number, AuditRow>();
  for await (const row of rows) {
    if (row.outcome === 'intended') open.set(row.seq, row);
    else {
      const { intention } = JSON.parse(row.subject) as AuditSubject;
      if (typeof intention === 'number') open.delete(intention);
      yield row;
    }
  }
  yield* open.values();
}
