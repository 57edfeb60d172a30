import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts } from '../support/access.js';
import { freePort } from '../support/free-port.js';
import { localhostCertificate, noNginx, startNginx } from '../support/nginx.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const skip = noNginx();

describe('behind nginx as docker-compose.yml sets it up', { ...(skip ? { skip } : {}) }, () => {
  const { certificate, key } = localhostCertificate();
  const password = 'correct horse battery';
  let store: Store;
  let server: TestServer;
  let nginx: { stop(): void } | undefined;
  let url: string;
  after(async () => {
    nginx?.stop();
    await server?.close();
    await store?.close();
  });
  before(async () => {
    const port = await freePort();
    url = `https://localhost:${port}`;
    store = await openStore({ dataDir: temporaryDirectory('tls-store') }, silentLog);
    await accessParts(store).administration.addAccount({ name: 'anna', roles: ['admin'], password }, { actor: 'test' });
    server = await startTestServer(store, { settings: { publicUrl: url }, parts: { trustedProxies: ['loopback'] } });
    const values: Record<string, string> = {
      LISTEN: `127.0.0.1:${port}`,
      SERVER_NAME: 'localhost',
      UPSTREAM: new URL(server.url).host,
      TLS_CERTIFICATE: certificate,
      TLS_KEY: key,
    };
    // As envsubst of the image does it: only what is in the environment.
    const site = readFileSync(join(projectRoot, 'deploy/nginx.conf.template'), 'utf8').replace(
      /\$\{(\w+)\}/g,
      (whole, name: string) => values[name] ?? whole,
    );
    nginx = await startNginx(site, async () => (await ask('/health/live')).status === 200);
  });

  interface Answer {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
    readonly body: string;
  }
  const ask = (path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = https.request(
        url + path,
        { method: options.method ?? 'GET', headers: options.headers ?? {}, ca: readFileSync(certificate) },
        (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => (body += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
        },
      );
      request.on('error', reject);
      request.end(options.body);
    });

  test('login over TLS: the cookie is for this host and for TLS only', async () => {
    const response = await ask('/api/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify({ name: 'anna', password }),
    });
    assert.equal(response.status, 200, response.body);
    const [cookie] = response.headers['set-cookie'] as readonly string[];
    assert.match(cookie!, /^__Host-chest-ai=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    assert.equal((await ask('/api/me', { headers: { cookie: cookie!.split(';')[0]! } })).status, 200);
    assert.match(String(response.headers['strict-transport-security']), /max-age=/);
    assert.equal(
      (
        await ask('/api/login', {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin: url.replace('https', 'http') },
          body: JSON.stringify({ name: 'anna', password }),
        })
      ).status,
      403,
      'a page of the same name without TLS is another site',
    );
  });

  test("the address on record is the browser's, whatever it says of itself", async () => {
    await ask('/api/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url, 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' },
      body: JSON.stringify({ name: 'anna', password: 'wrong wrong wrong' }),
    });
    const [entry] = await store.audit.list({ action: 'login', limit: 1 });
    assert.deepEqual([entry!.outcome, entry!.remote], ['refused', '127.0.0.1']);
  });

  test('the hint and metrics stay inside', async () => {
    assert.equal((await ask('/hint', { method: 'POST', headers: { 'x-hint-token': 'hint-token' } })).status, 404);
    assert.equal((await ask('/metrics')).status, 404);
  });

  test('L2: the hint and metrics stay inside, however they are written', async () => {
    for (const name of ['hint', 'metrics']) {
      for (const path of [
        `/${name.toUpperCase()}`,
        `/${name}/`,
        `//${name}`,
        `/${name}//`,
        `/./${name}`,
        `/x/../${name}`,
        `/%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
        `/${name}?x=1`,
        `/${name[0]!.toUpperCase()}${name.slice(1)}/?x`,
      ]) {
        for (const method of ['GET', 'POST'])
          assert.equal(
            (await ask(path, { method, headers: { 'x-hint-token': 'hint-token', accept: 'application/json' } })).status,
            404,
            `${method} ${path}`,
          );
      }
    }
    assert.equal((await ask('/hints', { headers: { accept: 'application/json' } })).status, 401, 'another address is not touched');
  });
});
