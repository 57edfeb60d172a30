import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Role } from '../../src/server/access/roles.js';
import { concrete, startPatientServer, type PatientServer } from '../support/patient-server.js';
import { routesOf } from '../support/test-server.js';

let served: PatientServer;
before(async () => void (served = await startPatientServer()));
after(() => served?.close());
const ask: PatientServer['ask'] = (...parameters) => served.ask(...parameters);

test('M5, D30: however many ask for health, the work is done once at a time', async () => {
  const before = served.healthAsked();
  const started = Date.now();
  await Promise.all(Array.from({ length: 100 }, () => fetch(`${served.server.url}/health`)));
  for (let n = 0; n < 50; n++) await fetch(`${served.server.url}/health`);
  const seconds = (Date.now() - started) / 1000;
  assert.ok(served.healthAsked() - before <= seconds + 2, `${served.healthAsked() - before} times in ${seconds} s`);
});

test('D27: the roles of the OpenAPI list are those that the server asks for', async () => {
  const { paths } = (await (await ask('/api/openapi.json')).json()) as {
    paths: Readonly<Record<string, Readonly<Record<string, { readonly 'x-role': string }>>>>;
  };
  const mayDo: Readonly<Record<string, readonly Role[]>> = {
    viewer: ['viewer', 'reader', 'operator', 'admin', 'service'],
    metrics: ['viewer', 'reader', 'operator', 'admin', 'service', 'metrics'],
    reader: ['reader', 'admin'],
    operator: ['operator', 'admin'],
    admin: ['admin'],
    service: ['service'],
    'signed-in': ['viewer', 'reader', 'operator', 'admin', 'service', 'metrics'],
  };
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { 'x-role': role }] of Object.entries(methods)) {
      const address = concrete(path.replace(/\{path\}/, 'studies').replace(/\{(\w+)\}/g, ':$1'));
      const unauthenticated = await fetch(served.server.url + address, {
        method: method.toUpperCase(),
        redirect: 'manual',
        signal: AbortSignal.timeout(30_000),
        headers: { origin: served.server.url },
      });
      await unauthenticated.body?.cancel();
      if (role === 'public') {
        // The hint and the way back from a provider ask for something of their own.
        if (path !== '/hint' && path !== '/api/login/oidc/callback')
          assert.notEqual(unauthenticated.status, 401, `${method} ${path} without credentials`);
        continue;
      }
      assert.equal(unauthenticated.status, 401, `${method} ${path} without credentials`);
      for (const one of ['viewer', 'reader', 'operator', 'admin', 'service', 'metrics'] as const) {
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
  const { components } = (await (await ask('/api/openapi.json')).json()) as {
    components: { securitySchemes: { session: { name: string } } };
  };
  await served.parts.administration.addAccount({ name: 'cookie', roles: ['viewer'], password: 'correct horse battery' }, { actor: 'test' });
  const response = await fetch(`${served.server.url}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: served.server.url },
    body: JSON.stringify({ name: 'cookie', password: 'correct horse battery' }),
  });
  const [cookie] = response.headers.getSetCookie();
  const { name } = components.securitySchemes.session;
  assert.equal(cookie!.split('=')[0], name);
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
  for (const { method, path } of routesOf(served.server.app)) {
    if (
      method === 'HEAD' ||
      /^\/(hint|api\/events|api\/audit\/export|viewer|page|health)/.test(path) ||
      ['/', '/worklist', '/analyze', '/operations', '/administration', '/rules', '/audit', '/models', '/password', '/api/docs'].includes(
        path,
      )
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
    const response = await fetch(`${served.server.url}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: served.server.url },
      body: JSON.stringify({ name: one, password: one }),
    });
    assert.ok([400, 401].includes(response.status), String(response.status));
  }
  assert.equal((await ask('/api/studies/%00')).status, 400);
  assert.equal((await ask('/api/worklist?present=%00')).status, 400);
  assert.ok(tried.length > 1000, String(tried.length));
});
