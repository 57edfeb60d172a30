import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts } from '../support/access.js';
import { freePort } from '../support/free-port.js';
import { logInAtProvider, startOpenIdProvider, TestBrowser, type TestProvider, openIdSettingsOf } from '../support/openid-provider.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const callback = /\/api\/login\/oidc\/callback/;

describe('login at an OpenID provider', () => {
  let provider: TestProvider;
  let store: Store;
  let server: TestServer;
  before(async () => {
    const port = await freePort();
    const redirectUrl = `http://127.0.0.1:${port}/api/login/oidc/callback`;
    provider = await startOpenIdProvider(redirectUrl, {
      anna: ['radiology', 'unknown-group'],
      otto: ['it'],
      eve: ['kitchen'],
      taken: ['radiology'],
      'token:evil': ['it'],
    });
    store = await openStore({ dataDir: temporaryDirectory('openid') }, silentLog);
    await accessParts(store).administration.addAccount({ name: 'taken', roles: ['admin'] }, { actor: 'test' });
    const openId = openIdSettingsOf(provider, redirectUrl, { radiology: 'reader', it: 'operator' });
    server = await startTestServer(store, { port, settings: { openId, publicUrl: `http://127.0.0.1:${port}` } });
  });
  after(async () => {
    await server?.close();
    await store?.close();
    await provider?.stop();
  });
  const meOf = async (browser: TestBrowser): Promise<unknown> => (await browser.request(`${server.url}/api/me`)).json();
  const codeOf = async (response: Response): Promise<[number, string]> => [
    response.status,
    ((await response.json()) as { code: string }).code,
  ];

  test('code flow with PKCE; the role follows from the claim', async () => {
    const browser = new TestBrowser();
    const back = await logInAtProvider(browser, server.url, 'anna', callback);
    const asked = new URL(browser.visited.find((url) => url.startsWith(`${provider.issuer}/auth`))!).searchParams;
    assert.deepEqual([asked.get('response_type'), asked.get('code_challenge_method')], ['code', 'S256']);
    assert.ok((asked.get('state')?.length ?? 0) >= 40 && (asked.get('nonce')?.length ?? 0) >= 40);
    const arrived = await browser.request(back);
    assert.equal(arrived.status, 200);
    assert.match(await arrived.text(), /http-equiv="refresh"/);
    assert.match(arrived.headers.getSetCookie().find((line) => line.startsWith('chest-ai='))!, /HttpOnly; SameSite=Strict/);
    assert.deepEqual(await meOf(browser), { name: 'anna', roles: ['reader'] });
    assert.equal(browser.cookie(server.url, 'chest-ai-login'), undefined, 'the authorization request has ended');
    const [entry, intended] = await store.audit.list({ action: 'login', actor: 'anna' });
    assert.deepEqual([entry!.outcome, intended!.outcome], ['done', 'intended']);
    assert.deepEqual(JSON.parse(entry!.subject), { by: 'openid', roles: ['reader'], intention: intended!.seq });
    // The way back works once.
    assert.deepEqual(await codeOf(await browser.request(back)), [401, 'login-required']);
  });

  test('somebody else cannot be made to log in with a code of mine', async () => {
    const attacker = new TestBrowser();
    const back = await logInAtProvider(attacker, server.url, 'otto', callback);
    const victim = new TestBrowser();
    assert.deepEqual(await codeOf(await victim.request(back)), [401, 'login-required'], 'no authorization request');
    await victim.request(`${server.url}/api/login/oidc`);
    assert.deepEqual(await codeOf(await victim.request(back)), [401, 'login-required'], 'another authorization request');
    assert.equal(victim.cookie(server.url, 'chest-ai'), undefined);
  });

  test('a code that was changed, an error, nothing at all', async () => {
    for (const query of ['?code=x&state=y', '?error=access_denied', '', '?code[]=x']) {
      const browser = new TestBrowser();
      await browser.request(`${server.url}/api/login/oidc`);
      assert.deepEqual(
        await codeOf(await browser.request(`${server.url}/api/login/oidc/callback${query}`)),
        [401, 'login-required'],
        query,
      );
    }
    const browser = new TestBrowser();
    const back = new URL(await logInAtProvider(browser, server.url, 'anna', callback));
    back.searchParams.set('code', `${back.searchParams.get('code')!}x`);
    const answer = await browser.request(back.href);
    assert.equal(answer.status, 401);
    assert.doesNotMatch(
      await answer.text(),
      new RegExp(`${back.searchParams.get('code')!.slice(0, 20)}|${provider.clientSecret}`),
      'nothing of the exchange is repeated',
    );
  });

  test('nobody without a known group; nobody under the name of somebody else', async () => {
    for (const name of ['eve', 'taken', 'token:evil']) {
      const browser = new TestBrowser();
      const response = await browser.request(await logInAtProvider(browser, server.url, name, callback));
      assert.ok([400, 403].includes(response.status), `${name}: ${response.status}`);
      assert.equal(browser.cookie(server.url, 'chest-ai'), undefined, name);
    }
  });

  test('a disabled account stays disabled, whatever the provider says', async () => {
    const browser = new TestBrowser();
    await browser.request(await logInAtProvider(browser, server.url, 'otto', callback));
    assert.deepEqual(await meOf(browser), { name: 'otto', roles: ['operator'] });
    await accessParts(store).administration.disableAccount('otto', { actor: 'test' });
    assert.equal((await browser.request(`${server.url}/api/me`)).status, 401);
    const again = new TestBrowser();
    assert.deepEqual(await codeOf(await again.request(await logInAtProvider(again, server.url, 'otto', callback))), [
      403,
      'request-refused',
    ]);
  });

  test('an account of the provider has no password here', async () => {
    const response = await fetch(`${server.url}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: JSON.stringify({ name: 'anna', password: '' }),
    });
    assert.equal(response.status, 401);
    await assert.rejects(accessParts(store).administration.resetPassword('anna', { actor: 'test' }), /expected a local account/);
  });

  test('a provider that is unavailable gives a fault each time, and is tried again', async () => {
    const port = await freePort();
    const other = await startTestServer(store, {
      settings: {
        openId: {
          issuer: `http://127.0.0.1:${port}`,
          clientId: 'x',
          scope: 'openid',
          nameClaim: 'sub',
          rolesClaim: 'groups',
          roles: {},
          redirectUrl: 'http://127.0.0.1:1/api/login/oidc/callback',
        },
      },
    });
    try {
      for (let n = 0; n < 2; n++)
        assert.deepEqual(await codeOf(await fetch(`${other.url}/api/login/oidc`)), [502, 'login-provider-unavailable']);
    } finally {
      await other.close();
    }
  });
});
