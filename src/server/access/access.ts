import { rm } from 'node:fs/promises';
import type { AuditLog } from '../../audit/audit-log.js';
import { Fault } from '../../errors.js';
import type { Accounts } from '../../store/accounts.js';
import type { LoginFailures } from '../../store/login-failures.js';
import type { Sessions } from '../../store/sessions.js';
import type { Tokens } from '../../store/tokens.js';
import { firstAccountName, firstLoginFile } from './first-account.js';
import { beginAttempt } from './login-limit.js';
import { openIdLogin, type OpenIdLogin, type OpenIdSettings } from './openid.js';
import { checkPassword, hashPassword, isPassword } from './password.js';
import { principalOf, type Principal } from './roles.js';
import { liveSessions, type SessionSettings } from './sessions.js';
import { principalOfToken } from './tokens.js';

export interface AccessSettings {
  readonly sessions: SessionSettings;
  readonly openId?: OpenIdSettings | undefined;
  /** The address under which browsers know us; without it the one that they say. */
  readonly publicUrl?: string | undefined;
  readonly dataDir: string;
}

export interface AccessStore {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly loginFailures: LoginFailures;
}

/** Somebody has just logged in. */
export interface LogIn {
  readonly principal: Principal;
  /** For the cookie. */
  readonly secret: string;
}

/** Who may come in, and who it is that asks. */
export interface Access {
  readonly publicUrl: string | undefined;
  readonly openId: OpenIdLogin | undefined;
  /** @throws Fault `login-required` (wrong name or password, not told which), `too-many-requests` */
  logIn(given: { readonly name: string; readonly password: string; readonly remote: string }): Promise<LogIn>;
  /** After an OpenID provider has said who it is. @throws Fault `request-refused` */
  logInConfirmed(given: { readonly subject: string; readonly name: string; readonly roles: readonly string[]; readonly remote: string }): Promise<LogIn>;
  logOut(secret: string, remote: string): Promise<void>;
  /** @throws Fault `login-required` if `current` is wrong, `request-invalid` if `next` is too easy */
  changePassword(given: { readonly name: string; readonly current: string; readonly next: string; readonly remote: string }): Promise<void>;
  principalOfSession(secret: string): Promise<Principal | undefined>;
  principalOfToken(token: string): Promise<Principal | undefined>;
}

export function openAccess(store: AccessStore, audit: AuditLog, settings: AccessSettings): Access {
  const sessions = liveSessions(store.sessions, settings.sessions);

  const checked = async (name: string, password: string, remote: string) => {
    const attempt = await beginAttempt(store.loginFailures, name, remote);
    const account = await store.accounts.find(name);
    const right = await isPassword(password, account?.passwordHash);
    if (!account || !right || account.disabledAt) {
      // A name that is no account's may be anything: it is not put on record.
      await audit.recordIfPossible({ actor: account ? account.name : 'unknown', action: 'login', outcome: 'refused', remote });
      throw new Fault('login-required', 'expected the name and password of an account, found others');
    }
    await attempt.succeeded();
    return account;
  };

  return {
    publicUrl: settings.publicUrl,
    openId: settings.openId && openIdLogin(settings.openId),

    async logIn({ name, password, remote }) {
      const account = await checked(name, password, remote);
      await audit.record({ actor: account.name, action: 'login', remote, subject: { by: 'password' } });
      const secret = await sessions.begin(account.name);
      return { secret, principal: principalOf(account.name, account.roles, account.mustChange) };
    },

    async logInConfirmed({ subject, name, roles, remote }) {
      const known = await store.accounts.findSubject(subject);
      const account = known?.name ?? name;
      if (known?.disabledAt) {
        await audit.recordIfPossible({ actor: account, action: 'login', outcome: 'refused', remote, subject: { by: 'openid' } });
        throw new Fault('request-refused', 'this account is disabled');
      }
      const secret = await audit.deed({ actor: account, action: 'login', remote, subject: { by: 'openid', roles } }, async () => {
        // Roles are the provider's to give and to take, at each login.
        if (known) await store.accounts.setRoles(account, roles);
        else if (!(await store.accounts.add({ name, origin: 'oidc', subject, roles }))) throw new Fault('request-refused', 'another account has this name already; an administrator has to rename or disable one');
        return sessions.begin(account);
      });
      return { secret, principal: principalOf(account, roles) };
    },

    async logOut(secret, remote) {
      const principal = await sessions.principalOf(secret);
      await sessions.end(secret);
      if (principal) await audit.recordIfPossible({ actor: principal.name, action: 'logout', remote });
    },

    async changePassword({ name, current, next, remote }) {
      checkPassword(next, name);
      await checked(name, current, remote);
      const passwordHash = await hashPassword(next);
      await audit.deed({ actor: name, action: 'account.password', remote, subject: { account: name } }, async () => {
        if (!(await store.accounts.setPassword(name, passwordHash, { mustChange: false }))) throw new Fault('request-refused', 'the password of this account is kept elsewhere');
      });
      // It says nothing any more that is true.
      if (name === firstAccountName) await rm(firstLoginFile(settings.dataDir), { force: true });
    },

    principalOfSession: (secret) => sessions.principalOf(secret),
    principalOfToken: (token) => principalOfToken(store.tokens, token),
  };
}
