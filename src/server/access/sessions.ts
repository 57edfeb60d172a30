import type { ListedSession, SessionOrigin, Sessions } from '../../store/sessions.js';
import type { Principal } from './roles.js';
import { principalOf } from './roles.js';
import { hashOfSecret, newSecret } from './secret.js';

export interface LoginSessionSettings {
  /** A session that shows no life for so long ends. */
  readonly idleMs: number;
  /** A session ends after so long in any case. */
  readonly maxMs: number;
}

/** A moment's inaccuracy of the idle limit saves a write with each request. */
const noticedMs = 60_000;

/** Logins that live. The browser holds a secret, the database its hash. The hash alone is not a login. */
export interface LiveSessions {
  /** @returns the secret for the cookie; always a new one, so that nobody can have planted it */
  begin(account: string, origin?: SessionOrigin): Promise<string>;
  /** @param options `background`: what a page asks by itself is no sign of life, so that one that is left open logs out */
  principalOf(secret: string, options?: { readonly background?: boolean }): Promise<Principal | undefined>;
  end(secret: string): Promise<void>;
  /** By account, the one seen last first. */
  list(): Promise<readonly ListedSession[]>;
  /** The identifier that a session has in the list. */
  listedId(secret: string): string;
}

export function liveSessions(
  sessions: Sessions,
  { idleMs, maxMs }: LoginSessionSettings,
  now: () => Date = () => new Date(),
): LiveSessions {
  const limits = () => ({ begunAfter: new Date(now().getTime() - maxMs), seenAfter: new Date(now().getTime() - idleMs) });
  return {
    async begin(account, origin) {
      await sessions.sweep(limits());
      const secret = newSecret();
      await sessions.begin(hashOfSecret(secret), account, now(), origin);
      return secret;
    },

    async principalOf(secret, { background = false } = {}) {
      const idHash = hashOfSecret(secret);
      const session = await sessions.find(idHash, limits());
      if (!session) return undefined;
      // A database that cannot be written, its disk full, can still be read: nobody is thrown out for that.
      if (!background && now().getTime() - session.lastSeenAt.getTime() > Math.min(noticedMs, idleMs / 4))
        await sessions.seen(idHash, now()).catch(() => undefined);
      return principalOf(session.account, session.roles, session.mustChange);
    },

    end: (secret) => sessions.end(hashOfSecret(secret)),
    list: () => sessions.list(limits()),
    listedId: (secret) => hashOfSecret(secret).slice(0, 16),
  };
}
