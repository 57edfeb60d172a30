import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { silentLog } from '../../src/log.js';
import { administrationOf } from '../../src/server/access/administration.js';
import { ensureFirstAccount, firstAccountName, firstLoginFile } from '../../src/server/access/first-account.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts, logIn } from '../support/access.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { startTestServer } from '../support/test-server.js';

const dataDir = temporaryDirectory('unauthenticated');
let store: Store;
before(async () => void (store = await openStore({ dataDir: join(dataDir, 'index') }, silentLog)));
after(() => store?.close());

const post = (url: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url + path, {
    method: 'POST',
    headers: { origin: new URL(url).origin, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('L10: the first password has to be changed at the first login, and its file goes then', async () => {
  const audit = openAuditLog(store.audit, silentLog);
  await ensureFirstAccount(store.accounts, audit, dataDir);
  const [name, password] = readFileSync(firstLoginFile(dataDir), 'utf8').trim().split('\n') as [string, string];
  const server = await startTestServer(store, { settings: { dataDir } });
  try {
    const headers = { ...(await logIn(server.url, name, password)) };
    assert.equal((await fetch(`${server.url}/api/accounts`, { headers })).status, 403);
    assert.equal(
      (await post(server.url, '/api/password', { current: password, next: password }, headers)).status,
      400,
      'the same is no new one',
    );
    assert.ok(existsSync(firstLoginFile(dataDir)));
    assert.equal((await post(server.url, '/api/password', { current: password, next: 'my own long words' }, headers)).status, 204);
    assert.ok(!existsSync(firstLoginFile(dataDir)));
    const again = { ...(await logIn(server.url, name, 'my own long words')) };
    assert.equal((await fetch(`${server.url}/api/accounts`, { headers: again })).status, 200);
  } finally {
    await server.close();
  }
});

test('L10: the file also goes when an administrator gives the first account another password', async () => {
  const other = temporaryDirectory('first-reset');
  const fresh = await openStore({ dataDir: join(other, 'index') }, silentLog);
  try {
    const audit = openAuditLog(fresh.audit, silentLog);
    await ensureFirstAccount(fresh.accounts, audit, other);
    await administrationOf(fresh, audit, other).resetPassword(firstAccountName, { actor: 'command:test' });
    assert.ok(!existsSync(firstLoginFile(other)));
  } finally {
    await fresh.close();
  }
});

test('D37: between leaving for the login provider and coming back the cookie is bound to this host', async () => {
  const { access } = accessParts(store, { publicUrl: 'https://ai.example' });
  const openId = {
    begin: async () => ({ url: new URL('https://login.example/'), authorization: { state: 's', nonce: 'n', verifier: 'v' } }),
    finish: () => Promise.reject(new Error('not asked')),
  };
  const server = await startTestServer(store, { parts: { access: { ...access, openId } } });
  try {
    const response = await fetch(`${server.url}/api/login/oidc`, { redirect: 'manual' });
    assert.match(
      response.headers.getSetCookie()[0]!,
      /^__Host-chest-ai-login=[^;]+; Max-Age=600; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
  } finally {
    await server.close();
  }
});

test('L1: of a database that is away unauthenticated requests learn no host, path or free space', async () => {
  const place = temporaryDirectory('zqxplace');
  const gone = await openStore({ dataDir: join(place, 'index') }, silentLog);
  const server = await startTestServer(gone);
  await gone.close();
  try {
    for (const [path, init] of [
      [
        '/api/login',
        {
          method: 'POST',
          headers: { origin: server.url, 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'a', password: 'b' }),
        },
      ],
      ['/api/results', { headers: { cookie: 'chest-ai=x' } }],
      ['/api/results', { headers: { authorization: 'Bearer chest-ai_x' } }],
    ] as const) {
      const response = await fetch(server.url + path, init);
      const text = await response.text();
      assert.ok(response.status >= 500, `${path}: ${response.status} ${text}`);
      assert.doesNotMatch(text, /zqxplace|\/|:\d|MB/, text);
    }
  } finally {
    await server.close();
  }
});
