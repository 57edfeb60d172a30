import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { Fault } from '../../src/errors.js';
import { searchText } from '../../src/audit/search-text.js';
import { rulesExample } from '../support/example-replies.js';
import { concrete, mark, startPatientServer, study, type PatientServer } from '../support/patient-server.js';
import { routesOf } from '../support/test-server.js';

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
  'GET /api/studies/:study/images': { action: 'study.view', ask: `/api/studies/${study}3/images` },
  'GET /api/studies/:study/series/:series/instances/:instance/frames/:frame/pixels': {
    action: 'study.view',
    ask: `/api/studies/${study}4/series/1.2/instances/1.3/frames/1/pixels`,
  },
  'GET /api/studies/:study/assessments': { action: 'assessment.view', ask: `/api/studies/${study}/assessments` },
  'POST /api/studies/:study/assessments': {
    action: 'assessment.give',
    ask: `/api/studies/${study}/assessments`,
    body: { findings: [{ name: 'x', decision: 'present' }] },
  },
  'POST /api/studies/:study/assessments/withdrawals': {
    action: 'assessment.withdraw',
    ask: `/api/studies/${study}/assessments/withdrawals`,
    body: { findings: ['x'] },
  },
  'POST /api/studies/:study/reading/claim': { action: 'reading.claim', ask: `/api/studies/${study}/reading/claim`, body: {} },
  'POST /api/studies/:study/reading/release': { action: 'reading.release', ask: `/api/studies/${study}/reading/release`, body: {} },
  'POST /api/studies/:study/reading/read': { action: 'reading.read', ask: `/api/studies/${study}/reading/read`, body: {} },
  'POST /api/studies/:study/reading/unread': { action: 'reading.unread', ask: `/api/studies/${study}/reading/unread`, body: {} },
  'POST /api/studies/:study/analysis': { action: 'study.request', ask: `/api/studies/${study}/analysis`, body: {} },
  // A UID and a question; what the form does is recorded as the request above.
  'GET /request-analysis/:study': 'none',
  'POST /request-analysis/:study': 'none',
  'GET /api/worklist': { action: 'worklist.view', ask: '/api/worklist?limit=3' },
  'GET /api/worklist/counts': 'none',
  'GET /api/findings': 'none',
  'GET /api/patients': { action: 'patient.view', ask: `/api/patients?studies=${study},${study}2` },
  'GET /api/events': 'none',
  'POST /api/analyze': { action: 'upload.analyze', body: Buffer.from('DICM') },
  'POST /api/rules/test': { action: 'rules.test', body: Buffer.from('DICM') },
  'GET /api/rules/test': { action: 'rules.test' },
  // Work, queues and drift name studies by their UIDs and sites by keyed hashes.
  'GET /api/operations': 'none',
  'GET /api/failed-jobs': 'none',
  'POST /api/failed-jobs/:id/retry': 'none',
  'GET /api/drift': 'none',
  'GET /api/backfills': 'none',
  'POST /api/backfills': 'none',
  'GET /api/backfills/:number/report': { action: 'backfill.report', ask: '/api/backfills/7/report' },
  'GET /api/backfills/:number/report.json': { action: 'backfill.report', ask: '/api/backfills/7/report.json' },
  'GET /api/backfills/:number/report.html': { action: 'backfill.report', ask: '/api/backfills/7/report.html' },
  'GET /api/backfills/:number/report.pdf': { action: 'backfill.report', ask: '/api/backfills/7/report.pdf' },
  'POST /api/backfills/:number/sign-offs': 'none',
  'POST /api/backfills/:number/pause': 'none',
  'POST /api/backfills/:number/resume': 'none',
  'POST /api/backfills/:number/cancel': 'none',
  // It repeats the patient that the request names; the retention story records each request (integration/erase).
  'POST /api/erasures': 'none',
  'POST /api/drift/check': 'none',
  'POST /api/drift/alarms/:id/acknowledge': 'none',
  'GET /api/studies/:study/fhir': { action: 'study.view', ask: `/api/studies/${study}/fhir` },
  'GET /api/studies/:study/messages': { action: 'message.view', ask: `/api/studies/${study}/messages` },
  'GET /api/labels': { action: 'labels.view' },
  'GET /api/retraining/readiness': 'none',
  'GET /api/runs': 'none',
  'GET /api/runs/:run': { action: 'labels.view', ask: '/api/runs/retraining-2026-03-01T02-00-00-000Z' },
  'POST /api/datasets/export': { action: 'dataset.export', body: {} },
  'GET /api/messages': 'none',
  'GET /api/messages/:channel': { action: 'message.view', ask: '/api/messages/ris' },
  'POST /api/messages/:channel/test': { action: 'message.test', ask: '/api/messages/ris/test' },
  // Numbers of reports, and what a program sends; nothing is shown.
  'POST /api/reports': 'none',
  'GET /api/reports': 'none',
  'GET /api/discordances': { action: 'discordance.view', ask: '/api/discordances?limit=3' },
  'POST /api/discordances/:study/:finding/review': {
    action: 'discordance.review',
    ask: `/api/discordances/${study}/pneumonia/review`,
    body: {},
  },
  'GET /api/models': 'none',
  'GET /api/models/:version': 'none',
  'POST /api/models/:version/promote': 'none',
  'POST /api/models/:version/challenge': 'none',
  'POST /api/models/rollback': 'none',
  'POST /api/failed-jobs/retry': 'none',
  'GET /api/rules': 'none',
  'POST /api/rules': 'none',
  'POST /api/rules/check': 'none',
  'POST /api/rules/dry-run': {
    action: 'rules.test',
    ask: '/api/rules/dry-run',
    body: { rules: rulesExample.rules },
  },
  'GET /api/rules/history': 'none',
  'POST /api/rules/history/:number/restore': 'none',
  'GET /api/system': 'none',
  'GET /api/trends': 'none',
  'GET /api/retraining': 'none',
  'POST /api/retrain': 'none',
  'GET /api/accounts': 'none',
  'POST /api/accounts': 'none',
  'POST /api/accounts/:name/password': 'none',
  'POST /api/accounts/:name/disable': 'none',
  'POST /api/accounts/:name/enable': 'none',
  'POST /api/accounts/:name/roles': 'none',
  'POST /api/accounts/:name/end-sessions': 'none',
  'GET /api/sessions': 'none',
  'POST /api/sessions/:session/end': 'none',
  'GET /api/tokens': 'none',
  'POST /api/tokens': 'none',
  'POST /api/tokens/:name/revoke': 'none',
  'GET /api/audit': 'none',
  'GET /api/audit/verify': 'none',
  'GET /api/audit/export': 'none',
  // The documentation.
  'GET /api/guides': 'none',
  'GET /api/guides/search': 'none',
  'GET /api/guides/:guide': 'none',
  'GET /dicom-web/*path': { action: 'pacs.search', ask: `/dicom-web/studies?PatientName=${mark}*&limit=5` },
  'GET /viewer': 'none',
  'GET /viewer/*path': 'none',
  // Views of the page are one document, which asks for what it shows.
  'GET /': 'none',
  'GET /worklist': 'none',
  'GET /study/:study': 'none',
  'GET /analyze': 'none',
  'GET /operations': 'none',
  'GET /discordances': 'none',
  'GET /administration': 'none',
  'GET /rules': 'none',
  'GET /audit': 'none',
  'GET /research': 'none',
  'GET /models': 'none',
  'GET /help': 'none',
  'GET /help/:guide': 'none',
  'GET /models/:version': 'none',
  'GET /password': 'none',
  'GET /api/docs': 'none',
};

