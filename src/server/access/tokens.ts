import type { Tokens } from '../../store/tokens.js';
import { principalOf, type Principal } from './roles.js';
import { hashOfSecret, newSecret } from './secret.js';

/** Makes a leaked token easy to find for scanners, and easy to recognise. */
const prefix = 'chest-ai_';

/** @returns shown once; only its hash is kept */
export function newToken(): { readonly token: string; readonly tokenHash: string } {
  const token = prefix + newSecret();
  return { token, tokenHash: hashOfSecret(token) };
}

/** A moment's inaccuracy of "last used" saves a write with each request. */
const noticedMs = 60_000;

export async function principalOfToken(tokens: Tokens, token: string, now = new Date()): Promise<Principal | undefined> {
  if (!token.startsWith(prefix)) return undefined;
  const row = await tokens.find(hashOfSecret(token), now);
  if (!row) return undefined;
  if (!row.lastUsedAt || now.getTime() - row.lastUsedAt.getTime() > noticedMs) await tokens.used(row.name, now).catch(() => undefined);
  return principalOf(`token:${row.name}`, row.roles);
}
