import { createHash, randomBytes } from 'node:crypto';
import { and, asc, desc, eq, gt, gte, like, lt, or, sql, type SQL } from './drizzle.js';
import { auditEntry, auditKey, type AuditOutcome } from './access-schema.js';
import { Fault } from '../errors.js';
import { namesOfAction } from './former-actions.js';
import type { Database } from './database.js';

/** An entry of the audit log. */
export type AuditRow = Readonly<typeof auditEntry.$inferSelect>;

/** UIDs, names of accounts, tokens, models and files, numbers: never an attribute of a patient. */
export type AuditSubject = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface NewAuditEntry {
  /** Account, token, or `service`. */
  readonly actor: string;
  /** Object and verb: `study.view`, `assessment.give`, `model.promote`. */
  readonly action: string;
  readonly outcome?: AuditOutcome;
  readonly remote?: string;
  readonly subject?: AuditSubject;
}

export interface AuditQuery {
  /** Times that Date reads, inclusive and exclusive. */
  readonly from?: string;
  readonly to?: string;
  readonly actor?: string;
  /** An action (`study.view`), or an object for all actions on it (`study`); actions of earlier releases are found by their present names. */
  readonly action?: string;
  /** Only entries older than this one: the last of the page before. */
  readonly before?: number;
  /** Default 100, at most 1000; newest first. */
  readonly limit?: number;
}

export interface AuditEntries {
  /** Durable when it resolves. One writer of all processes appends at a time, so that the chain never forks. */
  append(entry: NewAuditEntry, at?: Date): Promise<AuditRow>;
  /** Appends an entry unless there is one with this actor, action and subject. @returns whether it was appended */
  appendOnce(entry: NewAuditEntry, at?: Date): Promise<boolean>;
  /** In order, a page at a time: those after `seq`. */
  after(seq: number, limit: number): Promise<readonly AuditRow[]>;
  list(query: AuditQuery): Promise<readonly AuditRow[]>;
  last(): Promise<AuditRow | undefined>;
  /** The key of this database for keyed hashes; generated at the first call. */
  key(): Promise<Uint8Array>;
}

/** The `previousHash` of the first entry. */
export const beginningOfChain = '0'.repeat(64);

/**
 * SHA-256 over all fields of the entry and the hash of the one before, in lower-case hex. The fields are written as a JSON
 * array, so that no text can be moved from one to the next.
 */
export function hashOfEntry({ seq, at, actor, action, outcome, remote, subject, previousHash }: Omit<AuditRow, 'hash'>): string {
  return createHash('sha256')
    .update(JSON.stringify([seq, at, actor, action, outcome, remote, subject, previousHash]))
    .digest('hex');
}

/** A number that no other lock on the same database uses. */
const appendLock = 0x0c4e57a3;

export function auditEntriesIn(database: Database): AuditEntries {
  const write = (
    { actor, action, outcome = 'done', remote = '', subject = {} }: NewAuditEntry,
    at: Date,
    once: boolean,
  ): Promise<AuditRow | undefined> =>
    database.transaction(async (tables) => {
      await tables.select({ lock: sql`pg_advisory_xact_lock(${appendLock})` }).from(sql`(values (1)) as one`);
      const written = JSON.stringify(Object.fromEntries(Object.entries(subject).sort(([a], [b]) => (a < b ? -1 : 1))));
      if (once) {
        const [known] = await tables
          .select({ seq: auditEntry.seq })
          .from(auditEntry)
          .where(and(eq(auditEntry.action, action), eq(auditEntry.actor, actor), eq(auditEntry.subject, written)))
          .limit(1);
        if (known) return undefined;
      }
      const [last] = await tables.select().from(auditEntry).orderBy(desc(auditEntry.seq)).limit(1);
      const entry = {
        seq: (last?.seq ?? 0) + 1,
        at: at.toISOString(),
        actor,
        action,
        outcome,
        remote,
        subject: written,
        previousHash: last?.hash ?? beginningOfChain,
      };
      const row = { ...entry, hash: hashOfEntry(entry) };
      await tables.insert(auditEntry).values(row);
      return row;
    });
  return {
    append: async (entry, at = new Date()) => (await write(entry, at, false))!,
    appendOnce: async (entry, at = new Date()) => (await write(entry, at, true)) !== undefined,

    after: (seq, limit) =>
      database.run((tables) => tables.select().from(auditEntry).where(gt(auditEntry.seq, seq)).orderBy(asc(auditEntry.seq)).limit(limit)),

    list({ from, to, actor, action, before, limit = 100 }) {
      const conditions: (SQL | undefined)[] = [
        before === undefined ? undefined : lt(auditEntry.seq, before),
        from ? gte(auditEntry.at, momentOf(from)) : undefined,
        to ? lt(auditEntry.at, momentOf(to)) : undefined,
        actor ? eq(auditEntry.actor, actor) : undefined,
        action
          ? or(
              ...namesOfAction(action).flatMap((name) => [
                eq(auditEntry.action, name),
                like(auditEntry.action, `${name.replace(/[%_\\]/g, '\\$&')}.%`),
              ]),
            )
          : undefined,
      ];
      return database.run((tables) =>
        tables
          .select()
          .from(auditEntry)
          .where(and(...conditions))
          .orderBy(desc(auditEntry.seq))
          .limit(Math.min(limit, 1000)),
      );
    },

    async last() {
      const [row] = await database.run((tables) => tables.select().from(auditEntry).orderBy(desc(auditEntry.seq)).limit(1));
      return row;
    },

    async key() {
      const stored = () => database.run((tables) => tables.select({ key: auditKey.key }).from(auditKey));
      const [known] = await stored();
      if (known) return Buffer.from(known.key, 'hex');
      await database.run((tables) =>
        tables
          .insert(auditKey)
          .values({ id: 1, key: randomBytes(32).toString('hex') })
          .onConflictDoNothing(),
      );
      const [row] = await stored();
      return Buffer.from(row!.key, 'hex');
    },
  };
}

/** As entries state their time, so that texts compare as times do. @throws Fault `request-invalid` */
function momentOf(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1 || at.getUTCFullYear() > 9999)
    throw new Fault('request-invalid', 'expected a time such as 2026-03-01T08:00+01:00');
  return at.toISOString();
}