let served: PatientServer;
before(async () => void (served = await startPatientServer()));
after(() => served?.close());
const ask: PatientServer['ask'] = (...parameters) => served.ask(...parameters);
const entries = () => served.store.audit.list({ limit: 1000 });

test('H4, D10: every route is classified: it shows no patient, or who looked is on record', async () => {
  const real = routesOf(served.server.app)
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
    const { token } = await served.parts.administration.addToken(
      { name: `route-${Object.keys(routes).indexOf(route)}`, roles: ['admin'] },
      { actor: 'test' },
    );
    const before = (await served.store.audit.last())!.seq;
    const response = await ask(told.ask ?? path, { method, body: told.body, token });
    assert.ok(response.status < 300, `${route}: ${response.status} ${await response.clone().text()}`);
    await response.arrayBuffer();
    const fresh = (await served.store.audit.after(before, 100)).map(({ action }) => action);
    assert.ok(fresh.includes(told.action), `${route}: expected ${told.action}, found ${fresh.join(', ') || 'no entry'}`);
  }
});

test('H4: which patients were shown is on record by study, each study once in ten minutes', async () => {
  const about = async (uids: readonly string[]): Promise<readonly string[]> => {
    const before = (await served.store.audit.last())!.seq;
    await (await ask(`/api/patients?studies=${uids.join(',')}`, { role: 'viewer' })).json();
    return (await served.store.audit.after(before, 10)).flatMap(
      ({ subject }) => (JSON.parse(subject) as { studyInstanceUIDs: string[] }).studyInstanceUIDs,
    );
  };
  assert.deepEqual(await about(['1.5.1', '1.5.2']), ['1.5.1', '1.5.2']);
  assert.deepEqual(await about(['1.5.1', '1.5.2']), []);
  assert.deepEqual(await about(['1.5.2', '1.5.3']), ['1.5.3']);
});

