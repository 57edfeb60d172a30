import { and, eq, gt, isNull, lte, or } from 'drizzle-orm';
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

export interface Sessions {
  begin(idHash: string, account: string, at: Date): Promise<void>;
  /** Of an account that is not disabled, within the limits. */
  find(idHash: string, limits: SessionLimits): Promise<SessionRow | undefined>;
  seen(idHash: string, at: Date): Promise<void>;
  end(idHash: string): Promise<void>;
  /** Removes what lies outside of the limits. */
  sweep(limits: SessionLimits): Promise<void>;
}

export function sessionsIn(database: Database): Sessions {
  return {
    async begin(idHash, name, at) {
      await database.run((tables) => tables.insert(session).values({ idHash, account: name, createdAt: at, lastSeenAt: at }));
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

    async sweep({ begunAfter, seenAfter }) {
      await database.run((tables) =>
        tables.delete(session).where(or(lte(session.createdAt, begunAfter), lte(session.lastSeenAt, seenAfter))),
      );
    },
  };
}
