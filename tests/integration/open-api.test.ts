import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { silentLog } from '../../src/log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts, logIn } from '../support/access.js';
import {
  assessment,
  backfill,
  changed,
  erasure,
  failedJob,
  historyEntry,
  model,
  operations,
  reading,
  reports,
  result,
  row,
  ruleTest,
  study,
  displayFrame,
  studyImages,
} from '../support/example-replies.js';
import { bodies, parameters } from '../support/example-requests.js';
import { trialReportExample } from '../support/trial-example.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { routesOf, startTestServer, type TestServer } from '../support/test-server.js';

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly 'x-role': string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: Json }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Json }>> }>>;
  readonly security?: readonly unknown[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: { readonly Fault: Json };
    readonly securitySchemes: { readonly session: { readonly name: string } };
  };
}

const logged: { message: string; values: unknown }[] = [];

let store: Store;
let server: TestServer;
let token = '';
let document: Document;
let recorded: unknown;
before(async () => {
  store = await openStore({ dataDir: temporaryDirectory('open-api') }, silentLog);
  const { administration } = accessParts(store);
  ({ token } = await administration.addToken({ name: 'all', roles: ['admin', 'service'] }, { actor: 'test' }));
  server = await startTestServer(store, {
    log: { ...silentLog, warn: (message: string, values?: unknown) => void logged.push({ message, values }) },
    parts: {
      uploads: {
        directory: temporaryDirectory('open-api-uploads'),
        maxBytes: 1000,
        limits: { maxOfUser: 2, maxOfAll: 4, maxWaitingOfUser: 2, maxWaitingOfAll: 4, maxBytes: 1e6, keepFreeBytes: 0 },
      },
    },
    ports: {
      results: async () => [result],
      reports,
      resultsOf: async () => [result],
      failedJobs: async () => [failedJob],
      assessments: {
        record: async (request) => {
          recorded = request;
          return { assessment, stored: true };
        },
        withdraw: async () => ({ assessment, stored: true }),
        hiddenSeries: async () => new Set(),
        codedFindings: () => [{ name: 'pneumonia', meaning: 'Pneumonia', code: '233604007', scheme: 'SCT' }],
        mayVerify: () => false,
        ofStudy: async () => ({
          assessments: [assessment],
          labels: [{ studyInstanceUID: study, finding: 'pneumonia', state: 'agreed', decision: 'present', statements: [] }],
          othersHidden: false,
          mayAdjudicate: false,
        }),
      },
      readings: {
        claim: async () => ({ reading, takenFrom: 'other' }),
        release: async () => ({ reading }),
        markRead: async () => ({ reading }),
        markUnread: async () => ({ reading }),
      },
      backfills: {
        list: async () => [backfill],
        start: async () => backfill,
        pause: async () => backfill,
        resume: async () => backfill,
        cancel: async () => backfill,
        report: async () => trialReportExample(),
        sign: async () => trialReportExample(),
      },
      erase: async () => erasure,
      modelActions: { promote: async () => changed, challenge: async () => changed, rollBack: async () => changed },
      proxyDicomWeb: async () => ({
        status: 200,
        headers: { 'content-type': 'application/dicom+json' },
        body: Readable.from(['[]']) as IncomingMessage,
      }),
    },
    page: {
      worklist: async () => ({ rows: [{ ...row, reading, assessedBy: [{ reader: 'reader', at: null }] }], order: 'urgency', next: 'x' }),
      study: async (studyInstanceUID) => ({
        studyInstanceUID,
        history: [historyEntry],
        reading,
        images: [],
        heatMaps: [],
        pacs: 'answers',
      }),
      picture: async () => ({ type: 'image/jpeg', bytes: Buffer.from('JPEG') }),
      images: async () => studyImages,
      displayFrame: async () => displayFrame,
      operations: async () => operations,
      testRules: async () => [ruleTest],
      testRulesOn: async () => ruleTest,
      analyze: async () => ({
        notice: 'Not for diagnosis.',
        model: { name: 'm', version: 'v' },
        engine: 'e',
        milliseconds: 1,
        images: [{ title: 'a.dcm', kind: 'xray', outcome: 'skipped', code: 'no-image', reason: 'none', findings: [], remarks: [] }],
      }),
      models: async () => ({ line: 'default', lines: ['default'], models: [model], history: [], former: 'b' }),
      model: async () => ({ ...model, card: '# Card', reports: {}, changes: [] }),
      retraining: async () => ({
        state: 'failed',
        inProgress: { startedAt: result.createdAt, by: 'admin', images: 3, step: 'evaluation', epochsDone: 2, epochs: 2 },
      }),
    },
  });
  // The session that a route ends.
  await store.accounts.add({ name: 'listed', origin: 'local', roles: ['viewer'], passwordHash: 'x' });
  await store.sessions.begin('a'.repeat(64), 'listed', new Date());
  document = (await (await send('GET', '/api/openapi.json')).json()) as Document;
});
after(async () => {
  await server?.close();
  await store?.close();
});

