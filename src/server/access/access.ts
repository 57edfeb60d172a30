import type { AuditLog } from '../../audit/audit-log.js';
import { Fault } from '../../errors.js';
import { basePathOf } from '../../lib/public-address.js';
import type { Accounts } from '../../store/accounts.js';
import type { KnownLogins } from '../../store/known-logins.js';
import type { LoginFailures } from '../../store/login-failures.js';
import type { ListedSession, Sessions } from '../../store/sessions.js';
import type { Tokens } from '../../store/tokens.js';
import { removeFirstLogin } from './first-account.js';
import { knownOriginOf, rememberOrigin } from './known-origins.js';
import { beginAttempt, tooManyAttempts } from './login-limit.js';
import { openIdLogin, type OpenIdLogin, type OpenIdSettings } from './openid.js';
import { checkPassword, hashPassword, isPassword } from './password.js';
import { principalOf, type Principal } from './roles.js';
import { hashOfSecret, isSameSecret, newSecret } from './secret.js';
import { liveSessions, type LoginSessionSettings } from './sessions.js';
import { principalOfToken } from './tokens.js';

export interface AccessSettings {
  readonly sessions: LoginSessionSettings;
  readonly openId?: OpenIdSettings | undefined;
  /** The address of the service for browsers; without it the one of their requests. */
  readonly publicUrl?: string | undefined;
  /** A token of the role metrics that the configuration states. */
  readonly metricsToken?: string | undefined;
  readonly dataDir: string;
}

export interface AccessStore {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly loginFailures: LoginFailures;
  readonly knownLogins: KnownLogins;
}

/** A successful login. */
export interface LogIn {
  readonly principal: Principal;
  /** For the cookie. */
  readonly secret: string;
  /** For the cookie that identifies this browser later; absent after a login at a provider. */
  readonly device?: string;
}

/** The origin of a request: its network address and the cookies of its browser. */
export interface RequestOrigin {
  readonly remote: string;
  /** Of an earlier login in this browser. */
  readonly device?: string | undefined;
  /** Of a session that may still live. */
  readonly session?: string | undefined;
  /** Browser and operating system, for the list of sessions. */
  readonly browser?: string | undefined;
}

export interface SessionEntry extends ListedSession {
  /** Whether it is the session that asks. */
  readonly own: boolean;
}

/** Logins, sessions and passwords. */
export interface Access {
  readonly publicUrl: string | undefined;
  /** Of publicUrl, see basePathOf. */
  readonly basePath: string;
  readonly openId: OpenIdLogin | undefined;
  /** @throws Fault `login-required` (wrong name or password, not told which), `too-many-requests` */
  logIn(given: { readonly name: string; readonly password: string } & RequestOrigin): Promise<LogIn>;
  /** After an OpenID provider has confirmed the user. @throws Fault `request-refused` */
  logInConfirmed(given: {
    readonly subject: string;
    readonly name: string;
    readonly roles: readonly string[];
    readonly remote: string;
    readonly browser?: string | undefined;
  }): Promise<LogIn>;
  logOut(secret: string, remote: string): Promise<void>;
  /** Sessions that live. @param own secret of the session that asks */
  listSessions(own: string | undefined): Promise<readonly SessionEntry[]>;
  /** @throws Fault `login-required` if `current` is wrong, `request-invalid` if `next` is too easy */
  changePassword(given: { readonly name: string; readonly current: string; readonly next: string } & RequestOrigin): Promise<void>;
  /** @param background the page sends it without a user action: it does not prolong the session */
  principalOfSession(secret: string, options?: { readonly background?: boolean }): Promise<Principal | undefined>;
  principalOfToken(token: string): Promise<Principal | undefined>;
}

