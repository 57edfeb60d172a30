import type { AuditLog } from '../../audit/audit-log.js';
import { Fault } from '../../errors.js';
import type { AccountChange } from '../../store/accounts.js';
import type { NewAuditEntry } from '../../store/audit-entries.js';
import { checkAccountName } from './account-name.js';
import type { AccessStore } from './access.js';
import { removeFirstLogin } from './first-account.js';
import { forgetAttempts } from './login-limit.js';
import { checkPassword, hashPassword } from './password.js';
import type { Role } from './roles.js';
import { newPassword } from './secret.js';
import { newToken } from './tokens.js';

/** The administrator, for the audit log. */
export interface Actor {
  readonly actor: string;
  readonly remote?: string;
}

export interface AccountEntry {
  readonly name: string;
  readonly origin: 'local' | 'oidc';
  readonly roles: readonly string[];
  readonly createdAt: Date;
  readonly disabled: boolean;
  /** Absent before the first login. */
  readonly lastLoginAt: Date | null;
}

export interface TokenEntry {
  readonly name: string;
  readonly roles: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revoked: boolean;
}

/** Accounts and tokens, by command or by HTTP; each action is on record before it is carried out. */
export interface Administration {
  listAccounts(): Promise<readonly AccountEntry[]>;
  /** @returns the password, to be shown once; the user has to change it, unless the administrator chose it */
  addAccount(
    given: { readonly name: string; readonly roles: readonly Role[]; readonly password?: string | undefined },
    by: Actor,
  ): Promise<{ readonly password: string | undefined }>;
  /**
   * Not of one's own account: changing that needs the current password.
   *
   * @returns the new password, to be shown once; every session of the account ends, and failed logins count no more
   */
  resetPassword(name: string, by: Actor): Promise<{ readonly password: string }>;
  /** @throws Fault `request-invalid` for one's own account and for the last administrator */
  disableAccount(name: string, by: Actor): Promise<void>;
  enableAccount(name: string, by: Actor): Promise<void>;
  /**
   * Of a local account; the roles of an OpenID account come from its provider. Every session of the account ends.
   *
   * @throws Fault `request-invalid` for one's own account and for the last administrator
   */
  setRoles(name: string, roles: readonly Role[], by: Actor): Promise<void>;
  /** @param id of a listed session @throws Fault `not-found` */
  endSession(id: string, by: Actor): Promise<void>;
  /** @returns how many sessions ended */
  endSessionsOf(name: string, by: Actor): Promise<number>;
  listTokens(): Promise<readonly TokenEntry[]>;
  /** @returns the token, to be shown once */
  addToken(
    given: { readonly name: string; readonly roles: readonly Role[]; readonly expiresAt?: Date | undefined },
    by: Actor,
  ): Promise<{ readonly token: string }>;
  revokeToken(name: string, by: Actor): Promise<void>;
}

/** @param dataDir holds the file with the password of the first account, until it is changed */
export function administrationOf(
  { accounts, sessions, tokens, loginFailures }: Pick<AccessStore, 'accounts' | 'sessions' | 'tokens' | 'loginFailures'>,
  audit: AuditLog,
  dataDir?: string,
): Administration {
  const onRecord = (entry: NewAuditEntry, work: () => Promise<boolean>, otherwise: Fault): Promise<void> =>
    audit.recordAction(entry, async () => {
      if (!(await work())) throw otherwise;
    });
  return {
    async listAccounts() {
      return (await accounts.list()).map(({ name, origin, roles, createdAt, disabledAt, lastLoginAt }) => ({
        name,
        origin,
        roles,
        createdAt,
        disabled: disabledAt !== null,
        lastLoginAt,
      }));
    },

    async addAccount({ name, roles, password }, by) {
      checkAccountName(name);
      if (password !== undefined) checkPassword(password, name);
      const made = password === undefined ? newPassword() : undefined;
      const passwordHash = await hashPassword(password ?? made!);
      const add = () => accounts.add({ name, origin: 'local', roles, passwordHash, mustChange: made !== undefined });
      await onRecord(
        { ...by, action: 'account.add', subject: { account: name, roles } },
        add,
        new Fault('request-invalid', `expected a new name, found an account of the name ${name}`),
      );
      return { password: made };
    },

    async resetPassword(name, by) {
      if (name === by.actor)
        throw new Fault('request-invalid', 'expected the account of another user: change your own password on the password page');
      const password = newPassword();
      const passwordHash = await hashPassword(password);
      await onRecord(
        { ...by, action: 'account.password', subject: { account: shortened(name) } },
        () => accounts.setPassword(name, passwordHash, { mustChange: true }),
        notFound('a local account', name),
      );
      await forgetAttempts(loginFailures, name);
      if (dataDir !== undefined) await removeFirstLogin(name, dataDir);
      return { password };
    },

    async disableAccount(name, by) {
      if (name === by.actor)
        throw new Fault('request-invalid', 'expected the account of another user: without an administrator nobody could manage accounts');
      await onRecord(
        { ...by, action: 'account.disable', subject: { account: shortened(name) } },
        async () => isDone(await accounts.disable(name)),
        notFound('an account that is not disabled', name),
      );
    },

    async enableAccount(name, by) {
      await onRecord(
        { ...by, action: 'account.enable', subject: { account: shortened(name) } },
        () => accounts.enable(name),
        notFound('a disabled account', name),
      );
    },

    async setRoles(name, roles, by) {
      if (name === by.actor)
        throw new Fault('request-invalid', 'expected the account of another user: the last administrator must keep the role');
      await onRecord(
        { ...by, action: 'account.roles', subject: { account: shortened(name), roles } },
        async () => isDone(await accounts.changeRoles(name, roles)),
        notFound('a local account', name),
      );
    },

    async endSession(id, by) {
      await onRecord(
        { ...by, action: 'session.end', subject: { session: shortened(id) } },
        () => sessions.endListed(id),
        notFound('a session', id),
      );
    },

    endSessionsOf(name, by) {
      return audit.recordAction(
        { ...by, action: 'session.end', subject: { account: shortened(name) } },
        () => sessions.endAllOf(name),
        (ended) => ({ ended }),
      );
    },

    async listTokens() {
      return (await tokens.list()).map(({ name, roles, createdAt, expiresAt, lastUsedAt, revokedAt }) => ({
        name,
        roles,
        createdAt,
        expiresAt,
        lastUsedAt,
        revoked: revokedAt !== null,
      }));
    },

    async addToken({ name, roles, expiresAt }, by) {
      checkAccountName(name);
      const { token, tokenHash } = newToken();
      await onRecord(
        { ...by, action: 'token.add', subject: { token: name, roles } },
        () => tokens.add({ name, tokenHash, roles, expiresAt }),
        new Fault('request-invalid', `expected a new name, found a token of the name ${name}, which may be revoked`),
      );
      return { token };
    },

    async revokeToken(name, by) {
      await onRecord(
        { ...by, action: 'token.revoke', subject: { token: shortened(name) } },
        () => tokens.revoke(name),
        notFound('a token that is not revoked', name),
      );
    },
  };
}

/** @throws Fault `request-invalid` for the last administrator */
function isDone(change: AccountChange): boolean {
  if (change === 'last-administrator')
    throw new Fault(
      'request-invalid',
      'expected another account with the role admin that is not disabled, found none: somebody must manage accounts',
    );
  return change === 'done';
}

function notFound(expected: string, name: string): Fault {
  return new Fault('not-found', `expected ${expected}, found none of the name ${shortened(name)}`);
}

function shortened(name: string): string {
  return name.slice(0, 100);
}
