import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { openApiDocument } from '../../src/server/open-api.js';
import { openStore, type Store } from '../../src/store/store.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { routesOf, startTestServer, type TestServer } from '../support/test-server.js';

let store: Store;
let server: TestServer;
before(async () => {
  store = await openStore({ dataDir: temporaryDirectory('open-api') }, silentLog);
  server = await startTestServer(store);
});
after(async () => {
  await server.close();
  await store.close();
});

/** Views of the page are for people, and a refusal is no operation. */
const notDescribed = [
  /^\/$/,
  /^\/(worklist|answer|operations|models|audit|password)$/,
  /^\/study\//,
  /^\/models\//,
  /^\/api\/docs$/,
  /^\/viewer(\/(app-config|init-service-worker)\.js|\/app\.bundle\.css)?$/,
  /^\/page/,
];

test('every route is described, and nothing is described that is not there', () => {
  const { paths } = openApiDocument('0') as { paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  const described = new Set(
    Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)),
  );
  const real = new Set(
    routesOf(server.app)
      .filter(({ method }) => method === 'GET' || method === 'POST')
      .filter(({ path }) => !notDescribed.some((pattern) => pattern.test(path)))
      .map(({ method, path }) => `${method} ${path.replace(/[:*](\w+)/g, '{$1}')}`),
  );
  assert.ok(real.size > 25, `${real.size} routes`);
  assert.deepEqual(
    [...real].filter((one) => !described.has(one)),
    [],
    'not described',
  );
  assert.deepEqual(
    [...described].filter((one) => !real.has(one)),
    [],
    'not there',
  );
});
