import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts } from '../support/access.js';
import { freePort } from '../support/free-port.js';
import { logInAtProvider, startOpenIdProvider, TestBrowser, type TestProvider, openIdSettingsOf } from '../support/openid-provider.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const password = 'correct horse battery';
const html = { accept: 'text/html' };

describe('the HTTP interface below a path', () => {
  let store: Store;
  let server: TestServer;
  let provider: TestProvider;
  let login: Response;
  let cookie: string;
  const origin = 'https://www.hospital.example';
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${server.url}${path}`, { redirect: 'manual', ...init });
  const logIn = (path: string, headers: Record<string, string>, body: string): Promise<Response> =>
    ask(path, { method: 'POST', headers: { origin, ...headers }, body });
  after(async () => {
    await server?.close();
    await provider?.stop();
    await store?.close();
  });
  before(async () => {
    const port = await freePort();
    // The provider sends browsers back to the address of the proxy; here the service is its own proxy.
    const redirectUrl = `http://127.0.0.1:${port}/ai/api/login/oidc/callback`;
    provider = await startOpenIdProvider(redirectUrl, { anna: ['radiology'] });
    store = await openStore({ dataDir: temporaryDirectory('base-path') }, silentLog);
    const { administration } = accessParts(store);
    await administration.addAccount({ name: 'otto', roles: ['reader'], password }, { actor: 'test' });
    await administration.addAccount({ name: 'new', roles: ['reader'] }, { actor: 'test' });
    const openId = openIdSettingsOf(provider, redirectUrl, { radiology: 'reader' });
    server = await startTestServer(store, { port, settings: { openId, publicUrl: `${origin}/ai/` } });
    login = await logIn('/ai/api/login', { 'content-type': 'application/json' }, JSON.stringify({ name: 'otto', password }));
    cookie = login.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ');
  });

  test('cookies are for the path, over TLS only; logging out removes them there', async () => {
    assert.equal(login.status, 200);
    const [session, device] = login.headers.getSetCookie();
    assert.match(session!, /^__Secure-chest-ai=[\w-]{43}; Path=\/ai; HttpOnly; Secure; SameSite=Strict$/);
    assert.match(device!, /^__Secure-chest-ai-device=[\w-]{43}; Max-Age=\d+; Path=\/ai; /);
    const again = await logIn('/ai/api/login', { 'content-type': 'application/json' }, JSON.stringify({ name: 'otto', password }));
    const own = again.headers.getSetCookie()[0]!.split(';')[0]!;
    const out = await ask('/ai/api/logout', { method: 'POST', headers: { cookie: own, origin } });
    assert.match(out.headers.getSetCookie()[0]!, /^__Secure-chest-ai=; Path=\/ai; Expires=Thu, 01 Jan 1970/);
  });

  test('a proxy may pass the path on or remove it; what only begins like it is another address', async () => {
    for (const path of ['/ai/api/me', '/api/me', '/ai/api/me?x=1'])
      assert.equal((await ask(path, { headers: { cookie } })).status, 200, path);
    assert.equal((await ask('/ai', { headers: { cookie, ...html } })).status, 200);
    assert.equal((await ask('/air/api/me', { headers: { cookie } })).status, 404);
    assert.equal((await ask('/ai/ai/api/me', { headers: { cookie } })).status, 404, 'it is removed once');
    assert.equal((await ask('/ai/api/me')).status, 401);
    assert.equal((await ask('/ai/health/live')).status, 200);
  });

  test('login forms, redirects and pages lead below the path', async () => {
    const page = await (await ask('/ai/study/1.2.3', { headers: html })).text();
    assert.match(page, /action="\/ai\/api\/login"/);
    assert.match(page, /name="next" value="\/study\/1\.2\.3"/);
    assert.match(page, /href="\/ai\/api\/login\/oidc\?next=/);
    const form = (next: string): Promise<Response> =>
      logIn(
        '/ai/api/login',
        { 'content-type': 'application/x-www-form-urlencoded' },
        String(new URLSearchParams({ name: 'otto', password, next })),
      );
    assert.equal((await form('/study/1.2.3')).headers.get('location'), '/ai/study/1.2.3');
    assert.equal((await form('//elsewhere.example')).headers.get('location'), '/ai/');
    const there = await ask('/ai/login?next=/operations', { headers: { cookie, ...html } });
    assert.deepEqual([there.status, there.headers.get('location')], [303, '/ai/operations']);
    const crossSite = await ask('/ai/study/1.2.3', { headers: { ...html, 'sec-fetch-site': 'cross-site' } });
    assert.match(await crossSite.text(), /url=\/ai\/login\?next=%2Fstudy%2F1\.2\.3"/);
    const index = await (await ask('/ai/study/1.2.3', { headers: { cookie, ...html } })).text();
    const named = [...index.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!);
    assert.ok(named.length > 5 && named.every((address) => address.startsWith('/ai/page/')), named.join(' '));
    assert.equal((await ask(named[0]!, { headers: { cookie } })).status, 200);
    const request = await (await ask('/ai/request-analysis/1.2.3', { headers: { cookie, ...html } })).text();
    assert.match(request, /action="\/ai\/request-analysis\/1\.2\.3"/);
    assert.match(request, /href="\/ai\/study\/1\.2\.3"/);
    const document = (await (await ask('/ai/api/openapi.json', { headers: { cookie } })).json()) as {
      readonly servers: unknown;
      readonly components: { readonly securitySchemes: { readonly session: { readonly name: string } } };
    };
    assert.deepEqual(document.servers, [{ url: '/ai' }]);
    assert.equal(document.components.securitySchemes.session.name, '__Secure-chest-ai');
  });

  test('a user who has to change the password is led to the view below the path', async () => {
    const { administration } = accessParts(store);
    const { password: given } = await administration.resetPassword('new', { actor: 'test' });
    const first = await logIn('/ai/api/login', { 'content-type': 'application/json' }, JSON.stringify({ name: 'new', password: given }));
    const own = first.headers.getSetCookie()[0]!.split(';')[0]!;
    const led = await ask('/ai/worklist', { headers: { cookie: own, ...html } });
    assert.deepEqual([led.status, led.headers.get('location')], [303, '/ai/password']);
  });

  test('login at an OpenID provider comes back below the path', async () => {
    const browser = new TestBrowser();
    const back = await logInAtProvider(browser, `${server.url}/ai`, 'anna', /\/ai\/api\/login\/oidc\/callback/);
    const arrived = await browser.request(back);
    assert.equal(arrived.status, 200);
    assert.match(await arrived.text(), /url=\/ai\/"/);
    const [session] = arrived.headers.getSetCookie().filter((line) => line.startsWith('__Secure-chest-ai='));
    assert.match(session!, /; Path=\/ai; HttpOnly; Secure; SameSite=Strict$/);
  });
});
