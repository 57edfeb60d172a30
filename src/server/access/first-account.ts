import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { asFault } from '../../errors.js';
import type { AuditLog } from '../../audit/audit-log.js';
import type { Accounts } from '../../store/accounts.js';
import { hashPassword } from './password.js';
import { newPassword } from './secret.js';

export const firstAccountName = 'admin';

/** Where the password of the first account stands, until it is changed. */
export function firstLoginFile(dataDir: string): string {
  return join(dataDir, 'first-login.txt');
}

/** After the password of the first account has changed: the file says nothing any more that is true. */
export async function removeFirstLogin(account: string, dataDir: string): Promise<void> {
  if (account === firstAccountName) await rm(firstLoginFile(dataDir), { force: true });
}

/**
 * A service without any account gets one, `admin`, with a password that nobody knows but who may read the data folder, and that
 * has to be changed at the first login.
 *
 * @returns the file that holds the password, if it was made now
 */
export async function ensureFirstAccount(accounts: Accounts, audit: AuditLog, dataDir: string): Promise<string | undefined> {
  if ((await accounts.list()).length > 0) return undefined;
  const password = newPassword();
  const passwordHash = await hashPassword(password);
  const file = firstLoginFile(dataDir);
  const candidate = `${file}.${randomUUID()}`;
  try {
    await writeFile(candidate, `${firstAccountName}\n${password}\n`, { mode: 0o600, flag: 'wx' });
    await chmod(candidate, 0o600);
    // The file has its name before the account can be seen: a password that stands nowhere would lock everybody out.
    const added = await audit.recordAction(
      { actor: 'service', action: 'account.add', subject: { account: firstAccountName, roles: ['admin'] } },
      () =>
        accounts.addFirst({ name: firstAccountName, origin: 'local', roles: ['admin'], passwordHash, mustChange: true }, () =>
          rename(candidate, file),
        ),
      // Another process may have been first.
      (wasFirst) => ({ added: wasFirst }),
    );
    return added ? file : undefined;
  } catch (error) {
    throw asFault(error, 'config-invalid', { source: file });
  } finally {
    await rm(candidate, { force: true });
  }
}
