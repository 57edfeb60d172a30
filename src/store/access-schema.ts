import { bigint, boolean, integer, jsonb, text } from './drizzle.js';
import { chestAi, timeColumn } from './schema-columns.js';

/* Accounts, tokens and the audit log, as drizzle sees them; migrations/0003 makes the tables. */

export type AccountOrigin = 'local' | 'oidc';
/** `intended`: recorded before the action; an entry with its outcome follows. */
export type AuditOutcome = 'intended' | 'done' | 'refused' | 'failed';

export const account = chestAi.table('account', {
  name: text('name').primaryKey(),
  origin: text('origin').$type<AccountOrigin>().notNull(),
  /** Issuer and subject of an OpenID provider; absent for a local account. */
  subject: text('subject'),
  /** argon2id in PHC string format; absent if an OpenID provider authenticates the user. */
  passwordHash: text('password_hash'),
  roles: jsonb('roles').$type<readonly string[]>().notNull(),
  createdAt: timeColumn('created_at').notNull().defaultNow(),
  passwordChangedAt: timeColumn('password_changed_at'),
  /** Another person set the password. */
  mustChange: boolean('must_change').notNull().default(false),
  disabledAt: timeColumn('disabled_at'),
  lastLoginAt: timeColumn('last_login_at'),
});

export const session = chestAi.table('session', {
  /** SHA-256 of the value of the cookie. */
  idHash: text('id_hash').primaryKey(),
  account: text('account').notNull(),
  createdAt: timeColumn('created_at').notNull(),
  lastSeenAt: timeColumn('last_seen_at').notNull(),
  /** Browser and operating system, e.g. "Firefox 142, Linux"; empty if unknown. */
  browser: text('browser').notNull().default(''),
  /** Network address of the login; empty if unknown. */
  remote: text('remote').notNull().default(''),
});

export const token = chestAi.table('token', {
  name: text('name').primaryKey(),
  tokenHash: text('token_hash').notNull(),
  roles: jsonb('roles').$type<readonly string[]>().notNull(),
  createdAt: timeColumn('created_at').notNull().defaultNow(),
  expiresAt: timeColumn('expires_at'),
  lastUsedAt: timeColumn('last_used_at'),
  revokedAt: timeColumn('revoked_at'),
});

export const loginFailure = chestAi.table('login_failure', {
  keyHash: text('key_hash').notNull(),
  at: timeColumn('at').notNull(),
});

export const knownLogin = chestAi.table('known_login', {
  account: text('account').notNull(),
  /** SHA-256 of a browser's cookie, or of account and network address. */
  originHash: text('origin_hash').notNull(),
  seenAt: timeColumn('seen_at').notNull(),
});

/** One row. */
export const auditKey = chestAi.table('audit_key', {
  id: integer('id').primaryKey(),
  /** 256 bits, hexadecimal: of the keyed hashes in the audit log. */
  key: text('key').notNull(),
});

export const auditEntry = chestAi.table('audit_entry', {
  /** 1, 2, 3 … without gaps. */
  seq: bigint('seq', { mode: 'number' }).primaryKey(),
  /** ISO 8601, UTC, milliseconds: exactly the text that was hashed. */
  at: text('at').notNull(),
  actor: text('actor').notNull(),
  action: text('action').notNull(),
  outcome: text('outcome').$type<AuditOutcome>().notNull(),
  /** Network address that the request came from; empty for actions of the service itself. */
  remote: text('remote').notNull(),
  /** JSON of UIDs, names of models and accounts, numbers: exactly the text that was hashed. */
  subject: text('subject').notNull(),
  previousHash: text('previous_hash').notNull(),
  hash: text('hash').notNull(),
});
