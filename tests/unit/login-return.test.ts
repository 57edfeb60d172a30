import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { returnPath } from '../../src/server/login-page.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts } from '../support/access.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

let store: Store;
let server: TestServer;
before(async () => {
  store = await openStore({ dataDir: temporaryDirectory('login-return') }, silentLog);
  await accessParts(store).administration.addAccount(
    { name: 'ann', roles: ['reader'], password: 'correct horse battery' },
    { actor: 'test' },
  );
  server = await startTestServer(store);
});
after(async () => {
  await server?.close();
  await store?.close();
});

test('a login leads to a page of ours and nowhere else', () => {
  for (const path of ['/', '/study/1.2.3', '/study/1%252F3', '/request-analysis/1.2', '/worklist?search=a&b=c', '/api/docs'])
    assert.equal(returnPath(path), path);
  for (const path of [
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/a"><script>',
    '/a b',
    '/a\nb',
    '',
    'study',
    `/${'x'.repeat(1_000)}`,
    '/login?next=/login',
    '/api/me',
    '/api/login/oidc',
    '/dicom-web/studies',
    '/page/index.js',
    undefined,
    ['/a'],
  ])
    assert.equal(returnPath(path), undefined, String(path).slice(0, 40));
});

/** As a form of the login page sends it. @returns where it leads */
async function login(next: string | undefined): Promise<{ readonly to: string | null; readonly cookie: string }> {
  const response = await fetch(`${server.url}/api/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: server.url },
    body: new URLSearchParams({ name: 'ann', password: 'correct horse battery', ...(next === undefined ? {} : { next }) }).toString(),
  });
  assert.equal(response.status, 303);
  return {
    to: response.headers.get('location'),
    cookie: response.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; '),
  };
}

test('the form of the login page leads back to where the user came from', async () => {
  assert.equal((await login('/study/1.2.3')).to, '/study/1.2.3');
  assert.equal((await login(undefined)).to, '/');
  for (const bad of ['//evil.example/study', 'https://evil.example']) assert.equal((await login(bad)).to, '/', bad);
});

test('a link of another site passes through a page of ours, so that the strict cookie of a login is sent', async () => {
  const address = '/request-analysis/1.2.3';
  const html = { accept: 'text/html' };
  const linked = await fetch(server.url + address, { headers: { ...html, 'sec-fetch-site': 'cross-site' } });
  assert.equal(linked.status, 401);
  const [, next] = /content="0;url=([^"]+)"/.exec(await linked.text()) ?? [];
  assert.equal(next, `/login?next=${encodeURIComponent(address)}`);
  const { cookie } = await login(undefined);
  const known = await fetch(server.url + next, { redirect: 'manual', headers: { ...html, cookie, 'sec-fetch-site': 'same-origin' } });
  assert.deepEqual([known.status, known.headers.get('location')], [303, address]);
  const unknown = await fetch(server.url + next, { headers: { ...html, 'sec-fetch-site': 'same-origin' } });
  assert.ok((await unknown.text()).includes(`name="next" value="${address}"`));
  const evil = await fetch(`${server.url}/login?next=${encodeURIComponent('//evil.example')}`, {
    redirect: 'manual',
    headers: { ...html, cookie },
  });
  assert.equal(evil.status, 200, 'no redirect');
  assert.ok(!(await evil.text()).includes('evil'));
});