function send(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(server.url + path, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': body instanceof Uint8Array ? 'application/octet-stream' : 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
  });
}

/** Views of the page are for people, and a refusal is no operation. */
const notDescribed = [
  /^\/$/,
  /^\/(worklist|analyze|operations|discordances|models|administration|rules|research|audit|password|help)$/,
  /^\/help\//,
  /^\/study\//,
  /^\/models\//,
  /^\/api\/docs$/,
  /^\/viewer(\/(app-config|init-service-worker)\.js|\/app\.bundle\.css)?$/,
  /^\/page/,
];

test('every route is described, and every described route exists', () => {
  const described = new Set(
    Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)),
  );
  const real = new Set(
    routesOf(server.app)
      .filter(({ method }) => method === 'GET' || method === 'POST')
      .filter(({ path }) => !notDescribed.some((pattern) => pattern.test(path)))
      .map(({ method, path }) => `${method} ${path.replace(/[:*](\w+)/g, '{$1}')}`),
  );
  assert.ok(real.size > 25, `${real.size} routes`);
  assert.deepEqual([...real].sort(), [...described].sort());
});

test('D27: every route accepts the documented body and query, and replies as documented', async () => {
  const { administration } = accessParts(store);
  await administration.addAccount({ name: 'openapi', roles: ['viewer'], password: 'correct horse battery' }, { actor: 'test' });
  const faults = z.fromJSONSchema(document.components.schemas.Fault as never);
  const called: string[] = [];
  // An account is added before it is changed, and disabled before it is enabled.
  const rank = (path: string): number => path.length + (path.endsWith('/enable') ? 10 : 0);
  const order = Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))
    .sort((a, b) => rank(a.path) - rank(b.path));
  for (const { path, method, operation } of order) {
    const name = `${method} ${path}`;
    // Without a provider, without OHIF's files: their replies are in openid.test.ts and in the tests of the viewer.
    if (/oidc|viewer/.test(path)) continue;
    const address = path
      .replace('{id}', path.includes('drift') ? '0123456789ab' : failedJob.id)
      .replace('{name}', 'made')
      .replace(/\{(\w+)\}/g, (_, one: string) => parameters[one]!);
    for (const parameter of operation.parameters ?? [])
      if (parameter.in === 'query') assert.ok(Object.keys(parameter.schema).length > 0, `${name}: ${parameter.name} has a type`);
    const content = operation.requestBody?.content ?? {};
    const schema = content['application/json']?.schema;
    if (schema) {
      assert.ok(name in bodies, `${name} needs a body in this test`);
      assert.ok(z.fromJSONSchema(schema as never).safeParse(bodies[name]).success, `${name}: the body is as documented`);
    }
    const body = schema ? bodies[name] : 'application/octet-stream' in content ? Buffer.from('DICM') : undefined;
    const session = path === '/api/password' || path === '/api/logout' ? await logIn(server.url, 'openapi', 'correct horse battery') : {};
    const response = await fetch(server.url + address, {
      method: method.toUpperCase(),
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
      headers: {
        ...(Object.keys(session).length > 0
          ? session
          : path === '/api/login'
            ? { origin: server.url }
            : { authorization: `Bearer ${token}` }),
        ...(path === '/hint' ? { 'x-hint-token': 'hint-token' } : {}),
        ...(body === undefined ? {} : { 'content-type': schema ? 'application/json' : 'application/octet-stream' }),
      },
      ...(body === undefined ? {} : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    if (path === '/api/events') {
      assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
      await response.body?.cancel();
      called.push(name);
      continue;
    }
    const text = await response.text();
    const documented = operation.responses[String(response.status)];
    assert.ok(documented, `${name}: ${response.status} is documented (${text.slice(0, 200)})`);
    const [type, media] = Object.entries(documented.content ?? {})[0] ?? [];
    if (type === undefined) assert.equal(text, '', name);
    else
      assert.ok(response.headers.get('content-type')?.startsWith(type), `${name}: ${type}, found ${response.headers.get('content-type')}`);
    if (type === 'application/json') {
      const parsed = z.fromJSONSchema(media!.schema as never).safeParse(JSON.parse(text));
      assert.ok(parsed.success, `${name}: ${text.slice(0, 300)} ${JSON.stringify(parsed.error?.issues ?? []).slice(0, 400)}`);
    }
    if (path === '/api/login')
      assert.equal(response.headers.getSetCookie()[0]!.split('=')[0], document.components.securitySchemes.session.name);
    called.push(name);
    if (operation['x-role'] !== 'public') {
      const refused = await fetch(server.url + address, {
        method: method.toUpperCase(),
        redirect: 'manual',
        headers: { origin: server.url },
      });
      assert.equal(refused.status, 401, name);
      assert.ok(faults.safeParse(await refused.json()).success, `${name}: the refusal is a documented fault`);
    }
  }
  assert.ok(called.length > 40, String(called.length));
});

test('a body with a field that is not documented is refused', async () => {
  for (const [name, body] of Object.entries(bodies)) {
    const [method, path] = name.split(' ') as [string, string];
    // A resource of FHIR has elements that are not used here.
    if (path === '/api/login' || path === '/api/password' || path === '/api/reports') continue;
    const address = path.replace('{name}', 'made').replace(/\{(\w+)\}/g, (_, one: string) => parameters[one]!);
    assert.equal((await send(method.toUpperCase(), address, { ...(body as object), surplus: 1 })).status, 400, name);
  }
});

const formerPaths = [
  { method: 'GET', path: '/api/parked', now: '/api/failed-jobs' },
  { method: 'POST', path: `/api/parked/${failedJob.id}/retry`, now: `/api/failed-jobs/${failedJob.id}/retry` },
  { method: 'GET', path: '/api/night', now: '/api/retraining' },
  { method: 'GET', path: `/api/studies/${study}/verdicts`, now: `/api/studies/${study}/assessments` },
  {
    method: 'POST',
    path: `/api/studies/${study}/verdicts`,
    now: `/api/studies/${study}/assessments`,
    body: { findings: [{ name: 'a', decision: 'absent' }] },
  },
  { method: 'POST', path: '/api/answer', now: '/api/analyze', body: Buffer.from('DICM') },
  { method: 'GET', path: '/answer', now: '/analyze' },
];
for (const { method, path, now, body } of formerPaths) {
  test(`the former path ${method} ${path.replace(study, 'UID').replace(failedJob.id, 'ID')} works, is marked as deprecated and warned of once`, async () => {
    const warnings = () =>
      logged.filter(({ values }) => JSON.stringify(values).includes(path.split('/')[path.includes('verdicts') ? 4 : 2] ?? path)).length;
    const before = logged.length;
    for (let n = 0; n < 2; n++) {
      const response = await send(method, path, body, { accept: 'application/json, text/html' });
      assert.ok(response.status < 300, `${response.status} ${await response.text()}`);
      assert.match(response.headers.get('deprecation') ?? '', /^@\d+$/);
      assert.equal(response.headers.get('link'), `<${now}>; rel="successor-version"`);
    }
    assert.ok(logged.length - before <= 1, 'one warning for a process');
    assert.ok(warnings() >= 1, JSON.stringify(logged));
    assert.equal((await send(method, now, body, { accept: 'application/json, text/html' })).headers.get('deprecation'), null);
  });
}

test('under a former path the reply has the former field names and values', async () => {
  const assessments = (await (await send('GET', `/api/studies/${study}/verdicts`)).json()) as {
    verdicts: { settles: boolean; whence: string }[];
    labels: { state: string }[];
  };
  assert.deepEqual(
    [assessments.verdicts[0]!.settles, assessments.verdicts[0]!.whence, assessments.labels[0]!.state],
    [false, 'page', 'settled'],
  );
  const retraining = (await (await send('GET', '/api/night')).json()) as { state: string; underWay: { step: string } };
  assert.deepEqual([retraining.state, retraining.underWay.step], ['parked', 'judging']);
});

test('the former fields judgedDocument and settles are accepted, marked and warned of; both names at once are refused', async () => {
  const findings = [{ name: 'a', decision: 'absent' }];
  const path = `/api/studies/${study}/assessments`;
  const response = await send('POST', path, { findings, judgedDocument: '1.2.3', settles: true });
  assert.equal(response.status, 201);
  assert.match(response.headers.get('deprecation') ?? '', /^@\d+$/);
  const { assessedDocument, adjudicates } = recorded as { assessedDocument: string; adjudicates: boolean };
  assert.deepEqual([assessedDocument, adjudicates], ['1.2.3', true]);
  for (const [former, now] of [
    ['judgedDocument', 'assessedDocument'],
    ['settles', 'adjudicates'],
  ])
    assert.ok(
      logged.some(({ values }) => (values as { name?: string; now?: string }).name === former && (values as { now?: string }).now === now),
    );
  assert.equal((await send('POST', path, { findings, settles: true, adjudicates: true })).status, 400);
});
