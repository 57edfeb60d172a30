import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { publicRoutes } from '../../src/server/access/require-authentication.js';
import { roles, type Role } from '../../src/server/access/roles.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts, logIn } from '../support/access.js';
import { storeBackends } from '../support/store.js';
import { routesOf, startTestServer, type TestServer } from '../support/test-server.js';

const password = 'correct horse battery';

for (const backend of storeBackends()) {
  describe(`access on ${backend.name}`, { skip: backend.missing }, () => {
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
    const token = async (name: string, role: Role): Promise<Record<string, string>> => ({
      authorization: `Bearer ${(await parts.administration.addToken({ name, roles: [role] }, { actor: 'test' })).token}`,
    });

    test('an unauthenticated request gets nothing from any route except the public ones', async () => {
      const routes = routesOf(server.app);
      assert.ok(routes.length >= 20, `${routes.length} routes`);
      /** Routes that answer without a login, with the status of a request without content. */
      const open = new Map([
        ['POST /hint', 403],
        ['GET /health', 200],
        ['GET /health/live', 200],
        ['GET /login', 200],
        ['POST /api/login', 400],
        ['GET /api/login/oidc', 403],
        ['GET /api/login/oidc/callback', 401],
      ]);
      const answered = new Map<string, number>();
      for (const { method, path } of [
        ...routes,
        { method: 'GET', path: '/nowhere' },
        { method: 'GET', path: '/dicom-web/studies' },
        { method: 'POST', path: '/dicom-web/studies' },
        { method: 'DELETE', path: '/api/results' },
      ]) {
        const concrete = path.replace(/[:*]\w+/g, 'x').replace(/[{}]/g, '');
        const response = await fetch(server.url + concrete, { method, redirect: 'manual', headers: { origin: server.url } });
        if (open.has(`${method} ${path}`)) answered.set(`${method} ${path}`, response.status);
        else assert.ok([401, 403].includes(response.status), `${method} ${path}: ${response.status}`);
      }
      assert.deepEqual(Object.fromEntries(answered), Object.fromEntries(open));
      // The list of the program is no longer than the one of this test.
      assert.equal(publicRoutes.length, 3);
      for (const wrong of [
        '/login/',
        '/LOGIN',
        '/api/login/oidc/callback/x',
        '//login',
        '/api/results/../login',
        '/api//results',
        '/%61pi/results',
        '/api/results%2f..%2flogin',
      ]) {
        const response = await fetch(server.url + wrong, { redirect: 'manual' });
        assert.ok([400, 401, 200].includes(response.status), `${wrong}: ${response.status}`);
        assert.doesNotMatch(await response.text(), /^\[/, wrong);
      }
    });

    test('a browser is shown the way in, a program is told', async () => {
      const page = await fetch(server.url, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
      assert.deepEqual([page.status, page.headers.get('content-type')?.split(';')[0]], [401, 'text/html']);
      assert.match(await page.text(), /<form method="post" action="\/api\/login">/);
      assert.deepEqual(((await (await fetch(`${server.url}/api/results`)).json()) as { code: string }).code, 'login-required');
    });

    test('every route asks for its role', async () => {
      const viewing = roles.filter((role) => role !== 'metrics');
      const expected: readonly { readonly method: string; readonly path: string; readonly may: readonly Role[] }[] = [
        { method: 'GET', path: '/api/results', may: viewing },
        { method: 'GET', path: '/api/failed-jobs', may: viewing },
        { method: 'POST', path: '/api/failed-jobs/00000000-0000-0000-0000-000000000000/retry', may: ['operator', 'admin'] },
        { method: 'GET', path: '/api/retraining', may: viewing },
        { method: 'POST', path: '/api/models/0123456789ab/promote', may: ['operator', 'admin'] },
        { method: 'POST', path: '/api/models/0123456789ab/challenge', may: ['operator', 'admin'] },
        { method: 'POST', path: '/api/models/rollback', may: ['operator', 'admin'] },
        { method: 'GET', path: '/metrics', may: roles },
        { method: 'GET', path: '/api/accounts', may: ['admin'] },
        { method: 'POST', path: '/api/accounts', may: ['admin'] },
        { method: 'POST', path: '/api/accounts/nobody/password', may: ['admin'] },
        { method: 'POST', path: '/api/accounts/nobody/disable', may: ['admin'] },
        { method: 'GET', path: '/api/tokens', may: ['admin'] },
        { method: 'POST', path: '/api/tokens', may: ['admin'] },
        { method: 'POST', path: '/api/tokens/nothing/revoke', may: ['admin'] },
        { method: 'GET', path: '/api/audit', may: ['admin'] },
        { method: 'GET', path: '/api/audit/verify', may: ['admin'] },
        { method: 'GET', path: '/api/audit/export', may: ['admin'] },
      ];
      for (const role of roles) {
        const headers = await token(`matrix-${role}`, role);
        for (const { method, path, may } of expected) {
          const { status } = await fetch(server.url + path, {
            method,
            headers: { ...headers, 'content-type': 'application/json' },
            ...(method === 'POST' ? { body: '{}' } : {}),
          });
          assert.equal(status !== 403, may.includes(role), `${role} ${method} ${path}: ${status}`);
          assert.ok(status < 500 && status !== 401, `${role} ${method} ${path}: ${status}`);
        }
      }
    });

    test('a viewer changes nothing, whatever the route', async () => {
      const headers = await token('only-looks', 'viewer');
      const harmless = new Set([
        'POST /hint',
        'POST /api/login',
        'POST /api/logout',
        'POST /api/password',
        'POST /api/analyze',
        'POST /api/rules/test',
      ]);
      const changing = routesOf(server.app).filter(
        ({ method, path }) => !['GET', 'HEAD'].includes(method) && !harmless.has(`${method} ${path}`),
      );
      assert.ok(changing.length >= 6, String(changing.length));
      for (const { method, path } of changing) {
        const { status } = await fetch(server.url + path.replace(/[:*]\w+/g, 'x'), {
          method,
          headers: { ...headers, 'content-type': 'application/json' },
          body: '{}',
        });
        assert.equal(status, 403, `${method} ${path}`);
      }
    });

    test('tokens: shown once, hashed, revoked, expired, malformed', async () => {
      const headers = await token('reports', 'service');
      assert.equal((await fetch(`${server.url}/api/results`, { headers })).status, 200);
      const { rows } = await store.sql.query<{ all: string }>({ text: `SELECT string_agg(t::text, ' ') AS all FROM chest_ai.token t` });
      assert.ok(!rows[0]!.all.includes(headers['authorization']!.slice(7)));
      assert.ok((await parts.administration.listTokens()).find((one) => one.name === 'reports')!.lastUsedAt);
      await parts.administration.revokeToken('reports', { actor: 'test' });
      assert.equal((await fetch(`${server.url}/api/results`, { headers })).status, 401);
      await assert.rejects(
        parts.administration.addToken({ name: 'reports', roles: ['service'] }, { actor: 'test' }),
        /expected a new name/,
        'a name means one program for ever',
      );
      const { token: expired } = await parts.administration.addToken(
        { name: 'expired', roles: ['admin'], expiresAt: new Date(Date.now() - 1) },
        { actor: 'test' },
      );
      for (const authorization of [
        `Bearer ${expired}`,
        'Bearer ',
        'Bearer chest-ai_',
        `Bearer ${'a'.repeat(500)}`,
        'Basic YTpi',
        'Bearer a b',
        `bearer ${expired}`,
      ]) {
        assert.equal((await fetch(`${server.url}/api/results`, { headers: { authorization } })).status, 401, authorization);
      }
      // A token needs no Origin: no browser sends it by itself.
      const admin = await token('admin-program', 'admin');
      const made = await fetch(`${server.url}/api/tokens`, {
        method: 'POST',
        headers: { ...admin, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'by-http', roles: ['viewer'], days: 1 }),
      });
      assert.equal(made.status, 201);
      const { token: byHttp } = (await made.json()) as { token: string };
      assert.equal((await fetch(`${server.url}/api/me`, { headers: { authorization: `Bearer ${byHttp}` } })).status, 200);
    });

    test('a user who was given a password must change it first', async () => {
      const admin = await logIn(server.url, 'a-admin', password);
      const made = await post('/api/accounts', { name: 'new-user', roles: ['reader'] }, { ...admin });
      assert.equal(made.status, 201);
      const { password: given } = (await made.json()) as { password: string };
      const newUser = await logIn(server.url, 'new-user', given);
      assert.equal((await fetch(`${server.url}/api/results`, { headers: { ...newUser } })).status, 403);
      assert.equal(
        ((await (await fetch(`${server.url}/api/me`, { headers: { ...newUser } })).json()) as { mustChange: boolean }).mustChange,
        true,
      );
      const shown = await fetch(server.url, { redirect: 'manual', headers: { ...newUser, accept: 'text/html' } });
      assert.deepEqual([shown.status, shown.headers.get('location')], [303, '/password'], 'a browser is led to where it can be changed');
      assert.equal(
        (await fetch(`${server.url}/password`, { redirect: 'manual', headers: { ...newUser, accept: 'text/html' } })).status,
        200,
      );
      assert.equal((await post('/api/password', { current: 'wrong', next: 'my own long words' }, { ...newUser })).status, 401);
      assert.equal((await post('/api/password', { current: given, next: 'short' }, { ...newUser })).status, 400);
      assert.equal((await post('/api/password', { current: given, next: 'my own long words' }, { ...newUser })).status, 204);
      assert.equal(
        (await fetch(`${server.url}/api/me`, { headers: { ...newUser } })).status,
        401,
        'sessions of the old password have ended',
      );
      const again = await logIn(server.url, 'new-user', 'my own long words');
      assert.equal((await fetch(`${server.url}/api/results`, { headers: { ...again } })).status, 200);
      assert.equal((await post('/api/accounts/new-user/disable', {}, { ...admin })).status, 204);
      assert.equal((await fetch(`${server.url}/api/results`, { headers: { ...again } })).status, 401);
      assert.equal((await post('/api/login', { name: 'new-user', password: 'my own long words' })).status, 401);
      assert.equal((await post('/api/accounts/a-admin/disable', {}, { ...admin })).status, 400, 'not oneself');
    });

    test('what cannot be read is refused without being repeated', async () => {
      const send = (body: string, type = 'application/json') =>
        fetch(`${server.url}/api/login`, { method: 'POST', headers: { 'content-type': type, origin: server.url }, body });
      for (const [body, status] of [
        ['{"name": "zqx-secret', 400],
        [JSON.stringify({ name: 'zqx-secret', password: 1 }), 400],
        [JSON.stringify({ name: 'zqx-secret'.repeat(1000), password: 'x' }), 413],
        ['[]', 400],
        ['', 400],
        [JSON.stringify({ name: { $ne: 'zqx-secret' }, password: 'x' }), 400],
      ] as const) {
        const response = await send(body);
        assert.equal(response.status, status, body.slice(0, 50));
        assert.doesNotMatch(await response.text(), /zqx/);
      }
      assert.equal((await send('zqx', 'text/plain')).status, 400);
      assert.equal((await fetch(`${server.url}/api/studies/%zz`, { headers: await token('reader-of-nonsense', 'viewer') })).status, 400);
    });

    test('headers that a browser keeps to', async () => {
      for (const path of ['/login', '/health', '/api/results', '/nowhere']) {
        const { headers } = await fetch(server.url + path);
        const policy = headers.get('content-security-policy')!;
        assert.match(policy, /default-src 'none'/);
        assert.doesNotMatch(policy, /script-src[^;]*(unsafe|\*|http)/);
        assert.match(policy, /frame-ancestors 'none'/);
        assert.match(policy, /base-uri 'none'/);
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
        assert.equal(headers.get('x-frame-options'), 'DENY');
        assert.equal(headers.get('referrer-policy'), 'same-origin');
        assert.equal(headers.get('cache-control'), 'no-store');
        assert.equal(headers.get('x-powered-by'), null);
      }
    });

    test('what administrators did is on record, without what opens a door', async () => {
      await post('/api/logout', {}, { ...(await logIn(server.url, 'a-viewer', password)) });
      const actions = new Set((await store.audit.list({ limit: 1000 })).map((one) => one.action));
      for (const action of [
        'account.add',
        'account.disable',
        'account.password',
        'token.add',
        'token.revoke',
        'login',
        'logout',
        'worklist.view',
        'job.retry',
      ])
        assert.ok(actions.has(action), action);
      const { rows } = await store.sql.query<{ all: string }>({
        text: `SELECT string_agg(e::text, ' ') AS all FROM chest_ai.audit_entry e`,
      });
      assert.doesNotMatch(rows[0]!.all, /correct horse|my own long|chest-ai_|argon2/);
      const admin = await token('auditor', 'admin');
      const shown = (await (await fetch(`${server.url}/api/audit?action=login&limit=5`, { headers: admin })).json()) as {
        action: string;
        actor: string;
        subject: object;
      }[];
      assert.ok(shown.length > 0 && shown.every((one) => one.action === 'login'));
    });
  });
}
