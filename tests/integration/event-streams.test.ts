import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import express from 'express';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { EventStreams } from '../../src/server/event-streams.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts, logIn } from '../support/access.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

let store: Store;
let parts: ReturnType<typeof accessParts>;
let service: TestServer;
const password = 'correct horse battery';
before(async () => {
  store = await openStore({ dataDir: temporaryDirectory('events') }, silentLog);
  parts = accessParts(store);
  service = await startTestServer(store);
});
after(async () => {
  await service?.close();
  await store?.close();
});

/** EventStreams behind a server of its own; who listens says so in the query. */
async function listening(changeToken: () => Promise<string>, mayContinue: () => Promise<boolean> = async () => true) {
  const streams = new EventStreams(changeToken, { changeTokenMs: 20, heartbeatMs: 1_000, checkMs: 20, maxOfUser: 3, maxOfAll: 5 });
  const app = express();
  app.get('/', (request, response, next) => {
    streams.add(response, { user: String(request.query['user']), mayContinue }).catch(next);
  });
  app.use(((error: Fault, _request, response, _next) => void response.status(error.status).end()) as express.ErrorRequestHandler);
  const server = await new Promise<Server>((resolve) => {
    const started: Server = app.listen(0, '127.0.0.1', () => resolve(started));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { streams, close, listen: (user: string, signal?: AbortSignal) => fetch(`${url}/?user=${user}`, signal ? { signal } : {}) };
}

test('D9: a browser that goes away during the first question leaves nothing behind', async () => {
  let asked = 0;
  let answer: (() => void) | undefined;
  const slow = await listening(() => {
    asked++;
    return new Promise((resolve) => (answer = () => resolve('x')));
  });
  try {
    const gone = new AbortController();
    const request = slow.listen('a', gone.signal).catch(() => undefined);
    await eventually('it is asked', () => assert.equal(asked, 1));
    gone.abort();
    await request;
    await eventually('it is noticed', () => assert.equal(slow.streams.size, 0));
    answer!();
    // An open stream reads the token regularly; the closed one would, too.
    const again = new AbortController();
    const second = slow.listen('a', again.signal).catch(() => undefined);
    await eventually('the second is asked', () => assert.equal(asked, 2));
    again.abort();
    await second;
    answer!();
    await eventually('none is left', () => assert.equal(slow.streams.size, 0));
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(asked, before, 'nobody asks for a browser that is gone');
  } finally {
    await slow.close();
  }
});

test('L4: streams of one account and of all have their limit; however many listen, the database is asked once', async () => {
  let asked = 0;
  let changeToken = 'a';
  const many = await listening(async () => {
    asked++;
    return changeToken;
  });
  try {
    const open = await Promise.all([1, 2, 3].map(() => many.listen('a')));
    assert.deepEqual(
      open.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.equal((await many.listen('a')).status, 429);
    assert.deepEqual([(await many.listen('b')).status, (await many.listen('b')).status, (await many.listen('b')).status], [200, 200, 429]);
    const before = asked;
    const started = Date.now();
    changeToken = 'b';
    const decoder = new TextDecoder();
    for (const { body } of open) {
      const reader = body!.getReader();
      for (let text = ''; (text.match(/event: changed/g) ?? []).length < 2; ) text += decoder.decode((await reader.read()).value);
      await reader.cancel();
    }
    assert.ok(asked - before <= (Date.now() - started) / 20 + 2, `${asked - before} times`);
    await eventually('those that went away are gone', () => assert.equal(many.streams.size, 2));
    assert.equal((await many.listen('a')).status, 200);
  } finally {
    await many.close();
  }
});

test('L4: a stream goes on while the login cannot be looked up, and ends when it may not go on', async () => {
  let answer: () => Promise<boolean> = () => Promise.reject(new Fault('database-unavailable', 'away'));
  let looked = 0;
  const one = await listening(
    async () => 'a',
    () => {
      looked++;
      return answer();
    },
  );
  try {
    const response = await one.listen('a');
    await eventually('it is looked at', () => assert.ok(looked >= 2));
    assert.equal(one.streams.size, 1);
    answer = async () => false;
    await response.text();
    assert.equal(one.streams.size, 0);
  } finally {
    await one.close();
  }
});

for (const [name, end] of [
  [
    'a logout',
    async (_account: string, headers: Record<string, string>) =>
      void (await fetch(`${service.url}/api/logout`, { method: 'POST', headers })),
  ],
  ['disabling the account', (account: string) => parts.administration.disableAccount(account, { actor: 'test' })],
  ['other roles', (account: string) => parts.administration.setRoles(account, ['reader'], { actor: 'test' })],
] as const) {
  test(`L4: the stream of the page ends with ${name}`, async () => {
    const account = `ends-${name.replaceAll(' ', '-')}`;
    await parts.administration.addAccount({ name: account, roles: ['viewer'], password }, { actor: 'test' });
    const headers = { ...(await logIn(service.url, account, password)) };
    const response = await fetch(`${service.url}/api/events`, { headers, signal: AbortSignal.timeout(60_000) });
    assert.equal(response.status, 200);
    await end(account, headers);
    await response.text();
  });
}
