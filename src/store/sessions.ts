import { and, asc, desc, eq, gt, isNull, lte, or, sql } from './drizzle.js';
import { account, session } from './access-schema.js';
import type { Database } from './database.js';

/** A user who is logged in. */
export interface SessionRow {
  readonly account: string;
  readonly roles: readonly string[];
  readonly mustChange: boolean;
  readonly lastSeenAt: Date;
}

/** Sessions that were begun, and last seen, later than these live. */
export interface SessionLimits {
  readonly begunAfter: Date;
  readonly seenAfter: Date;
}

/** Where a session began. */
export interface SessionOrigin {
  /** Browser and operating system; empty if unknown. */
  readonly browser?: string | undefined;
  /** Network address; empty if unknown. */
  readonly remote?: string | undefined;
}

/** A session as administrators see it. */
export interface ListedSession {
  /** First 16 hexadecimal digits of the stored hash: names the session and is of no use for a login. */
  readonly id: string;
  readonly account: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly browser: string;
  readonly remote: string;
}

export interface Sessions {
  /** Also records the time as the last login of the account. */
  begin(idHash: string, account: string, at: Date, origin?: SessionOrigin): Promise<void>;
  /** Of an account that is not disabled, within the limits. */
  find(idHash: string, limits: SessionLimits): Promise<SessionRow | undefined>;
  seen(idHash: string, at: Date): Promise<void>;
  end(idHash: string): Promise<void>;
  /** Within the limits, by account, the one seen last first. */
  list(limits: SessionLimits): Promise<readonly ListedSession[]>;
  /** @returns false if there is no such session */
  endListed(id: string): Promise<boolean>;
  /** @returns how many sessions of the account ended */
  endAllOf(account: string): Promise<number>;
  /** Removes what lies outside of the limits. */
  sweep(limits: SessionLimits): Promise<void>;
}

const listedDigits = 16;

export function sessionsIn(database: Database): Sessions {
  return {
    begin(idHash, name, at, { browser = '', remote = '' } = {}) {
      return database.transaction(async (tables) => {
        await tables.insert(session).values({ idHash, account: name, createdAt: at, lastSeenAt: at, browser, remote });
        await tables.update(account).set({ lastLoginAt: at }).where(eq(account.name, name));
      });
    },

    async find(idHash, { begunAfter, seenAfter }) {
      const [row] = await database.run((tables) =>
        tables
          .select({ account: account.name, roles: account.roles, mustChange: account.mustChange, lastSeenAt: session.lastSeenAt })
          .from(session)
          .innerJoin(account, eq(account.name, session.account))
          .where(
            and(
              eq(session.idHash, idHash),
              isNull(account.disabledAt),
              gt(session.createdAt, begunAfter),
              gt(session.lastSeenAt, seenAfter),
            ),
          ),
      );
      return row;
    },

    async seen(idHash, at) {
      await database.run((tables) => tables.update(session).set({ lastSeenAt: at }).where(eq(session.idHash, idHash)));
    },

    async end(idHash) {
      await database.run((tables) => tables.delete(session).where(eq(session.idHash, idHash)));
    },

    async list({ begunAfter, seenAfter }) {
      const rows = await database.run((tables) =>
        tables
          .select()
          .from(session)
          .where(and(gt(session.createdAt, begunAfter), gt(session.lastSeenAt, seenAfter)))
          .orderBy(asc(session.account), desc(session.lastSeenAt)),
      );
      return rows.map(({ idHash, ...row }) => ({ ...row, id: idHash.slice(0, listedDigits) }));
    },

    async endListed(id) {
      const ended = await database.run((tables) =>
        tables
          .delete(session)
          .where(eq(sql`left(${session.idHash}, ${sql.raw(String(listedDigits))})`, id))
          .returning({ account: session.account }),
      );
      return ended.length > 0;
    },

    async endAllOf(name) {
      const ended = await database.run((tables) =>
        tables.delete(session).where(eq(session.account, name)).returning({ account: session.account }),
      );
      return ended.length;
    },

    async sweep({ begunAfter, seenAfter }) {
      await database.run((tables) =>
        tables.delete(session).where(or(lte(session.createdAt, begunAfter), lte(session.lastSeenAt, seenAfter))),
      );
    },
  };
}
