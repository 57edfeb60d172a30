import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog, type Log } from '../../src/log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts } from '../support/access.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { routesOf, startTestServer, type TestServer } from '../support/test-server.js';

describe("L3: a NUL in a request is the request's mistake", () => {
  let store: Store;
  let server: TestServer;
  let authorization: string;
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) };
  before(async () => {
    store = await openStore({ dataDir: temporaryDirectory('nul') }, silentLog);
    authorization = `Bearer ${(await accessParts(store).administration.addToken({ name: 'all', roles: ['admin'] }, { actor: 'test' })).token}`;
    // Questions of the index go to the real one.
    server = await startTestServer(store, { log });
  });
  after(async () => {
    await server?.close();
    await store?.close();
  });

  test('L3: in every part of every address', async () => {
    const routes = routesOf(server.app);
    assert.ok(routes.length > 20);
    for (const { method, path } of [...routes, { method: 'GET', path: '/nowhere' }]) {
      const plain = path.replace(/\{.*?\}/g, '').replace(/[:*]\w+/g, 'x');
      const withNul = /[:*]\w/.test(path)
        ? [path.replace(/\{.*?\}/g, '').replace(/[:*]\w+/g, '%00'), path.replace(/\{.*?\}/g, '').replace(/[:*]\w+/g, '1.2%003')]
        : [`${plain}%00`];
      for (const address of [
        ...withNul,
        `${plain}?present=%00`,
        `${plain}?actor=a%00b`,
        `${plain}?%00=1`,
        `${plain}?search=%00&after=%00&studies=%00`,
      ]) {
        const response = await fetch(server.url + address, {
          method,
          headers: { authorization, 'content-type': 'application/json' },
          ...(method === 'GET' ? {} : { body: '{}' }),
        });
        assert.equal(response.status, 400, `${method} ${address}`);
        assert.equal(((await response.json()) as { code: string }).code, 'request-invalid');
      }
    }
  });

  test('L3: in every text of a body', async () => {
    for (const [path, body] of [
      ['/api/login', { name: 'a\u0000', password: 'x' }],
      ['/api/login', { name: 'a', password: '\u0000' }],
      ['/api/accounts', { name: 'a\u0000b', roles: ['viewer'] }],
      ['/api/accounts', { name: 'ab', roles: ['\u0000'] }],
      ['/api/tokens', { name: '\u0000', roles: ['viewer'] }],
      ['/api/models/rollback', { reason: 'a\u0000' }],
      ['/api/studies/1.2/assessments', { findings: [{ name: '\u0000', decision: 'present' }] }],
      ['/api/accounts', { 'a\u0000': 1 }],
    ] as const) {
      const response = await fetch(server.url + path, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', origin: server.url },
        body: JSON.stringify(body),
      });
      assert.equal(response.status, 400, `${path} ${JSON.stringify(body)}: ${await response.text()}`);
    }
    assert.deepEqual(errors, [], 'nothing of it is an error of ours');
  });
});
