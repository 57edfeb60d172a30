import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { Fault } from '../../src/errors.js';
import type { Role } from '../../src/server/access/roles.js';
import { openApiDocument } from '../../src/server/open-api.js';
import { searchedText } from '../../src/server/searched.js';
import type { ShownResult } from '../../src/server/ports/server.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts } from '../support/access.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { routesOf, startTestServer, type TestServer } from '../support/test-server.js';

const study = '1.2.840.99999.1';
/** Stands in every attribute of a patient that the test's PACS knows. */
const mark = 'ZQXPATIENT';

/** Every route: `none` where no patient can be seen, else the action that is on record afterwards, and how it is asked. */
const routes: Readonly<Record<string, 'none' | { readonly action: string; readonly ask?: string; readonly body?: unknown }>> = {
  'POST /hint': 'none',
  'GET /health': 'none',
  'GET /health/live': 'none',
  'GET /login': 'none',
  'POST /api/login': 'none',
  'GET /api/login/oidc': 'none',
  'GET /api/login/oidc/callback': 'none',
  'POST /api/logout': 'none',
  'GET /api/me': 'none',
  'POST /api/password': 'none',
  'GET /metrics': 'none',
  'GET /api/openapi.json': 'none',
  'GET /api/results': { action: 'worklist.view' },
  'GET /api/studies/:study': { action: 'study.view', ask: `/api/studies/${study}` },
  'GET /api/studies/:study/page': { action: 'study.view', ask: `/api/studies/${study}0/page` },
  'GET /api/studies/:study/series/:series/instances/:instance/picture': {
    action: 'study.view',
    ask: `/api/studies/${study}1/series/1.2/instances/1.3/picture`,
  },
  'GET /api/studies/:study/assessments': { action: 'assessment.view', ask: `/api/studies/${study}/assessments` },
  'POST /api/studies/:study/assessments': {
    action: 'assessment.give',
    ask: `/api/studies/${study}/assessments`,
    body: { findings: [{ name: 'x', decision: 'present' }] },
  },
  'GET /api/worklist': { action: 'worklist.view', ask: '/api/worklist?limit=3' },
  'GET /api/worklist/counts': 'none',
  'GET /api/patients': { action: 'patient.view', ask: `/api/patients?studies=${study},${study}2` },
  'GET /api/events': 'none',
  'POST /api/answer': { action: 'upload.analyze', body: Buffer.from('DICM') },
  'POST /api/rules/test': { action: 'rules.test', body: Buffer.from('DICM') },
  'GET /api/rules/test': { action: 'rules.test' },
  // Work, queues and drift name studies by their UIDs and sites by keyed hashes.
  'GET /api/operations': 'none',
  'GET /api/parked': 'none',
  'POST /api/parked/:id/retry': 'none',
  'GET /api/drift': 'none',
  'POST /api/drift/check': 'none',
  'POST /api/drift/alarms/:id/acknowledge': 'none',
  'GET /api/models': 'none',
  'GET /api/models/:version': 'none',
  'POST /api/models/:version/promote': 'none',
  'POST /api/models/:version/challenge': 'none',
  'POST /api/models/rollback': 'none',
  'GET /api/night': 'none',
  'POST /api/retrain': 'none',
  'GET /api/accounts': 'none',
  'POST /api/accounts': 'none',
  'POST /api/accounts/:name/password': 'none',
  'POST /api/accounts/:name/disable': 'none',
  'POST /api/accounts/:name/enable': 'none',
  'POST /api/accounts/:name/roles': 'none',
  'GET /api/tokens': 'none',
  'POST /api/tokens': 'none',
  'POST /api/tokens/:name/revoke': 'none',
  'GET /api/audit': 'none',
  'GET /api/audit/verify': 'none',
  'GET /api/audit/export': 'none',
  'GET /dicom-web/*path': { action: 'pacs.search', ask: `/dicom-web/studies?PatientName=${mark}*&limit=5` },
  'GET /viewer': 'none',
  'GET /viewer/*path': 'none',
  // Views of the page are one document, which asks for what it shows.
  'GET /': 'none',
  'GET /worklist': 'none',
  'GET /study/:study': 'none',
  'GET /answer': 'none',
  'GET /operations': 'none',
  'GET /audit': 'none',
  'GET /models': 'none',
  'GET /models/:version': 'none',
  'GET /password': 'none',
  'GET /api/docs': 'none',
};

