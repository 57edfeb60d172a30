import { and, asc, eq, gt, isNull, or, sql } from './drizzle.js';
import { token } from './access-schema.js';
import type { Database } from './database.js';

/** An API token. */
export type TokenRow = Readonly<typeof token.$inferSelect>;

export interface Tokens {
  /** @returns false if the name is taken, also by a revoked one: in the audit log a name means one program */
  add(given: {
    readonly name: string;
    readonly tokenHash: string;
    readonly roles: readonly string[];
    readonly expiresAt?: Date | undefined;
  }): Promise<boolean>;
  /** Neither revoked nor expired. */
  find(tokenHash: string, now: Date): Promise<TokenRow | undefined>;
  used(name: string, at: Date): Promise<void>;
  /** By name. */
  list(): Promise<readonly TokenRow[]>;
  /** @returns false if there is no such token, or it is revoked already */
  revoke(name: string): Promise<boolean>;
}

export function tokensIn(database: Database): Tokens {
  return {
    async add({ name, tokenHash, roles, expiresAt }) {
      const added = await database.run((tables) =>
        tables
          .insert(token)
          .values({ name, tokenHash, roles, expiresAt })
          .onConflictDoNothing({ target: token.name })
          .returning({ name: token.name }),
      );
      return added.length > 0;
    },

    async find(tokenHash, now) {
      const [row] = await database.run((tables) =>
        tables
          .select()
          .from(token)
          .where(and(eq(token.tokenHash, tokenHash), isNull(token.revokedAt), or(isNull(token.expiresAt), gt(token.expiresAt, now)))),
      );
      return row;
    },

    async used(name, at) {
      await database.run((tables) => tables.update(token).set({ lastUsedAt: at }).where(eq(token.name, name)));
    },

    list: () => database.run((tables) => tables.select().from(token).orderBy(asc(token.name))),

    async revoke(name) {
      const changed = await database.run((tables) =>
        tables
          .update(token)
          .set({ revokedAt: sql`now()` })
          .where(and(eq(token.name, name), isNull(token.revokedAt)))
          .returning({ name: token.name }),
      );
      return changed.length > 0;
    },
  };
}
