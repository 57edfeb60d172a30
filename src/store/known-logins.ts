import { and, desc, eq, gt, inArray, lte, notInArray, or, sql } from './drizzle.js';
import { knownLogin } from './access-schema.js';
import type { Database } from './database.js';

/** From where an account has logged in before. */
export interface KnownLogins {
  /** @returns which of these origins the account has used since */
  find(account: string, originHashes: readonly string[], since: Date): Promise<ReadonlySet<string>>;
  /** After a successful login; only the newest `maxOrigins` of an account after `oldest` are retained. */
  add(
    account: string,
    originHashes: readonly string[],
    at: Date,
    retain: { readonly maxOrigins: number; readonly oldest: Date },
  ): Promise<void>;
}

export function knownLoginsIn(database: Database): KnownLogins {
  return {
    async find(account, originHashes, since) {
      if (originHashes.length === 0) return new Set();
      const rows = await database.run((tables) =>
        tables
          .select({ originHash: knownLogin.originHash })
          .from(knownLogin)
          .where(and(eq(knownLogin.account, account), inArray(knownLogin.originHash, [...originHashes]), gt(knownLogin.seenAt, since))),
      );
      return new Set(rows.map(({ originHash }) => originHash));
    },

    add: (account, originHashes, at, { maxOrigins, oldest }) =>
      database.transaction(async (tables) => {
        await tables
          .insert(knownLogin)
          .values(originHashes.map((originHash) => ({ account, originHash, seenAt: at })))
          .onConflictDoUpdate({ target: [knownLogin.account, knownLogin.originHash], set: { seenAt: sql`excluded.seen_at` } });
        const newest = tables
          .select({ originHash: knownLogin.originHash })
          .from(knownLogin)
          .where(eq(knownLogin.account, account))
          .orderBy(desc(knownLogin.seenAt), knownLogin.originHash)
          .limit(maxOrigins);
        await tables
          .delete(knownLogin)
          .where(and(eq(knownLogin.account, account), or(lte(knownLogin.seenAt, oldest), notInArray(knownLogin.originHash, newest))));
      }),
  };
}