const result: ShownResult = {
  studyInstanceUID: study,
  createdAt: new Date(),
  outcome: 'reported',
  findings: [],
  modelVersion: 'm',
  engine: 'e',
  isCurrent: true,
  documents: [],
  deliveries: [],
};
const patient = {
  name: mark,
  patientId: mark,
  sex: 'F',
  birthDate: mark,
  studyDate: '',
  accessionNumber: mark,
  description: mark,
  modalities: [],
};

let store: Store;
let server: TestServer;
let parts: ReturnType<typeof accessParts>;
const headers = new Map<Role, Record<string, string>>();
let healthAsked = 0;
let pulse = 'a';
before(async () => {
  store = await openStore({ dataDir: temporaryDirectory('on-record') }, silentLog);
  parts = accessParts(store);
  server = await startTestServer(store, {
    parts: {
      uploads: {
        directory: temporaryDirectory('on-record-uploads'),
        maxBytes: 1000,
        limits: { maxOfUser: 2, maxOfAll: 4, maxWaitingOfUser: 2, maxWaitingOfAll: 4, maxBytes: 1e6, keepFreeBytes: 0 },
      },
    },
    tools: {
      results: async () => [result],
      resultsOf: async () => [result],
      assessments: {
        record: async () => ({ assessment: { sopInstanceUID: '1.2' } as never, stored: true }),
        mayVerify: () => false,
        ofStudy: async () => ({ assessments: [], labels: [] }),
      },
      proxyDicomWeb: async () => ({
        status: 200,
        headers: { 'content-type': 'application/dicom+json' },
        body: Readable.from(['[]']) as IncomingMessage,
      }),
      health: async () => {
        healthAsked++;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return {
          ok: true,
          orthanc: 'answers',
          database: 'answers',
          disk: 'room',
          clock: 'right',
          model: 'm',
          engine: 'e',
          engineState: 'computes',
          work: 'in time',
          drift: 'none',
          queue: { waiting: 0, active: 0, parked: 0 },
        };
      },
    },
    page: {
      patients: async (uids) => Object.fromEntries(uids.map((uid) => [uid, patient])),
      study: async (studyInstanceUID) => ({ studyInstanceUID, history: [], images: [], heatMaps: [], pacs: 'answers', patient }),
      picture: async () => ({ type: 'image/jpeg', bytes: Buffer.from(mark) }),
      testRules: async () => [{ subject: `${study}9`, action: 'none', passedOver: [{ rule: 'r', text: mark }] }],
      testRulesOn: async (_path, subject) => ({ subject, action: 'none', passedOver: [{ rule: 'r', text: mark }] }),
      answer: async () => ({ notice: '', model: { name: 'm', version: 'v' }, engine: 'e', images: [], milliseconds: 1 }),
      pulse: async () => pulse,
    },
  });
  for (const role of ['viewer', 'reader', 'operator', 'admin', 'service'] as const) {
    headers.set(role, {
      authorization: `Bearer ${(await parts.administration.addToken({ name: `all-${role}`, roles: [role] }, { actor: 'test' })).token}`,
    });
  }
});
after(async () => {
  await server?.close();
  await store?.close();
});

const ask = (
  path: string,
  {
    method = 'GET',
    role = 'admin',
    body,
    token,
  }: { readonly method?: string; readonly role?: Role; readonly body?: unknown; readonly token?: string } = {},
): Promise<Response> =>
  fetch(server.url + path, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
    headers: {
      ...(token === undefined ? headers.get(role)! : { authorization: `Bearer ${token}` }),
      ...(method === 'GET' ? {} : { 'content-type': body instanceof Uint8Array ? 'application/octet-stream' : 'application/json' }),
    },
    ...(method === 'GET' ? {} : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body ?? {}) }),
  });
const entries = () => store.audit.list({ limit: 1000 });
const concrete = (path: string): string =>
  path
    .replace(':id', '00000000-0000-0000-0000-000000000000')
    .replace(':version', '0123456789ab')
    .replace(/[:*]\w+/g, 'x');