test('D10: what was searched is on record: UIDs as they are, the rest as keyed hashes, each search by itself', async () => {
  const search = async (query: string): Promise<{ level: string; searched?: string[]; offset?: number }> => {
    const before = (await served.store.audit.last())!.seq;
    assert.equal((await ask(`/dicom-web/${query}`, { role: 'viewer' })).status, 200, query);
    const [row] = await served.store.audit.after(before, 10);
    return JSON.parse(row!.subject) as { level: string; searched?: string[]; offset?: number };
  };
  const audit = openAuditLog(served.store.audit, silentLog);
  const named = await search(`studies?PatientName=${mark}%5EAnna&00100020=77-1&limit=10&offset=20`);
  assert.deepEqual(named, {
    level: 'studies',
    searched: [
      `PatientID#${await audit.fingerprint(searchText('PatientID', '77-1'))}`,
      `PatientName#${await audit.fingerprint(searchText('PatientName', `${mark}^anna`))}`,
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
  const before = (await served.store.audit.last())!.seq;
  for (const [path, method] of [
    ['/api/accounts', 'GET'],
    [`/api/studies/${mark}/assessments`, 'POST'],
    ['/api/audit', 'GET'],
    [`/dicom-web/${mark}`, 'GET'],
    [`/dicom-web/studies/${mark}`, 'DELETE'],
  ] as const) {
    assert.equal((await ask(path, { method, role: 'viewer' })).status, 403, path);
  }
  const rows = await served.store.audit.after(before, 100);
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
      ...served.store.audit,
      append: async (entry) => {
        if (full) throw new Fault('disk-full', 'no room');
        written.push(entry.action);
        return served.store.audit.append(entry);
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

test('D24: a completed action is not reported as failed because its audit entry could not be written', async () => {
  const audit = openAuditLog(served.store.audit, silentLog);
  const made = await audit.recordAction(
    { actor: 'a', action: 'account.add' },
    async () => 'made',
    () => {
      throw new Error('a mistake in the subject of the entry');
    },
  );
  assert.equal(made, 'made');
  assert.deepEqual(
    (await served.store.audit.list({ actor: 'a', action: 'account.add' })).map(({ outcome }) => outcome),
    ['intended'],
    'nothing says that it failed',
  );
  const before = (await served.store.audit.last())!.seq;
  assert.equal((await ask('/api/drift/alarms/0123456789ab/acknowledge', { method: 'POST' })).status, 204);
  assert.deepEqual(
    (await served.store.audit.after(before, 10)).map(({ action, outcome }) => `${action} ${outcome}`),
    ['drift.acknowledge intended', 'drift.acknowledge done'],
  );
});

test('D32: times of another zone find the same entries', async () => {
  const at = new Date('2026-03-01T07:30:00Z');
  await served.store.audit.append({ actor: 'zone', action: 'study.view' }, at);
  const found = async (query: string): Promise<number> =>
    ((await (await ask(`/api/audit?actor=zone&${query}`)).json()) as unknown[]).length;
  assert.equal(await found(`from=${encodeURIComponent('2026-03-01T08:00+01:00')}`), 1);
  assert.equal(await found(`from=${encodeURIComponent('2026-03-01T09:00+01:00')}`), 0);
  assert.equal(await found(`to=${encodeURIComponent('2026-03-01T02:45-05:00')}`), 1);
  assert.equal((await ask('/api/audit?from=yesterday')).status, 400);
  assert.equal((await ask('/api/audit?from=%2B275760-01-01T00:00:00Z')).status, 400);
});
