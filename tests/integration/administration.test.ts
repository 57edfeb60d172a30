import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { browserOf } from '../../src/server/access/browser-name.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts, logIn } from '../support/access.js';
import { storeBackends } from '../support/store.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const password = 'correct horse battery';
const by = { actor: 'command:test' };

for (const backend of storeBackends()) {
  describe(`administration on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    let server: TestServer;
    let parts: ReturnType<typeof accessParts>;
    before(async () => {
      store = await openStore(await backend.location(), silentLog);
      parts = accessParts(store);
      server = await startTestServer(store);
    });
    after(async () => {
      await server?.close();
      await store?.close();
      await backend.stop();
    });
    const add = (name: string, roles: Parameters<typeof parts.administration.addAccount>[0]['roles']) =>
      parts.administration.addAccount({ name, roles, password }, by);
    const send = async (headers: Record<string, string>, path: string, body?: unknown): Promise<{ status: number; reply: unknown }> => {
      const response = await fetch(server.url + path, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body ?? {}),
      });
      const text = await response.text();
      return { status: response.status, reply: text === '' ? undefined : JSON.parse(text) };
    };

    test('usability 11: the last administrator is neither disabled nor loses the role, whoever asks', async () => {
      await add('first', ['admin']);
      await add('rita', ['reader']);
      await assert.rejects(parts.administration.disableAccount('first', by), /another account with the role admin/);
      await assert.rejects(parts.administration.setRoles('first', ['reader'], by), /another account with the role admin/);
      await parts.administration.setRoles('first', ['admin', 'reader'], by);
      await add('second', ['admin']);
      await parts.administration.disableAccount('first', by);
      await assert.rejects(parts.administration.disableAccount('second', by), /another account with the role admin/);
      await parts.administration.enableAccount('first', by);
      const outcomes = await Promise.allSettled(['first', 'second'].map((name) => parts.administration.disableAccount(name, by)));
      assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'of two at the same time one remains');
      const administrators = (await parts.administration.listAccounts()).filter(
        ({ roles, disabled }) => roles.includes('admin') && !disabled,
      );
      assert.equal(administrators.length, 1);
      for (const { name, disabled } of await parts.administration.listAccounts())
        if (disabled) await parts.administration.enableAccount(name, by);
    });

    test('usability 11: administrators cannot lock themselves out', async () => {
      const headers = { ...(await logIn(server.url, 'first', password)) };
      for (const [path, body] of [
        ['/api/accounts/first/disable', undefined],
        ['/api/accounts/first/roles', { roles: ['reader'] }],
        ['/api/accounts/first/password', undefined],
      ] as const) {
        const { status, reply } = await send(headers, path, body);
        assert.equal(status, 400, path);
        assert.match((reply as { error: string }).error, /expected the account of another user/);
      }
    });

    test('usability 11: sessions are listed with browser and last activity; one and all of an account are ended', async () => {
      const admin = { ...(await logIn(server.url, 'first', password)) };
      const enter = async (agent: string): Promise<Record<string, string>> => {
        const response = await fetch(`${server.url}/api/login`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin: server.url, 'user-agent': agent },
          body: JSON.stringify({ name: 'rita', password }),
        });
        return { cookie: response.headers.getSetCookie()[0]!.split(';')[0]!, origin: server.url };
      };
      const one = await enter('Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0');
      const two = await enter('curl/8.5.0');
      const status = async (headers: Record<string, string>): Promise<number> => (await fetch(`${server.url}/api/me`, { headers })).status;
      type Listed = { id: string; account: string; browser: string; remote: string; own: boolean; lastSeenAt: string };
      const list = async (): Promise<readonly Listed[]> =>
        (await (await fetch(`${server.url}/api/sessions`, { headers: admin })).json()) as Listed[];
      const ofRita = (await list()).filter(({ account }) => account === 'rita');
      assert.deepEqual(ofRita.map(({ browser }) => browser).sort(), ['', 'Firefox 142, Linux']);
      assert.ok(ofRita.every(({ own, remote, lastSeenAt }) => !own && remote !== '' && Date.parse(lastSeenAt) > 0));
      assert.equal((await list()).filter(({ own }) => own).length, 1);
      assert.ok(!JSON.stringify(await list()).includes(one['cookie']!.slice(-20)), 'a secret is not in the list');
      const { lastLoginAt } = (await parts.administration.listAccounts()).find(({ name }) => name === 'rita')!;
      assert.ok(lastLoginAt && Date.now() - lastLoginAt.getTime() < 60_000);

      const firefox = ofRita.find(({ browser }) => browser !== '')!;
      assert.equal((await send(admin, `/api/sessions/${firefox.id}/end`)).status, 204);
      assert.deepEqual([await status(one), await status(two)], [401, 200]);
      assert.equal((await send(admin, `/api/sessions/${firefox.id}/end`)).status, 404, 'it has ended already');
      assert.deepEqual((await send(admin, '/api/accounts/rita/end-sessions')).reply, { ended: 1 });
      assert.equal(await status(two), 401);
      const recorded = (await store.audit.list({ limit: 20 })).filter(
        ({ action, outcome }) => action === 'session.end' && outcome === 'done',
      );
      assert.deepEqual(
        recorded.map(({ actor }) => actor),
        ['first', 'first'],
      );
    });
  });
}

test('the name of a browser is taken from its header, and nothing else is', () => {
  for (const [header, expected] of [
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
      'Edge 141, Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      'Safari 18, macOS',
    ],
    [
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
      'Chrome 141, Android',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      'Safari 18, iOS',
    ],
    ['<script>alert(1)</script> MUELLER^ANNA', ''],
    [undefined, ''],
  ] as const)
    assert.equal(browserOf(header), expected, header);
});
