import { createHash } from 'node:crypto';
import { Fault } from '../../errors.js';
import type { LoginFailures } from '../../store/login-failures.js';

const windowMs = 15 * 60_000;
/**
 * Failures within the window. Few for one account from one address; more for an account from everywhere, so that a stranger
 * cannot easily lock somebody out; many for an address, behind which a whole hospital may be.
 */
const most = { pair: 5, account: 30, address: 100 } as const;

/** An attempt that is counted as a failure until it has succeeded. */
export interface Attempt {
  succeeded(): Promise<void>;
}

/**
 * Counts an attempt before the password is looked at, so that many at once are counted as well.
 *
 * @throws Fault `too-many-requests`
 */
export async function beginAttempt(failures: LoginFailures, name: string, address: string, now = new Date()): Promise<Attempt> {
  const keys = { pair: keyOf('pair', name, address), account: keyOf('account', name), address: keyOf('address', address) };
  const all = Object.values(keys);
  const since = new Date(now.getTime() - windowMs);
  await failures.add(all, now);
  const counts = await failures.countSince(all, since);
  const over = (Object.keys(keys) as (keyof typeof keys)[]).find((key) => (counts.get(keys[key]) ?? 0) > most[key]);
  // Two attempts of one millisecond share the time: forgetting both is a gift of one attempt.
  if (over) throw new Fault('too-many-requests', `expected at most ${most[over]} failed logins in ${windowMs / 60_000} minutes; wait, or ask an administrator`);
  return {
    async succeeded() {
      await failures.forget([keys.pair]);
      await failures.forget([keys.account, keys.address], now);
      await failures.sweep(since);
    },
  };
}

/** What was typed may be anything, also a password in the wrong field: it is not kept. */
function keyOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
