import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { openAuditLog } from '../audit/audit-log.js';
import { loadConfig } from '../config.js';
import { asFault, Fault } from '../errors.js';
import { createLog } from '../log.js';
import { administrationOf, type Administration, type Actor } from '../server/access/administration.js';
import { roles, type Role } from '../server/access/roles.js';
import { openStoreBesideService, type Store } from '../store/store.js';
import { storeLocation } from '../store/store-location.js';

/** Opens the service's database for one command, also while the service runs. */
export async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const config = loadConfig();
  const store = await openStoreBesideService(storeLocation(config), createLog({ level: 'warn' }));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** The actor of a command in the audit log: the user of the operating system. No account can have such a name. */
export function commandActor(): string {
  return `command:${userInfo().username}`;
}

function administer<T>(work: (administration: Administration, by: Actor) => Promise<T>): Promise<T> {
  return withStore((store) =>
    work(administrationOf(store, openAuditLog(store.audit, createLog({ level: 'warn' })), loadConfig().dataDir), { actor: commandActor() }),
  );
}

export interface Listed {
  readonly json: boolean;
}

export async function addAccount(
  name: string,
  options: { readonly role: readonly string[]; readonly passwordFile?: string },
): Promise<void> {
  const given = options.passwordFile === undefined ? undefined : readSecret(options.passwordFile);
  const { password } = await administer((one, by) => one.addAccount({ name, roles: rolesOf(options.role), password: given }, by));
  console.log(
    password === undefined
      ? `account ${name} added`
      : `account ${name} added; the password, shown this once and to be changed at the first login:\n${password}`,
  );
}

export async function listAccounts({ json }: Listed): Promise<void> {
  for (const one of await administer((administration) => administration.listAccounts())) {
    console.log(
      json
        ? JSON.stringify(one)
        : `${one.name.padEnd(24)} ${one.roles.join(', ').padEnd(24)} ${one.origin}${one.disabled ? '  disabled' : ''}`,
    );
  }
}

export async function disableAccount(name: string): Promise<void> {
  await administer((one, by) => one.disableAccount(name, by));
  console.log(`account ${name} disabled; its sessions have ended`);
}

export async function enableAccount(name: string): Promise<void> {
  await administer((one, by) => one.enableAccount(name, by));
  console.log(`account ${name} enabled`);
}

export async function setRoles(name: string, options: { readonly role: readonly string[] }): Promise<void> {
  await administer((one, by) => one.setRoles(name, rolesOf(options.role), by));
  console.log(`account ${name} has the roles ${options.role.join(', ')}; its sessions have ended`);
}

export async function resetPassword(name: string): Promise<void> {
  const { password } = await administer((one, by) => one.resetPassword(name, by));
  console.log(`new password of ${name}, shown this once and to be changed at the first login; its sessions have ended:\n${password}`);
}

export async function addToken(name: string, options: { readonly role: readonly string[]; readonly days?: string }): Promise<void> {
  const days = options.days === undefined ? undefined : Number(options.days);
  if (days !== undefined && !(Number.isInteger(days) && days > 0))
    throw new Fault('request-invalid', `expected --days as a whole number above 0, found ${options.days}`);
  const expiresAt = days === undefined ? undefined : new Date(Date.now() + days * 86_400_000);
  const { token } = await administer((one, by) => one.addToken({ name, roles: rolesOf(options.role), expiresAt }, by));
  console.log(`token ${name}, shown this once; send it as "Authorization: Bearer …":\n${token}`);
}

export async function listTokens({ json }: Listed): Promise<void> {
  const date = (at: Date | null): string => at?.toISOString().slice(0, 16) ?? 'never';
  for (const one of await administer((administration) => administration.listTokens())) {
    console.log(
      json
        ? JSON.stringify(one)
        : `${one.name.padEnd(24)} ${one.roles.join(', ').padEnd(24)} used ${date(one.lastUsedAt)}, expires ${date(one.expiresAt)}${one.revoked ? '  revoked' : ''}`,
    );
  }
}

export async function revokeToken(name: string): Promise<void> {
  await administer((one, by) => one.revokeToken(name, by));
  console.log(`token ${name} revoked`);
}

function rolesOf(given: readonly string[]): readonly Role[] {
  return given.map((one) => {
    const role = roles.find((known) => known === one);
    if (!role) throw new Fault('request-invalid', `expected --role as one of ${roles.join(', ')}, found ${one}`);
    return role;
  });
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (error) {
    throw asFault(error, 'request-invalid', { source: file });
  }
}
