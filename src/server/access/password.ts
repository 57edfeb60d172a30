import { hash, verify } from '@node-rs/argon2';
import { Fault } from '../../errors.js';
import { Semaphore, SemaphoreFull } from '../../lib/semaphore.js';

/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. About 60 ms. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/**
 * Each hash takes 19 MiB and a core: a flood of logins must not stop reporting. Of the waiting ones at most 15 come from one network
 * address, so that a flood from one address does not block all others.
 */
const hashing = new Semaphore({ maxActive: 2, maxWaiting: 30, maxWaitingOfKey: 15 });

const shortest = 12;
const longest = 200;

/** @throws Fault `request-invalid` for a password that is too easy */
export function checkPassword(password: string, accountName: string): void {
  if (password.length < shortest || password.length > longest)
    throw new Fault('request-invalid', `expected a password of ${shortest} to ${longest} characters, found ${password.length}`);
  if (password.toLowerCase().includes(accountName.toLowerCase()))
    throw new Fault('request-invalid', 'expected a password without the name of the account in it');
  if (new Set(password).size < 5) throw new Fault('request-invalid', 'expected a password of at least 5 different characters');
}

/** @returns argon2id in PHC string format */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, cost));
}

let ofNobody: Promise<string> | undefined;

/** Takes as long for an account that is not there as for one that is. @param from network address, for the turns */
export async function isPassword(given: string, passwordHash: string | null | undefined, from = ''): Promise<boolean> {
  if (given.length > longest) return false;
  // Not in turn: a queue that is full must not leave a refusal here for good.
  ofNobody ??= hash('the password of an account that is not there', cost);
  const compared = passwordHash ?? (await ofNobody);
  const matches = await inTurn(() => verify(compared, given), from);
  return matches && passwordHash !== null && passwordHash !== undefined;
}

async function inTurn<T>(work: () => Promise<T>, from = ''): Promise<T> {
  const release = await hashing.acquire(from).catch((error: unknown) => {
    if (error instanceof SemaphoreFull) throw new Fault('too-many-requests', 'too many logins at once; try again in a few seconds');
    throw error;
  });
  try {
    return await work();
  } finally {
    release();
  }
}
