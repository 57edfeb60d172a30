import type { OneTimeTokens } from '../../store/one-time-tokens.js';
import { hashOfSecret, newSecret } from './secret.js';

/** How long a page that asks for confirmation is valid. */
const validMs = 10 * 60_000;

/**
 * One-time tokens of pages that ask a user to confirm an action: a link alone, which any page or message can contain, changes nothing.
 * The database holds a hash; a token is valid for ten minutes, once, for one account and one subject.
 */
export interface Confirmations {
  /** @returns the token for the form */
  issue(account: string, subject: string): Promise<string>;
  /** @returns false if the token was used before, has expired, or is for another account or subject */
  use(token: string, account: string, subject: string): Promise<boolean>;
}

export function confirmationsOf(tokens: OneTimeTokens, now: () => Date = () => new Date()): Confirmations {
  return {
    async issue(account, subject) {
      const token = newSecret();
      const at = now();
      await tokens.add({ tokenHash: hashOfSecret(token), account, subject, expiresAt: new Date(at.getTime() + validMs) }, at);
      return token;
    },
    use: (token, account, subject) => tokens.use({ tokenHash: hashOfSecret(token), account, subject }, now()),
  };
}
