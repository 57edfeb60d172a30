import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { ensureFirstAccount, firstLoginFile } from '../../src/server/access/first-account.js';
import { beginAttempt } from '../../src/server/access/login-limit.js';
import { hashPassword } from '../../src/server/access/password.js';
import { roles, type Role } from '../../src/server/access/roles.js';
import { liveSessions } from '../../src/server/access/sessions.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts, logIn } from '../support/access.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { storeBackends } from '../support/store.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const password = 'correct horse battery';

for (const backend of storeBackends()) {
  describe(`login on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    let server: TestServer;
    let parts: ReturnType<typeof accessParts>;
    before(async () => {
      store = await openStore(await backend.location(), silentLog);
      parts = accessParts(store);
      server = await startTestServer(store);
      for (const role of roles) await parts.administration.addAccount({ name: `a-${role}`, roles: [role], password }, { actor: 'test' });
    });
    after(async () => {
      await server?.close();
      await store?.close();
      await backend.stop();
    });
    const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(server.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: server.url, ...headers },
        body: JSON.stringify(body),
      });
    const _token = async (name: string, role: Role): Promise<Record<string, string>> => ({
      authorization: `Bearer ${(await parts.administration.addToken({ name, roles: [role] }, { actor: 'test' })).token}`,
    });

    test('login, looking, logging out', async () => {
      const response = await post('/api/login', { name: 'a-viewer', password });
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), { name: 'a-viewer', roles: ['viewer'] });
      const [cookie] = response.headers.getSetCookie();
      assert.match(cookie!, /^chest-ai=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
      const headers = { cookie: cookie!.split(';')[0]!, origin: server.url };
      assert.deepEqual(await (await fetch(`${server.url}/api/me`, { headers })).json(), { name: 'a-viewer', roles: ['viewer'] });
      assert.equal((await fetch(`${server.url}/api/results`, { headers })).status, 200);
      assert.equal((await post('/api/logout', {}, headers)).status, 204);
      assert.equal(
        (await fetch(`${server.url}/api/results`, { headers })).status,
        401,
        'the session has ended in the database, not only in the browser',
      );
      const { rows } = await store.sql.query<{ all: string }>({
        text: `SELECT coalesce(string_agg(s::text, ' '), '') AS all FROM chest_ai.session s`,
      });
      assert.ok(!rows[0]!.all.includes(headers.cookie.slice(9)), 'the secret of the cookie stands nowhere');
    });

    test('the form of the page works without a script', async () => {
      const response = await fetch(`${server.url}/api/login`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: server.url },
        body: new URLSearchParams({ name: 'a-viewer', password }),
      });
      assert.deepEqual([response.status, response.headers.get('location')], [303, '/']);
    });

    test('a login always begins a new session', async () => {
      const first = await logIn(server.url, 'a-viewer', password);
      const response = await post('/api/login', { name: 'a-viewer', password }, { cookie: first.cookie });
      assert.notEqual(response.headers.getSetCookie()[0]!.split(';')[0], first.cookie);
    });

    test('behind TLS the cookie is sent over TLS only', async () => {
      const secure = await startTestServer(store, { settings: { publicUrl: 'https://ai.example' } });
      try {
        const response = await fetch(`${secure.url}/api/login`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin: 'https://ai.example' },
          body: JSON.stringify({ name: 'a-viewer', password }),
        });
        assert.match(response.headers.getSetCookie()[0]!, /^__Host-chest-ai=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
        assert.match(response.headers.get('strict-transport-security') ?? '', /max-age=/);
      } finally {
        await secure.close();
      }
    });

    test('another site cannot log in, and cannot change anything with the cookie', async () => {
      const evil = 'https://evil.example';
      assert.equal((await post('/api/login', { name: 'a-viewer', password }, { origin: evil })).status, 403);
      const { cookie } = await logIn(server.url, 'a-admin', password);
      for (const path of [
        '/api/accounts',
        '/api/tokens',
        '/api/failed-jobs/00000000-0000-0000-0000-000000000000/retry',
        '/api/logout',
        '/api/password',
      ]) {
        assert.equal((await post(path, {}, { cookie, origin: evil })).status, 403, path);
      }
      const without = await fetch(`${server.url}/api/tokens`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json' },
        body: '{}',
      });
      assert.equal(without.status, 403, 'neither Origin nor X-Chest-Ai');
      // CORS is given to nobody.
      const preflight = await fetch(`${server.url}/api/results`, {
        method: 'OPTIONS',
        headers: { cookie, origin: evil, 'access-control-request-method': 'POST' },
      });
      assert.equal(preflight.headers.get('access-control-allow-origin'), null);
    });

    test('guessing is stopped: for an account, for an address, also many at once', async () => {
      await parts.administration.addAccount({ name: 'guessed', roles: ['viewer'], password }, { actor: 'test' });
      const wrong = await Promise.all(
        Array.from({ length: 12 }, (_, n) => post('/api/login', { name: 'guessed', password: `wrong guess number ${n}` })),
      );
      const statuses = wrong.map(({ status }) => status).sort();
      assert.ok(statuses.filter((one) => one === 401).length <= 5, String(statuses));
      assert.ok(
        statuses.every((one) => one === 401 || one === 429),
        String(statuses),
      );
      const right = await post('/api/login', { name: 'guessed', password });
      assert.equal(right.status, 429, 'also the right one, for a while');
      assert.ok(Number(right.headers.get('retry-after')) > 0);
      assert.equal((await post('/api/login', { name: 'a-viewer', password })).status, 200, 'others come in');
      // Accounts that are not there count as well, for the address.
      for (let n = 0; n < 90; n++) await beginAttempt(store.loginFailures, `somebody-${n}`, '127.0.0.1').catch(() => undefined);
      let refused = 0;
      for (let n = 0; n < 20 && refused === 0; n++)
        if ((await post('/api/login', { name: `nobody-${n}`, password: 'some password or other' })).status === 429) refused++;
      assert.equal(refused, 1);
      const { rows } = await store.sql.query<{ all: string }>({
        text: `SELECT string_agg(f::text, ' ') AS all FROM chest_ai.login_failure f`,
      });
      assert.doesNotMatch(rows[0]!.all, /guessed|nobody|127\.0\.0\.1/);
      await store.loginFailures.sweep(new Date(Date.now() + 60_000));
    });

    test('a session ends when it is idle, and in any case', async () => {
      let now = new Date('2026-05-01T08:00:00Z');
      const sessions = liveSessions(store.sessions, { idleMs: 3_600_000, maxMs: 12 * 3_600_000 }, () => now);
      const later = (minutes: number): void => void (now = new Date(now.getTime() + minutes * 60_000));
      const secret = await sessions.begin('a-viewer');
      for (let hour = 0; hour < 13; hour++) {
        later(55);
        assert.equal((await sessions.principalOf(secret))?.name, 'a-viewer', `after ${hour * 55} minutes`);
      }
      later(55);
      assert.equal(await sessions.principalOf(secret), undefined, 'twelve hours are over');
      const idle = await sessions.begin('a-viewer');
      later(61);
      assert.equal(await sessions.principalOf(idle), undefined, 'idle for an hour');
      assert.equal(await sessions.principalOf(''), undefined);
    });
  });
}

test('a service without accounts gets one, whose password stands in a file that only its owner reads', async () => {
  const dataDir = temporaryDirectory('first');
  const store = await openStore({ dataDir: join(dataDir, 'index') }, silentLog);
  try {
    const audit = openAuditLog(store.audit, silentLog);
    const made = await Promise.all([1, 2, 3].map(() => ensureFirstAccount(store.accounts, audit, dataDir)));
    assert.equal(made.filter((file) => file !== undefined).length, 1, 'of several at once one makes it');
    const file = firstLoginFile(dataDir);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const [name, first] = readFileSync(file, 'utf8').trim().split('\n');
    const server = await startTestServer(store, { settings: { dataDir } });
    try {
      const admin = await logIn(server.url, name!, first!);
      assert.equal(await ensureFirstAccount(store.accounts, audit, dataDir), undefined, 'once only');
      const changed = await fetch(`${server.url}/api/password`, {
        method: 'POST',
        headers: { ...admin, 'content-type': 'application/json' },
        body: JSON.stringify({ current: first, next: 'my own long words' }),
      });
      assert.equal(changed.status, 204);
      assert.equal(existsSync(file), false, 'the file says nothing any more, and is gone');
    } finally {
      await server.close();
    }
    await store.accounts.setPassword('admin', await hashPassword(password), { mustChange: false });
    assert.deepEqual(
      (await store.audit.list({ action: 'account.add' })).filter(
        ({ outcome, subject }) => outcome === 'done' && subject.includes('"added":true'),
      ).length,
      1,
    );
  } finally {
    await store.close();
  }
});
