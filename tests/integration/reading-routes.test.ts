import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import type { Role } from '../../src/server/access/roles.js';
import type { ShownReading } from '../../src/server/page-types.js';
import { readingsPortOf } from '../../src/server/page/readings.js';
import { silentLog } from '../../src/log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts } from '../support/access.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

/** The routes of the reading state, over a real store. */
let store: Store;
let server: TestServer;
const tokens = new Map<string, string>();
const study = '1.2.840.99999.32';

before(async () => {
  store = await openStore({ dataDir: temporaryDirectory('reading-routes') }, silentLog);
  const { administration } = accessParts(store);
  for (const [name, role] of [
    ['ann', 'reader'],
    ['ben', 'reader'],
    ['vic', 'viewer'],
    ['op', 'operator'],
  ] as const satisfies readonly (readonly [string, Role])[])
    tokens.set(name, (await administration.addToken({ name, roles: [role] }, { actor: 'test' })).token);
  const settings = { routing: { rules: [] }, findingsOff: [] };
  server = await startTestServer(store, { ports: { readings: readingsPortOf(store, { triage: loadConfig({}).triage, settings }) } });
  await store.results.recordResult({
    resultId: 'r',
    studyInstanceUID: study,
    createdAt: new Date(Date.now() - 12 * 60_000),
    outcome: 'reported',
    inputKey: 'k',
    rule: 'chest',
    findings: [{ name: 'pneumothorax', code: '1', scheme: 'SCT', meaning: 'Pneumothorax', probability: 0.91, decision: 'present' }],
    triage: { urgency: 910, isSelected: true, isRecent: true },
  });
});
after(async () => {
  await server?.close();
  await store?.close();
});

async function act(name: string, action: string, body?: object, uid = study) {
  const response = await fetch(`${server.url}/api/studies/${uid}/reading/${action}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.get(name)}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, reply: (await response.json()) as ShownReading & { readonly code?: string; readonly error?: string } };
}

test('claim, conflict, take-over, release, read, unread: state, explanation, and what is on record', async () => {
  const claimed = await act('ann', 'claim', {});
  assert.equal(claimed.status, 200);
  assert.deepEqual(
    { state: claimed.reply.state, reader: claimed.reply.reader, explanation: claimed.reply.explanation, overdue: claimed.reply.overdue },
    { state: 'being-read', reader: 'token:ann', explanation: 'Pneumothorax 91 %, waiting 12 min', overdue: false },
  );
  const minutes = (Date.parse(claimed.reply.claimedUntil!) - Date.now()) / 60_000;
  assert.ok(minutes > 29 && minutes <= 30, `${minutes} min`);
  const refused = await act('ben', 'claim', {});
  assert.deepEqual([refused.status, refused.reply.code], [409, 'reading-conflict']);
  assert.match(refused.reply.error!, /expected a study that nobody else reads or has read, found one that token:ann reads until 2/);
  assert.equal((await act('ben', 'release')).status, 409);
  assert.equal((await act('ben', 'claim', { takeOver: true })).reply.reader, 'token:ben');
  assert.equal((await act('ben', 'release')).reply.state, 'unread');
  assert.equal((await act('ann', 'read')).reply.state, 'read');
  assert.match((await act('ben', 'claim', { takeOver: true })).reply.error!, /found one that token:ann has read at 2/);
  const again = await act('ben', 'unread');
  assert.deepEqual([again.reply.state, again.reply.waits, again.reply.wait], ['unread', true, '0 min']);
  const entries = (await store.audit.list({ action: 'reading', limit: 100 })).toReversed().map((one) => {
    const { takenFrom, studyInstanceUID } = JSON.parse(one.subject) as Readonly<Record<string, string>>;
    assert.equal(studyInstanceUID, study);
    return `${one.actor} ${one.action} ${one.outcome}${takenFrom ? ` from ${takenFrom}` : ''}`;
  });
  assert.deepEqual(entries, [
    'token:ann reading.claim intended',
    'token:ann reading.claim done',
    'token:ben reading.claim intended',
    'token:ben reading.claim failed',
    'token:ben reading.release intended',
    'token:ben reading.release failed',
    'token:ben reading.takeover intended',
    'token:ben reading.takeover done from token:ann',
    'token:ben reading.release intended',
    'token:ben reading.release done',
    'token:ann reading.read intended',
    'token:ann reading.read done',
    'token:ben reading.takeover intended',
    'token:ben reading.takeover failed',
    'token:ben reading.unread intended',
    'token:ben reading.unread done',
  ]);
});

test('bad requests are refused by name', async () => {
  for (const action of ['claim', 'release', 'read', 'unread']) {
    assert.equal((await act('vic', action, {})).status, 403, action);
    assert.equal((await act('op', action, {})).status, 403, action);
    assert.deepEqual((await act('ann', action, {}, '1.2.3.4')).status, 404, action);
    assert.equal((await act('ann', action, {}, 'no%20uid')).status, 400, action);
  }
  const wrong = await act('ann', 'claim', { takeOver: 'yes' });
  assert.equal(wrong.status, 400);
  assert.match(wrong.reply.error!, /takeOver: .*expected boolean/);
  assert.equal((await act('ann', 'claim', { force: true })).status, 400);
  assert.equal((await act('ann', 'claim')).status, 400);
});
