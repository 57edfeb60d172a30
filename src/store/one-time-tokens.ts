import { and, eq, gt, lte, or } from './drizzle.js';
import type { Database } from './database.js';
import { oneTimeToken } from './request-schema.js';

/** A token by its hash, and what it permits. */
export interface OneTimeToken {
  readonly tokenHash: string;
  readonly account: string;
  readonly subject: string;
}

export interface OneTimeTokens {
  /** Stores a token in place of an earlier one of the account for the subject; those that have expired are removed. */
  add(token: OneTimeToken & { readonly expiresAt: Date }, now: Date): Promise<void>;
  /** Uses a token up. @returns false if it was used before, has expired, or is for another account or subject */
  use(token: OneTimeToken, now: Date): Promise<boolean>;
}

export function oneTimeTokensIn(database: Database): OneTimeTokens {
  return {
    async add(token, now) {
      await database.run((tables) =>
        tables
          .delete(oneTimeToken)
          .where(
            or(lte(oneTimeToken.expiresAt, now), and(eq(oneTimeToken.account, token.account), eq(oneTimeToken.subject, token.subject))),
          ),
      );
      await database.run((tables) => tables.insert(oneTimeToken).values(token));
    },

    async use({ tokenHash, account, subject }, now) {
      const used = await database.run((tables) =>
        tables
          .delete(oneTimeToken)
          .where(
            and(
              eq(oneTimeToken.tokenHash, tokenHash),
              eq(oneTimeToken.account, account),
              eq(oneTimeToken.subject, subject),
              gt(oneTimeToken.expiresAt, now),
            ),
          )
          .returning({ tokenHash: oneTimeToken.tokenHash }),
      );
      return used.length > 0;
    },
  };
}
