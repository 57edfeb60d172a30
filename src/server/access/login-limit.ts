import { createHash } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { Fault } from '../../errors.js';
import type { LoginFailures } from '../../store/login-failures.js';

const windowMs = 15 * 60_000;
/**
 * Failures within the window. Few for one account from one address; more for an account from all addresses that it has not used before;
 * a few for a browser that has logged in to the account before, whatever others do. Beyond the limit of an address, behind which a whole
 * hospital may be, wrong passwords are answered as refused and no name is counted that does not exist: the right password still opens.
 */
const max = { pair: 5, account: 50, device: 10, address: 100 } as const;
const maxRows = 50_000;
const sweepEveryMs = 60_000;

/** From where an attempt comes, as far as the account has been used from there before. */
export type KnownOrigin = 'device' | 'address' | 'none';

export interface AttemptOptions {
  readonly known?: KnownOrigin;
  /** SHA-256 of what the browser's cookie holds, for `device`. */
  readonly deviceHash?: string | undefined;
  /** Whether there is an account of that name. */
  readonly exists?: boolean;
  readonly now?: Date;
}

/** An attempt that is counted as a failure until it has succeeded. */
export interface Attempt {
  /** Whether the address has reached its limit: a failure is answered as if it was refused, so that it tells nothing of the name. */
  readonly beyond: boolean;
  succeeded(): Promise<void>;
  /** The password was not looked at. */
  withdrawn(): Promise<void>;
}

/**
 * Looks whether an attempt is admitted and counts it before the password is looked at, so that many at once are counted as well. What is
 * refused is not counted: one address uses up its own few attempts, not those of the account.
 *
 * @throws Fault `too-many-requests`
 */
export async function beginAttempt(
  failures: LoginFailures,
  name: string,
  address: string,
  { known = 'none', deviceHash = '', exists = true, now = new Date() }: AttemptOptions = {},
): Promise<Attempt> {
  const keys = keysOf(name, address, deviceHash);
  const refusing = known === 'device' ? [keys.device] : known === 'address' ? [keys.pair] : [keys.pair, keys.account];
  const since = new Date(now.getTime() - windowMs);
  await sweepNowAndThen(failures, since, now);
  const { refusedBy, beyond } = await failures.admit({
    refusing,
    counting: known === 'device' ? undefined : keys.address,
    countedBeyond: exists,
    at: now,
    since,
  });
  if (refusedBy !== undefined) throw tooManyAttempts();
  const counted = [...refusing.map(({ keyHash }) => keyHash), keys.address.keyHash];
  return {
    beyond,
    async succeeded() {
      // Two attempts of one millisecond share the time: forgetting both is a gift of one attempt.
      await failures.forget(counted, now);
      await failures.forget([keys.pair.keyHash, keys.device.keyHash]);
    },
    withdrawn: () => failures.forget(counted, now),
  };
}

/** After an administrator has given an account a new password. */
export function forgetAttempts(failures: LoginFailures, name: string): Promise<void> {
  const account = digest('account', name);
  return failures.forgetPrefix([`a:${account}`, `p:${account}:`, `d:${account}:`]);
}

export function tooManyAttempts(): Fault {
  return new Fault(
    'too-many-requests',
    `expected fewer failed logins; wait ${windowMs / 60_000} minutes, log in with a browser in which you have logged in before, or ask an administrator for a new password`,
  );
}

/** A network that one person has: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (isIPv4(plain) || !isIPv6(plain)) return plain;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  return [...groups, ...Array<string>(zeros).fill('0'), ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

let sweptAt = 0;

/** The table holds the window and no more than `maxRows`, whoever fails how often. */
async function sweepNowAndThen(failures: LoginFailures, since: Date, now: Date): Promise<void> {
  if (Math.abs(now.getTime() - sweptAt) < sweepEveryMs) return;
  sweptAt = now.getTime();
  await failures.sweep(since, maxRows);
}

/** What was typed may be anything, also a password in the wrong field: it is not kept. The keys of an account begin alike. */
function keysOf(name: string, address: string, deviceHash: string) {
  const account = digest('account', name);
  const network = networkOf(address);
  return {
    pair: { keyHash: `p:${account}:${digest('pair', name, network)}`, max: max.pair },
    device: { keyHash: `d:${account}:${deviceHash}`, max: max.device },
    account: { keyHash: `a:${account}`, max: max.account },
    address: { keyHash: `i:${digest('address', network)}`, max: max.address },
  };
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
