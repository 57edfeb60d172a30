import type { AuditLog } from '../../audit/audit-log.js';
import { Fault } from '../../errors.js';
import type { NewAuditEntry } from '../../store/audit-entries.js';
import { checkAccountName } from './account-name.js';
import type { AccessStore } from './access.js';
import { removeFirstLogin } from './first-account.js';
import { forgetAttempts } from './login-limit.js';
import { checkPassword, hashPassword } from './password.js';
import type { Role } from './roles.js';
import { newPassword } from './secret.js';
import { newToken } from './tokens.js';

/** Who does it, for the audit log. */
export interface Doer {
  readonly actor: string;
  readonly remote?: string;
}

export interface ShownAccount {
  readonly name: string;
  readonly origin: 'local' | 'oidc';
  readonly roles: readonly string[];
  readonly createdAt: Date;
  readonly disabled: boolean;
}

export interface ShownToken {
  readonly name: string;
  readonly roles: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revoked: boolean;
}

/** What an administrator may do about who comes in, by command or by HTTP; each deed is on record before it is done. */
export interface Administration {
  listAccounts(): Promise<readonly ShownAccount[]>;
  /** @returns the password, to be shown once; whoever gets it has to change it, unless it was given */
  addAccount(
    given: { readonly name: string; readonly roles: readonly Role[]; readonly password?: string | undefined },
    doer: Doer,
  ): Promise<{ readonly password: string | undefined }>;
  /** @returns the new password, to be shown once; every session of the account ends, and failed logins count no more */
  resetPassword(name: string, doer: Doer): Promise<{ readonly password: string }>;
  disableAccount(name: string, doer: Doer): Promise<void>;
  enableAccount(name: string, doer: Doer): Promise<void>;
  /** Of a local account; an OpenID provider gives and takes the roles of its own. Every session of the account ends. */
  setRoles(name: string, roles: readonly Role[], doer: Doer): Promise<void>;
  listTokens(): Promise<readonly ShownToken[]>;
  /** @returns the token, to be shown once */
  addToken(
    given: { readonly name: string; readonly roles: readonly Role[]; readonly expiresAt?: Date | undefined },
    doer: Doer,
  ): Promise<{ readonly token: string }>;
  revokeToken(name: string, doer: Doer): Promise<void>;
}

/** @param dataDir where the password of the first account may stand */
export function administrationOf(
  { accounts, tokens, loginFailures }: Pick<AccessStore, 'accounts' | 'tokens' | 'loginFailures'>,
  audit: AuditLog,
  dataDir?: string,
): Administration {
  const onRecord = (entry: NewAuditEntry, work: () => Promise<boolean>, otherwise: Fault): Promise<void> =>
    audit.recordAction(entry, async () => {
      if (!(await work())) throw otherwise;
    });
  return {
    async listAccounts() {
      return (await accounts.list()).map(({ name, origin, roles, createdAt, disabledAt }) => ({
        name,
        origin,
        roles,
        createdAt,
        disabled: disabledAt !== null,
      }));
    },

    async addAccount({ name, roles, password }, doer) {
      checkAccountName(name);
      if (password !== undefined) checkPassword(password, name);
      const made = password === undefined ? newPassword() : undefined;
      const passwordHash = await hashPassword(password ?? made!);
      const add = () => accounts.add({ name, origin: 'local', roles, passwordHash, mustChange: made !== undefined });
      await onRecord(
        { ...doer, action: 'account.add', subject: { account: name, roles } },
        add,
        new Fault('request-invalid', `expected a new name, found an account of the name ${name}`),
      );
      return { password: made };
    },

    async resetPassword(name, doer) {
      const password = newPassword();
      const passwordHash = await hashPassword(password);
      await onRecord(
        { ...doer, action: 'account.password', subject: { account: shortened(name) } },
        () => accounts.setPassword(name, passwordHash, { mustChange: true }),
        notFound('a local account', name),
      );
      await forgetAttempts(loginFailures, name);
      if (dataDir !== undefined) await removeFirstLogin(name, dataDir);
      return { password };
    },

    async disableAccount(name, doer) {
      if (name === doer.actor)
        throw new Fault(
          'request-invalid',
          'expected the account of somebody else: who disables the last administrator locks everybody out',
        );
      await onRecord(
        { ...doer, action: 'account.disable', subject: { account: shortened(name) } },
        () => accounts.disable(name),
        notFound('an account that is not disabled', name),
      );
    },

    async enableAccount(name, doer) {
      await onRecord(
        { ...doer, action: 'account.enable', subject: { account: shortened(name) } },
        () => accounts.enable(name),
        notFound('a disabled account', name),
      );
    },

    async setRoles(name, roles, doer) {
      if (name === doer.actor)
        throw new Fault('request-invalid', 'expected the account of somebody else: the last administrator must not lose the role');
      await onRecord(
        { ...doer, action: 'account.roles', subject: { account: shortened(name), roles } },
        () => accounts.changeRoles(name, roles),
        notFound('a local account', name),
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

    async addToken({ name, roles, expiresAt }, doer) {
      checkAccountName(name);
      const { token, tokenHash } = newToken();
      await onRecord(
        { ...doer, action: 'token.add', subject: { token: name, roles } },
        () => tokens.add({ name, tokenHash, roles, expiresAt }),
        new Fault('request-invalid', `expected a new name, found a token of the name ${name}, which may be revoked`),
      );
      return { token };
    },

    async revokeToken(name, doer) {
      await onRecord(
        { ...doer, action: 'token.revoke', subject: { token: shortened(name) } },
        () => tokens.revoke(name),
        notFound('a token that is not revoked', name),
      );
    },
  };
}

function notFound(expected: string, name: string): Fault {
  return new Fault('not-found', `expected ${expected}, found none of the name ${shortened(name)}`);
}

function shortened(name: string): string {
  return name.slice(0, 100);
}
