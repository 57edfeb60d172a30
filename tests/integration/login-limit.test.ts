import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { beginAttempt, networkOf } from '../../src/server/access/login-limit.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts } from '../support/access.js';
import { storeBackends } from '../support/store.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const password = 'correct horse battery';

for (const backend of storeBackends()) {
  describe(`the limit of failed logins on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    /** Two web processes on one database, behind a proxy that names the address. */
    let servers: readonly TestServer[];
    let parts: ReturnType<typeof accessParts>;
    before(async () => {
      store = await openStore(await backend.location(), silentLog);
      parts = accessParts(store);
      servers = await Promise.all([1, 2].map(() => startTestServer(store, { parts: { trustedProxies: ['loopback'] } })));
    });
    after(async () => {
      for (const server of servers ?? []) await server.close();
      await store?.close();
      await backend.stop();
    });
    const account = async (name: string): Promise<string> => {
      await parts.administration.addAccount({ name, roles: ['viewer'], password }, { actor: 'test' });
      return name;
    };
    const post = (address: string, name: string, given: string, cookie?: string, server = servers[0]!): Promise<Response> =>
      fetch(`${server.url}/api/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: server.url, 'x-forwarded-for': address, ...(cookie ? { cookie } : {}) },
        body: JSON.stringify({ name, password: given }),
      });
    const statusOf = async (...given: Parameters<typeof post>): Promise<number> => (await post(...given)).status;
    const failures = async (): Promise<number> =>
      (await store.sql.query<{ n: number }>({ text: 'SELECT count(*)::int AS n FROM chest_ai.login_failure' })).rows[0]!.n;

    test('H5, D4: 40 wrong logins of one address, at two processes, do not lock the account for another address', async () => {
      const name = await account('petrova');
      const attack = await Promise.all(
        Array.from({ length: 40 }, (_, n) => statusOf('192.0.2.66', name, `wrong guess number ${n}`, undefined, servers[n % 2])),
      );
      assert.ok(attack.filter((one) => one === 401).length <= 5, String(attack));
      assert.equal(await statusOf('192.0.2.66', name, password), 429, 'the address that guessed waits');
      assert.equal(await statusOf('192.0.2.7', name, password), 200);
    });

    test('H5: what is refused is not counted', async () => {
      const name = await account('refused');
      for (let n = 0; n < 8; n++) await post('192.0.2.67', name, `wrong guess number ${n}`);
      const before = await failures();
      for (let n = 0; n < 20; n++) assert.equal(await statusOf('192.0.2.67', name, `wrong guess number ${n}`), 429);
      assert.equal(await failures(), before);
    });

    test('H5: guesses from many addresses do not lock out a browser, a session or an address that has logged in before', async () => {
      const name = await account('besieged');
      const login = await post('192.0.2.10', name, password);
      const cookies = login.headers.getSetCookie().map((one) => one.split(';')[0]!);
      const device = cookies.find((one) => one.startsWith('chest-ai-device='))!;
      const session = cookies.find((one) => one.startsWith('chest-ai='))!;
      for (let n = 0; n < 80; n++) await beginAttempt(store.loginFailures, name, `198.51.100.${n}`).catch(() => undefined);
      assert.equal(await statusOf('203.0.113.1', name, password), 429, 'guessing from everywhere is stopped');
      assert.equal(await statusOf('203.0.113.1', name, password, device), 200, 'this browser has logged in before');
      assert.equal(await statusOf('203.0.113.1', name, password, session), 200, 'this browser is logged in');
      assert.equal(await statusOf('192.0.2.10', name, password), 200, 'so has somebody at this address');
      assert.equal(
        await statusOf('203.0.113.9', name, password, `chest-ai-device=${'a'.repeat(43)}`),
        429,
        'a cookie that nobody gave out opens nothing',
      );
      const other = await account('other-account');
      assert.equal(await statusOf('203.0.113.2', other, password, device), 200);
      for (let n = 0; n < 15; n++) await post('203.0.113.3', name, `wrong guess number ${n}`, device);
      assert.equal(await statusOf('203.0.113.3', name, password, device), 429, 'a browser that was stolen guesses ten times');
    });

    test('H5: a new password by an administrator lifts the lock', async () => {
      const name = await account('locked');
      for (let n = 0; n < 80; n++) await beginAttempt(store.loginFailures, name, `198.51.100.${n}`).catch(() => undefined);
      for (let n = 0; n < 6; n++) await post('192.0.2.11', name, `wrong guess number ${n}`);
      const { password: fresh } = await parts.administration.resetPassword(name, { actor: 'test' });
      assert.equal(await statusOf('192.0.2.11', name, fresh), 200);
    });

    test('H5: guesses at names that do not exist lock nobody behind the same address, and tell nothing of names', async () => {
      const name = await account('behind-nat');
      const stillNew = await account('never-before');
      for (let n = 0; n < 130; n++)
        await beginAttempt(store.loginFailures, `nobody-${n}`, '192.0.2.99', { exists: false }).catch(() => undefined);
      assert.equal(await statusOf('192.0.2.99', name, password), 200);
      assert.deepEqual(
        [await statusOf('192.0.2.99', 'nobody-at-all', password), await statusOf('192.0.2.99', stillNew, 'not the right one')],
        [429, 429],
        'alike whether the name exists',
      );
      assert.equal(await statusOf('192.0.2.99', stillNew, password), 200);
      const before = await failures();
      for (let n = 0; n < 30; n++) await beginAttempt(store.loginFailures, `invented-${n}`, '192.0.2.99', { exists: false });
      assert.equal(await failures(), before, 'the table does not grow with them');
    });

    test('H5: the table of failures is bounded', async () => {
      await store.loginFailures.sweep(new Date(Date.now() - 1), 10);
      const at = (seconds: number): Date => new Date(Date.now() - seconds * 1000);
      for (let n = 0; n < 12; n++) await beginAttempt(store.loginFailures, 'many', `198.51.100.${n}`, { now: at(60 - n) });
      await store.loginFailures.sweep(at(3600), 9);
      assert.ok((await failures()) <= 12, String(await failures()));
      await store.loginFailures.sweep(at(-1));
      assert.equal(await failures(), 0);
    });

    test('origins of an account are bounded too', async () => {
      const name = await account('traveller');
      for (let n = 0; n < 30; n++) assert.equal(await statusOf(`198.51.100.${n}`, name, password), 200);
      const { rows } = await store.sql.query<{ n: number }>({
        text: `SELECT count(*)::int AS n FROM chest_ai.known_login WHERE account = 'traveller'`,
      });
      assert.ok(rows[0]!.n <= 40, String(rows[0]!.n));
    });

    test('D37: a disabled account is enabled again, its roles are changed', async () => {
      const name = await account('back-again');
      const { token } = await parts.administration.addToken({ name: 'chief', roles: ['admin'] }, { actor: 'test' });
      const ask = async (what: string, body: object = {}): Promise<number> =>
        (
          await fetch(`${servers[0]!.url}/api/accounts/${name}/${what}`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: JSON.stringify(body),
          })
        ).status;
      assert.equal(await ask('enable'), 404, 'it is not disabled');
      assert.equal(await ask('disable'), 204);
      assert.equal(await statusOf('192.0.2.12', name, password), 401);
      assert.equal(await ask('enable'), 204);
      const login = await post('192.0.2.12', name, password);
      assert.equal(login.status, 200);
      assert.equal(await ask('roles', { roles: ['reader', 'operator'] }), 204);
      const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!;
      assert.equal((await fetch(`${servers[0]!.url}/api/me`, { headers: { cookie } })).status, 401, 'its sessions have ended');
      assert.deepEqual(((await (await post('192.0.2.12', name, password)).json()) as { roles: string[] }).roles, ['reader', 'operator']);
      assert.equal(await ask('roles', { roles: [] }), 400);
      assert.equal(await ask('roles', { roles: ['emperor'] }), 400);
      const actions = (await store.audit.list({ action: 'account', actor: 'token:chief' })).map(
        ({ action, outcome }) => `${action} ${outcome}`,
      );
      for (const one of ['account.enable done', 'account.roles done', 'account.disable done', 'account.enable failed'])
        assert.ok(actions.includes(one), one);
    });

    test('D16: what a page asks by itself does not keep a session alive', async () => {
      const name = await account('left-open');
      const cookie = (await post('192.0.2.13', name, password)).headers.getSetCookie()[0]!.split(';')[0]!;
      const seen = async (): Promise<string> =>
        (
          await store.sql.query<{ at: string }>({
            text: `SELECT last_seen_at::text AS at FROM chest_ai.session WHERE account = 'left-open'`,
          })
        ).rows[0]!.at;
      await store.sql.query({
        text: `UPDATE chest_ai.session SET last_seen_at = now() - interval '30 seconds' WHERE account = 'left-open'`,
      });
      const old = await seen();
      for (const path of ['/api/worklist', '/api/operations', '/api/me'])
        await fetch(servers[0]!.url + path, { headers: { cookie, 'x-chest-ai-background': '1' } });
      const events = new AbortController();
      await fetch(`${servers[0]!.url}/api/events`, { headers: { cookie }, signal: events.signal });
      events.abort();
      assert.equal(await seen(), old);
      await fetch(`${servers[0]!.url}/api/me`, { headers: { cookie } });
      assert.notEqual(await seen(), old, 'a person is a sign of life');
    });
  });
}

test('an IPv6 address counts by its network, an IPv4 address as it is', () => {
  assert.deepEqual(
    ['10.0.0.1', '::ffff:10.0.0.1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::9', '2001:0DB8:1:2:ffff::', '::1', 'fe80::1%eth0', ''].map(
      networkOf,
    ),
    ['10.0.0.1', '10.0.0.1', '2001:db8:1:2', '2001:db8:1:2', '2001:db8:1:2', '0:0:0:0', 'fe80:0:0:0', ''],
  );
});
