import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { verify } from '@node-rs/argon2';
import type { Request } from 'express';
import { checkAccountName } from '../../src/server/access/account-name.js';
import { readCookie } from '../../src/server/access/cookie.js';
import { checkPassword, hashPassword, isPassword } from '../../src/server/access/password.js';
import { mayAct, principalOf, roles, type Role } from '../../src/server/access/roles.js';
import { checkSameOrigin } from '../../src/server/access/same-origin.js';
import { newPassword, newSecret } from '../../src/server/access/secret.js';
import { isFault } from '../support/fault.js';

/** As express gives it. */
function request(method: string, headers: Readonly<Record<string, string>>, protocol = 'http'): Request {
  return { method, protocol, get: (name: string) => headers[name.toLowerCase()] } as unknown as Request;
}

test('L10: who may do what; the token for Prometheus reads figures and no study', () => {
  const table: Record<Role, readonly Role[]> = {
    viewer: ['viewer', 'metrics'],
    reader: ['viewer', 'reader', 'metrics'],
    operator: ['viewer', 'operator', 'metrics'],
    admin: ['viewer', 'reader', 'operator', 'admin', 'metrics'],
    service: ['viewer', 'service', 'metrics'],
    metrics: ['metrics'],
  };
  for (const held of roles)
    assert.deepEqual(
      roles.filter((role) => mayAct({ name: 'x', roles: [held] }, role)),
      table[held],
      held,
    );
  assert.deepEqual(
    roles.filter((role) => mayAct({ name: 'x', roles: [] }, role)),
    [],
  );
  assert.deepEqual(principalOf('x', ['reader', 'root', 'constructor']).roles, ['reader'], 'an unknown role counts for nothing');
});

describe('passwords', () => {
  test('argon2id with the parameters that OWASP recommends, read by the library itself', async () => {
    const hash = await hashPassword('correct horse battery');
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal(await verify(hash, 'correct horse battery'), true);
    assert.notEqual(await hashPassword('correct horse battery'), hash, 'salted');
    assert.deepEqual(
      [await isPassword('correct horse battery', hash), await isPassword('correct horse batterz', hash), await isPassword('', hash)],
      [true, false, false],
    );
    assert.deepEqual(
      [await isPassword('anything', undefined), await isPassword('anything', null)],
      [false, false],
      'an account without a password has none',
    );
  });

  test('twenty at once from several addresses are all answered', async () => {
    const hash = await hashPassword('correct horse battery');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => isPassword(n % 2 ? 'wrong' : 'correct horse battery', hash, `192.0.2.${n % 4}`)),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 20 }, (_, n) => n % 2 === 0),
    );
  });

  test('more at once than can wait are refused: 15 of one address, 30 of all', async () => {
    const hash = await hashPassword('correct horse battery');
    const attempts = (count: number, addressOf: (n: number) => string) =>
      Promise.allSettled(Array.from({ length: count }, (_, n) => isPassword('correct horse battery', hash, addressOf(n))));
    for (const [results, answered] of [
      [await attempts(60, () => '192.0.2.1'), 2 + 15],
      [await attempts(60, (n) => `192.0.2.${n}`), 2 + 30],
    ] as const) {
      const refused = results.filter((one) => one.status === 'rejected');
      assert.equal(results.length - refused.length, answered);
      for (const one of refused) isFault('too-many-requests')(one.reason);
    }
    const flood = attempts(60, () => '192.0.2.1');
    assert.equal(await isPassword('correct horse battery', hash, '192.0.2.2'), true, 'a flood from one address does not lock out another');
    await flood;
    assert.match(await hashPassword('and then it goes on'), /argon2id/);
  });

  test('too easy ones are refused', () => {
    for (const easy of ['short', 'a'.repeat(201), 'aaaaaaaaaaaaaa', 'i-am-Admin-now'])
      assert.throws(() => checkPassword(easy, 'admin'), isFault('request-invalid'));
    checkPassword(newPassword(), 'admin');
  });

  test('those that are made are long and differ', () => {
    const made = Array.from({ length: 500 }, newPassword);
    assert.equal(new Set(made).size, 500);
    for (const one of made) assert.match(one, /^([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}$/);
    // Each of 31 letters about 10,000 / 31 times.
    const counts = new Map<string, number>();
    for (const letter of made.join('').replaceAll('-', '')) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    assert.equal(counts.size, 31);
    const expected = 10_000 / 31;
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    assert.ok(chiSquare < 80, `chi-square ${chiSquare} with 30 degrees of freedom`);
    assert.equal(Buffer.from(newSecret(), 'base64url').length, 32);
  });
});

test('names that could be taken for somebody else in the audit log are refused', () => {
  for (const name of ['', 'service', 'Unknown', 'token:x', 'command:root', 'a b', ' a', 'a\nb', 'a'.repeat(101), '-a', 'a\u202eb'])
    assert.throws(() => checkAccountName(name), isFault('request-invalid'), name);
  for (const name of ['anna', 'a.b@hospital.example', 'Jürgen', '山田', 'r2-d2']) checkAccountName(name);
});

test('cookies are read as RFC 6265 writes them', () => {
  const read = (cookie: string) => readCookie(request('GET', { cookie }), 'chest-ai');
  assert.equal(read('chest-ai=a'), 'a');
  assert.equal(read('other=1; chest-ai=a=b; x=y'), 'a=b');
  assert.equal(read('xchest-ai=a'), undefined);
  assert.equal(read('chest-ai'), undefined);
  assert.equal(readCookie(request('GET', {}), 'chest-ai'), undefined);
});

test('a change is taken from our own pages only', () => {
  const refused = isFault('request-refused');
  const check = (headers: Record<string, string>, publicUrl?: string, protocol?: string) => () =>
    checkSameOrigin(request('POST', { host: 'ai.example:8787', ...headers }, protocol), publicUrl);
  check({ origin: 'http://ai.example:8787' })();
  check({ origin: 'https://ai.example' }, 'https://ai.example/')();
  check({ 'sec-fetch-site': 'same-origin' })();
  check({ 'x-chest-ai': '1' })();
  assert.throws(check({}), refused);
  assert.throws(check({ origin: 'https://evil.example' }), refused);
  assert.throws(
    check({ origin: 'https://evil.example', 'x-chest-ai': '1', 'sec-fetch-site': 'same-origin' }),
    refused,
    'Origin decides where it is there',
  );
  assert.throws(check({ origin: 'null' }), refused);
  assert.throws(check({ origin: 'http://ai.example' }), refused, 'another port is another origin');
  assert.throws(check({ origin: 'https://ai.example:8787' }), refused, 'another scheme too');
  assert.throws(check({ origin: 'http://ai.example:8787' }, 'https://ai.example'), refused);
  assert.throws(check({ 'sec-fetch-site': 'same-site' }), refused);
  assert.throws(check({ 'sec-fetch-site': 'cross-site' }), refused);
  checkSameOrigin(request('GET', { origin: 'https://evil.example' }), undefined);
});