test('H4, D10: every route is classified: it shows no patient, or who looked is on record', async () => {
  const real = routesOf(server.app)
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, path }) => `${method} ${path}`)
    .filter((one) => !/bundle|app-config|init-service-worker/.test(one));
  assert.deepEqual(
    real.filter((one) => !(one in routes)),
    [],
    'a new route: say in this table whether it shows a patient',
  );
  assert.deepEqual(
    Object.keys(routes).filter((one) => !real.includes(one)),
    [],
    'not there',
  );
  for (const [route, told] of Object.entries(routes)) {
    const [method, path] = route.split(' ') as [string, string];
    if (told === 'none') {
      if (path === '/api/events' || path === '/api/logout' || path === '/api/audit/export') continue;
      const response = await ask(concrete(path), { method });
      assert.doesNotMatch(await response.text(), new RegExp(mark), `${route} shows a patient`);
      continue;
    }
    // A program of its own for each route: the same one at the same list would be one entry.
    const { token } = await parts.administration.addToken(
      { name: `route-${Object.keys(routes).indexOf(route)}`, roles: ['admin'] },
      { actor: 'test' },
    );
    const before = (await store.audit.last())!.seq;
    const response = await ask(told.ask ?? path, { method, body: told.body, token });
    assert.ok(response.status < 300, `${route}: ${response.status} ${await response.clone().text()}`);
    await response.arrayBuffer();
    const fresh = (await store.audit.after(before, 100)).map(({ action }) => action);
    assert.ok(fresh.includes(told.action), `${route}: expected ${told.action}, found ${fresh.join(', ') || 'no entry'}`);
  }
});

test('H4: which patients were shown is on record by study, each study once in ten minutes', async () => {
  const about = async (uids: readonly string[]): Promise<readonly string[]> => {
    const before = (await store.audit.last())!.seq;
    await (await ask(`/api/patients?studies=${uids.join(',')}`, { role: 'viewer' })).json();
    return (await store.audit.after(before, 10)).flatMap(
      ({ subject }) => (JSON.parse(subject) as { studyInstanceUIDs: string[] }).studyInstanceUIDs,
    );
  };
  assert.deepEqual(await about(['1.5.1', '1.5.2']), ['1.5.1', '1.5.2']);
  assert.deepEqual(await about(['1.5.1', '1.5.2']), []);
  assert.deepEqual(await about(['1.5.2', '1.5.3']), ['1.5.3']);
});

test('D10: what was searched is on record: UIDs as they are, the rest as keyed hashes, each search by itself', async () => {
  const search = async (query: string): Promise<{ level: string; searched?: string[]; offset?: number }> => {
    const before = (await store.audit.last())!.seq;
    assert.equal((await ask(`/dicom-web/${query}`, { role: 'viewer' })).status, 200, query);
    const [row] = await store.audit.after(before, 10);
    return JSON.parse(row!.subject) as { level: string; searched?: string[]; offset?: number };
  };
  const audit = openAuditLog(store.audit, silentLog);
  const named = await search(`studies?PatientName=${mark}%5EAnna&00100020=77-1&limit=10&offset=20`);
  assert.deepEqual(named, {
    level: 'studies',
    searched: [
      `PatientID#${await audit.fingerprint(searchedText('PatientID', '77-1'))}`,
      `PatientName#${await audit.fingerprint(searchedText('PatientName', `${mark}^anna`))}`,
    ],
    limit: 10,
    offset: 20,
  });
  assert.deepEqual((await search('series?StudyInstanceUID=1.2.3')).searched, ['StudyInstanceUID=1.2.3']);
  assert.equal((await search('studies?limit=100&offset=100')).offset, 100);
  assert.equal((await search('studies?limit=100&offset=200')).offset, 200, 'each page of a list of the whole archive');
  assert.deepEqual(
    (await search(`studies?${mark}=x`)).searched?.map((one) => one.split('#')[0]),
    ['other'],
    'a name may stand where a keyword belongs',
  );
  await ask(`/api/worklist?search=${mark}`, { role: 'viewer' });
  const all = JSON.stringify(await entries());
  assert.doesNotMatch(all, new RegExp(mark, 'i'));
  assert.match(all, /worklist\.search/);
});

test('H4: who is refused is on record, without what was typed', async () => {
  const before = (await store.audit.last())!.seq;
  for (const [path, method] of [
    ['/api/accounts', 'GET'],
    [`/api/studies/${mark}/assessments`, 'POST'],
    ['/api/audit', 'GET'],
    [`/dicom-web/${mark}`, 'GET'],
    [`/dicom-web/studies/${mark}`, 'DELETE'],
  ] as const) {
    assert.equal((await ask(path, { method, role: 'viewer' })).status, 403, path);
  }
  const rows = await store.audit.after(before, 100);
  assert.deepEqual(
    rows.map(({ action, outcome, actor }) => `${action} ${outcome} ${actor}`),
    Array<string>(5).fill('request.refused refused token:all-viewer'),
  );
  assert.deepEqual(
    rows.map(({ subject }) => (JSON.parse(subject) as { address: string }).address),
    ['/api/accounts', '/api/studies/:study/assessments', '/api/audit', '/dicom-web/*path', '/dicom-web'],
  );
});

