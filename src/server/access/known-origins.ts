import { createHash } from 'node:crypto';
import type { KnownLogins } from '../../store/known-logins.js';
import type { KnownOrigin } from './login-limit.js';
import { networkOf } from './login-limit.js';
import { hashOfSecret } from './secret.js';

/** After this time without a login a browser or an address is unknown again. */
export const knownForMs = 90 * 86_400_000;
const maxOrigins = 40;

/** Whether this browser, or else this network, has been used for the account before (OWASP: device cookies). */
export async function knownOriginOf(
  logins: KnownLogins,
  account: string,
  address: string,
  device: string | undefined,
  now = new Date(),
): Promise<KnownOrigin> {
  const network = hashOfNetwork(account, address);
  const browser = device === undefined ? undefined : hashOfSecret(device);
  const found = await logins.find(account, [network, ...(browser === undefined ? [] : [browser])], new Date(now.getTime() - knownForMs));
  if (browser !== undefined && found.has(browser)) return 'device';
  return found.has(network) ? 'address' : 'none';
}

/** After a successful login. */
export function rememberOrigin(logins: KnownLogins, account: string, address: string, device: string, now = new Date()): Promise<void> {
  return logins.add(account, [hashOfNetwork(account, address), hashOfSecret(device)], now, {
    maxOrigins,
    oldest: new Date(now.getTime() - knownForMs),
  });
}

function hashOfNetwork(account: string, address: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['network', account, networkOf(address)]))
    .digest('hex');
}