export function openAccess(store: AccessStore, audit: AuditLog, settings: AccessSettings): Access {
  const sessions = liveSessions(store.sessions, settings.sessions);

  const checked = async (name: string, password: string, { remote, device, session }: RequestOrigin) => {
    const account = await store.accounts.find(name);
    // A session of the account is as trustworthy as a browser that has logged in before.
    const inSession = account && session !== undefined && (await sessions.principalOf(session, { background: true }))?.name === name;
    const known = inSession ? 'device' : account ? await knownOriginOf(store.knownLogins, name, remote, device) : 'none';
    const deviceHash = known === 'device' ? hashOfSecret(inSession ? session : device!) : undefined;
    const attempt = await beginAttempt(store.loginFailures, name, remote, { known, deviceHash, exists: account !== undefined });
    const right = await isPassword(password, account?.passwordHash, remote).catch(async (error: unknown) => {
      await attempt.withdrawn();
      throw error;
    });
    if (!account || !right || account.disabledAt) {
      // A name without an account may be anything, even a password: it is not recorded.
      const entry = { actor: account ? account.name : 'unknown', action: 'login', outcome: 'refused', remote } as const;
      await (attempt.beyond ? audit.recordView(entry) : audit.recordIfPossible(entry));
      throw attempt.beyond ? tooManyAttempts() : new Fault('login-required', 'expected the name and password of an account, found others');
    }
    await attempt.succeeded();
    return account;
  };

  return {
    publicUrl: settings.publicUrl,
    basePath: basePathOf(settings.publicUrl),
    openId: settings.openId && openIdLogin(settings.openId),

    async logIn({ name, password, ...origin }) {
      const { remote, browser, device = newSecret() } = origin;
      const account = await checked(name, password, origin);
      await audit.record({ actor: account.name, action: 'login', remote, subject: { by: 'password' } });
      const secret = await sessions.begin(account.name, { remote, browser });
      await rememberOrigin(store.knownLogins, account.name, remote, device);
      return { secret, device, principal: principalOf(account.name, account.roles, account.mustChange) };
    },

    async logInConfirmed({ subject, name, roles, remote, browser }) {
      const known = await store.accounts.findSubject(subject);
      const account = known?.name ?? name;
      if (known?.disabledAt) {
        await audit.recordIfPossible({ actor: account, action: 'login', outcome: 'refused', remote, subject: { by: 'openid' } });
        throw new Fault('request-refused', 'this account is disabled');
      }
      const secret = await audit.recordAction({ actor: account, action: 'login', remote, subject: { by: 'openid', roles } }, async () => {
        // The provider sets the roles at each login.
        if (known) await store.accounts.setRoles(account, roles);
        else if (!(await store.accounts.add({ name, origin: 'oidc', subject, roles })))
          throw new Fault('request-refused', 'another account has this name already; an administrator has to rename or disable one');
        return sessions.begin(account, { remote, browser });
      });
      return { secret, principal: principalOf(account, roles) };
    },

    async logOut(secret, remote) {
      const principal = await sessions.principalOf(secret);
      await sessions.end(secret);
      if (principal) await audit.recordIfPossible({ actor: principal.name, action: 'logout', remote });
    },

    async listSessions(own) {
      const ownId = own === undefined ? undefined : sessions.listedId(own);
      return (await sessions.list()).map((one) => ({ ...one, own: one.id === ownId }));
    },

    async changePassword({ name, current, next, ...origin }) {
      checkPassword(next, name);
      await checked(name, current, origin);
      if (next === current) throw new Fault('request-invalid', 'expected a new password, found the current one');
      const passwordHash = await hashPassword(next);
      await audit.recordAction({ actor: name, action: 'account.password', remote: origin.remote, subject: { account: name } }, async () => {
        if (!(await store.accounts.setPassword(name, passwordHash, { mustChange: false })))
          throw new Fault('request-refused', 'the password of this account is managed by its login provider');
      });
      await removeFirstLogin(name, settings.dataDir);
    },

    principalOfSession: (secret, options) => sessions.principalOf(secret, options),
    async principalOfToken(token) {
      const { metricsToken } = settings;
      if (metricsToken !== undefined && isSameSecret(token, metricsToken))
        return principalOf('metrics token of the configuration', ['metrics']);
      return principalOfToken(store.tokens, token);
    },
  };
}