test('D10: a view that could not be put on record is recorded at the next look', async () => {
  let full = true;
  const written: string[] = [];
  const audit = openAuditLog(
    {
      ...store.audit,
      append: async (entry) => {
        if (full) throw new Fault('disk-full', 'no room');
        written.push(entry.action);
        return store.audit.append(entry);
      },
    },
    silentLog,
  );
  const view = { actor: 'a', action: 'study.view', subject: { studyInstanceUID: '1.2' } };
  await audit.recordView(view);
  await audit.recordStudies({ actor: 'a', action: 'patient.view' }, ['1.2']);
  full = false;
  await Promise.all([1, 2, 3].map(() => audit.recordView(view)));
  await audit.recordStudies({ actor: 'a', action: 'patient.view' }, ['1.2']);
  assert.deepEqual(written, ['study.view', 'patient.view']);
});

test('D24: what was done is not said to have failed because its entry could not be written', async () => {
  const audit = openAuditLog(store.audit, silentLog);
  const made = await audit.recordAction(
    { actor: 'a', action: 'account.add' },
    async () => 'made',
    () => {
      throw new Error('a mistake in what is said');
    },
  );
  assert.equal(made, 'made');
  assert.deepEqual(
    (await store.audit.list({ actor: 'a', action: 'account.add' })).map(({ outcome }) => outcome),
    ['intended'],
    'nothing says that it failed',
  );
  const before = (await store.audit.last())!.seq;
  assert.equal((await ask('/api/drift/alarms/0123456789ab/acknowledge', { method: 'POST' })).status, 204);
  assert.deepEqual(
    (await store.audit.after(before, 10)).map(({ action, outcome }) => `${action} ${outcome}`),
    ['drift.acknowledge intended', 'drift.acknowledge done'],
  );
});

test('D32: times of another zone find the same entries', async () => {
  const at = new Date('2026-03-01T07:30:00Z');
  await store.audit.append({ actor: 'zone', action: 'study.view' }, at);
  const found = async (query: string): Promise<number> =>
    ((await (await ask(`/api/audit?actor=zone&${query}`)).json()) as unknown[]).length;
  assert.equal(await found(`from=${encodeURIComponent('2026-03-01T08:00+01:00')}`), 1);
  assert.equal(await found(`from=${encodeURIComponent('2026-03-01T09:00+01:00')}`), 0);
  assert.equal(await found(`to=${encodeURIComponent('2026-03-01T02:45-05:00')}`), 1);
  assert.equal((await ask('/api/audit?from=yesterday')).status, 400);
  assert.equal((await ask('/api/audit?from=%2B275760-01-01T00:00:00Z')).status, 400);
});

test('M5, D30: however many ask for health, the work is done once at a time', async () => {
  const before = healthAsked;
  const started = Date.now();
  await Promise.all(Array.from({ length: 100 }, () => fetch(`${server.url}/health`)));
  for (let n = 0; n < 50; n++) await fetch(`${server.url}/health`);
  const seconds = (Date.now() - started) / 1000;
  assert.ok(healthAsked - before <= seconds + 2, `${healthAsked - before} times in ${seconds} s`);
});

test('D27: the roles of the OpenAPI list are those that the server asks for', async () => {
  const { paths } = openApiDocument('0') as { paths: Readonly<Record<string, Readonly<Record<string, { readonly 'x-role': string }>>>> };
  const mayDo: Readonly<Record<string, readonly Role[]>> = {
    viewer: ['viewer', 'reader', 'operator', 'admin', 'service'],
    reader: ['reader', 'admin'],
    operator: ['operator', 'admin'],
    admin: ['admin'],
    any: ['viewer', 'reader', 'operator', 'admin', 'service'],
  };
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { 'x-role': role }] of Object.entries(methods)) {
      const address = concrete(path.replace(/\{path\}/, 'studies').replace(/\{(\w+)\}/g, ':$1'));
      const stranger = await fetch(server.url + address, {
        method: method.toUpperCase(),
        redirect: 'manual',
        signal: AbortSignal.timeout(30_000),
        headers: { origin: server.url },
      });
      await stranger.body?.cancel();
      if (role === 'none') {
        // The hint and the way back from a provider ask for something of their own.
        if (path !== '/hint' && path !== '/api/login/oidc/callback')
          assert.notEqual(stranger.status, 401, `${method} ${path} for a stranger`);
        continue;
      }
      assert.equal(stranger.status, 401, `${method} ${path} for a stranger`);
      for (const one of ['viewer', 'reader', 'operator', 'admin', 'service'] as const) {
        const response = await ask(address, { method: method.toUpperCase(), role: one });
        await response.body?.cancel();
        const { status } = response;
        // By a token nobody has a password.
        if (path === '/api/password' || path === '/api/logout') continue;
        assert.equal(status !== 403, mayDo[role]!.includes(one), `${one} ${method} ${path}: ${status}, described for ${role}`);
        assert.ok(status < 500 || [502, 503].includes(status), `${one} ${method} ${path}: ${status}`);
      }
    }
  }
});

