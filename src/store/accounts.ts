import { and, asc, eq, isNotNull, isNull, sql } from './drizzle.js';
import { account, session, type AccountOrigin } from './access-schema.js';
import type { Database, Tables } from './database.js';
import { isUniqueViolation } from './database-fault.js';

/** A person who may log in. */
export type AccountRow = Readonly<typeof account.$inferSelect>;

export interface NewAccount {
  readonly name: string;
  readonly origin: AccountOrigin;
  readonly roles: readonly string[];
  readonly subject?: string;
  readonly passwordHash?: string;
  readonly mustChange?: boolean;
}

export type AccountChange = 'done' | 'none' | 'last-administrator';

export interface Accounts {
  find(name: string): Promise<AccountRow | undefined>;
  /** By issuer and subject of an OpenID provider. */
  findSubject(subject: string): Promise<AccountRow | undefined>;
  /** By name. */
  list(): Promise<readonly AccountRow[]>;
  /** @returns false if the name is taken */
  add(given: NewAccount): Promise<boolean>;
  /**
   * Adds an account only if there is none at all; of several processes one does it.
   *
   * @param before called when it is certain that this one does it, and before others can see the account
   */
  addFirst(given: NewAccount, before: () => Promise<void>): Promise<boolean>;
  setRoles(name: string, roles: readonly string[]): Promise<void>;
  /** Of a local account, every session of which ends. @returns as `disable`; 'none' if there is no such local account */
  changeRoles(name: string, roles: readonly string[]): Promise<AccountChange>;
  /** Ends every session of the account. @returns false if there is no such account */
  setPassword(name: string, passwordHash: string, options: { readonly mustChange: boolean }): Promise<boolean>;
  /**
   * Ends every session of the account.
   *
   * @returns 'none' if there is no such account, or it is disabled already; 'last-administrator' if no other account that is not
   *   disabled has the role admin: nothing is changed then
   */
  disable(name: string): Promise<AccountChange>;
  /** @returns false if there is no such account, or it is not disabled */
  enable(name: string): Promise<boolean>;
}

/** Any number that no other lock on the same database uses. */
const firstAccountLock = 0x0c4e57a2;
/** Two administrators who remove each other at the same time: one of them remains. */
const administratorsLock = 0x0c4e57a3;

export function accountsIn(database: Database): Accounts {
  const rowOf = ({ name, origin, roles, subject, passwordHash, mustChange = false }: NewAccount) => ({
    name,
    origin,
    roles,
    subject,
    passwordHash,
    mustChange,
    ...(passwordHash === undefined ? {} : { passwordChangedAt: sql`now()` }),
  });
  return {
    async find(name) {
      const [row] = await database.run((tables) => tables.select().from(account).where(eq(account.name, name)));
      return row;
    },

    async findSubject(subject) {
      const [row] = await database.run((tables) => tables.select().from(account).where(eq(account.subject, subject)));
      return row;
    },

    list: () => database.run((tables) => tables.select().from(account).orderBy(asc(account.name))),

    async add(given) {
      try {
        const added = await database.run((tables) =>
          tables.insert(account).values(rowOf(given)).onConflictDoNothing({ target: account.name }).returning({ name: account.name }),
        );
        return added.length > 0;
      } catch (thrown) {
        if (isUniqueViolation(thrown)) return false;
        throw thrown;
      }
    },

    addFirst(given, before) {
      return database.transaction(async (tables) => {
        await tables.select({ lock: sql`pg_advisory_xact_lock(${firstAccountLock})` }).from(sql`(values (1)) as one`);
        const [any] = await tables.select({ name: account.name }).from(account).limit(1);
        if (any) return false;
        await tables.insert(account).values(rowOf(given));
        await before();
        return true;
      });
    },

    async setRoles(name, roles) {
      await database.run((tables) => tables.update(account).set({ roles }).where(eq(account.name, name)));
    },

    changeRoles(name, roles) {
      return database.transaction(async (tables) => {
        if (!roles.includes('admin') && (await isLastAdministrator(tables, name))) return 'last-administrator';
        const changed = await tables
          .update(account)
          .set({ roles })
          .where(and(eq(account.name, name), eq(account.origin, 'local')))
          .returning({ name: account.name });
        if (changed.length > 0) await tables.delete(session).where(eq(session.account, name));
        return changed.length > 0 ? 'done' : 'none';
      });
    },

    setPassword(name, passwordHash, { mustChange }) {
      return database.transaction(async (tables) => {
        const changed = await tables
          .update(account)
          .set({ passwordHash, mustChange, passwordChangedAt: sql`now()` })
          .where(and(eq(account.name, name), eq(account.origin, 'local')))
          .returning({ name: account.name });
        await tables.delete(session).where(eq(session.account, name));
        return changed.length > 0;
      });
    },

    disable(name) {
      return database.transaction(async (tables) => {
        if (await isLastAdministrator(tables, name)) return 'last-administrator';
        const changed = await tables
          .update(account)
          .set({ disabledAt: sql`now()` })
          .where(and(eq(account.name, name), isNull(account.disabledAt)))
          .returning({ name: account.name });
        await tables.delete(session).where(eq(session.account, name));
        return changed.length > 0 ? 'done' : 'none';
      });
    },

    async enable(name) {
      const changed = await database.run((tables) =>
        tables
          .update(account)
          .set({ disabledAt: null })
          .where(and(eq(account.name, name), isNotNull(account.disabledAt)))
          .returning({ name: account.name }),
      );
      return changed.length > 0;
    },
  };
}

/** Whether this account alone, of those that are not disabled, has the role admin. */
async function isLastAdministrator(tables: Tables, name: string): Promise<boolean> {
  await tables.select({ lock: sql`pg_advisory_xact_lock(${administratorsLock})` }).from(sql`(values (1)) as one`);
  const administrators = await tables
    .select({ name: account.name })
    .from(account)
    .where(and(isNull(account.disabledAt), sql`${account.roles} @> '["admin"]'::jsonb`));
  return administrators.length === 1 && administrators[0]!.name === name;
}
