import { and, eq, gt, inArray, lte, sql } from 'drizzle-orm';
import { loginFailure } from './access-schema.js';
import type { Database } from './database.js';

/** Logins that failed lately, by what they have in common: an address, an account, both. */
export interface LoginFailures {
  /** @param keyHashes of one failed attempt */
  add(keyHashes: readonly string[], at: Date): Promise<void>;
  /** How many since; a key that never failed is absent. */
  countSince(keyHashes: readonly string[], since: Date): Promise<ReadonlyMap<string, number>>;
  /** After a success. @param at only those of this moment */
  forget(keyHashes: readonly string[], at?: Date): Promise<void>;
  sweep(before: Date): Promise<void>;
}

export function loginFailuresIn(database: Database): LoginFailures {
  return {
    async add(keyHashes, at) {
      await database.run((tables) => tables.insert(loginFailure).values(keyHashes.map((keyHash) => ({ keyHash, at }))));
    },

    async countSince(keyHashes, since) {
      const rows = await database.run((tables) =>
        tables
          .select({ keyHash: loginFailure.keyHash, n: sql<number>`count(*)::int` })
          .from(loginFailure)
          .where(and(inArray(loginFailure.keyHash, [...keyHashes]), gt(loginFailure.at, since)))
          .groupBy(loginFailure.keyHash),
      );
      return new Map(rows.map(({ keyHash, n }) => [keyHash, n]));
    },

    async forget(keyHashes, at) {
      await database.run((tables) => tables.delete(loginFailure).where(and(inArray(loginFailure.keyHash, [...keyHashes]), at && eq(loginFailure.at, at))));
    },

    async sweep(before) {
      await database.run((tables) => tables.delete(loginFailure).where(lte(loginFailure.at, before)));
    },
  };
}