test('D27: the described cookie is the one that is set', async () => {
  const { components } = openApiDocument('0') as { components: { securitySchemes: { session: { name: string; description: string } } } };
  await parts.administration.addAccount({ name: 'cookie', roles: ['viewer'], password: 'correct horse battery' }, { actor: 'test' });
  const response = await fetch(`${server.url}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify({ name: 'cookie', password: 'correct horse battery' }),
  });
  const [cookie] = response.headers.getSetCookie();
  const { name, description } = components.securitySchemes.session;
  assert.ok([name, name.replace('__Host-', '')].includes(cookie!.split('=')[0]!), name);
  assert.match(description, /chest-ai/);
});

test('M9, D38, L3: hostile input at every route is refused, never a mistake of ours', async () => {
  const odd = [
    '%00',
    '%0a',
    '%ff',
    '%C0%AE',
    '..%2f..',
    '%25',
    'x'.repeat(3000),
    "';--",
    '%F0%9F%92%80',
    '%E2%80%AE',
    '%ED%A0%80',
    '__proto__',
    'constructor',
    '1e999',
    '-1',
    'NaN',
    '%5B%5D',
    '%7B%22%24ne%22%3A1%7D',
  ];
  const names = [
    'limit',
    'outcome',
    'present',
    'search',
    'after',
    'studies',
    'from',
    'to',
    'actor',
    'action',
    'before',
    'format',
    'frame',
    '_method',
    'limit[]',
    'StudyInstanceUID',
    '%00',
  ];
  const marks = [
    [0, 1e300, 'x'],
    [0.5, 1, 'x'],
    [1, 9e15, 'x'],
    [1, 1, '\u0000'],
    [1, 1, 'x'.repeat(1e4)],
    [9e15, 1, 'x'],
    {},
    null,
    [1],
    [1e300, 'x'],
    [9e15, 'x'],
  ].map((one) => Buffer.from(JSON.stringify(one)).toString('base64url'));
  const tried: string[] = [];
  const check = async (path: string, method: string, body?: unknown): Promise<void> => {
    const response = await ask(path, { method, body });
    await response.body?.cancel();
    tried.push(path);
    assert.ok(response.status < 500 || [502, 503].includes(response.status), `${method} ${path.slice(0, 200)}: ${response.status}`);
  };
  for (const { method, path } of routesOf(server.app)) {
    if (
      method === 'HEAD' ||
      /^\/(hint|api\/events|api\/audit\/export|viewer|page|health)/.test(path) ||
      ['/', '/worklist', '/answer', '/operations', '/audit', '/models', '/password', '/api/docs'].includes(path)
    )
      continue;
    if (/[:*]/.test(path)) for (const one of odd) await check(path.replace(/[:*]\w+/g, one), method);
    if (method === 'GET')
      for (const name of names) for (const one of odd.slice(0, 12)) await check(`${concrete(path)}?${name}=${one}`, method);
    else
      for (const body of [
        null,
        [],
        'text',
        { name: '\u0000', roles: ['viewer'], password: '\u0000' },
        { why: '\ud800' },
        { findings: [{ name: '\u0000', decision: 'present' }] },
      ])
        await check(concrete(path), method, body);
  }
  for (const one of marks) await check(`/api/worklist?after=${one}`, 'GET');
  for (const one of ['', '\u0000', 'x\u0000y']) {
    const response = await fetch(`${server.url}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: JSON.stringify({ name: one, password: one }),
    });
    assert.ok([400, 401].includes(response.status), String(response.status));
  }
  assert.equal((await ask(`/dicom-web/studies/${study}?_method=DELETE`)).status, 400);
  assert.equal((await ask('/dicom-web/studies?%5Fmethod=DELETE')).status, 400);
  assert.equal((await ask('/api/studies/%00')).status, 400);
  assert.equal((await ask('/api/worklist?present=%00')).status, 400);
  assert.ok(tried.length > 1000, String(tried.length));
});
