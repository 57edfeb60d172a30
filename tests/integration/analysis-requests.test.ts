import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { silentLog } from '../../src/log.js';
import { backlogPriority } from '../../src/reporting/queues.js';
import { administrationOf } from '../../src/server/access/administration.js';
import type { Role } from '../../src/server/access/roles.js';
import type { RunningService } from '../../src/service/start-service.js';
import { chestAi, objects } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByStow } from '../support/send.js';
import { documentsOf, startTestService } from '../support/service.js';
import { tinyImage } from '../support/tiny-image.js';

const patience = { timeoutMs: 60_000, intervalMs: 200 };
const hand = { BodyPartExamined: 'HAND' };
const testDevice = { StationName: 'QA-1' };

/** A person requests the analysis of a study, on a real Orthanc. */
describe('requests for the analysis of a study', () => {
  const dataDir = temporaryDirectory('analysis-requests');
  let service: RunningService;
  const tokens = new Map<string, string>();
  after(async () => {
    await service?.stop();
  });
  const pacs = useOrthanc();
  before(async () => {
    service = await startTestService(pacs.orthanc, { dataDir });
    const administration = administrationOf(service.store, openAuditLog(service.store.audit, silentLog));
    for (const [name, role] of [
      ['ann', 'reader'],
      ['ben', 'reader'],
      ['vic', 'viewer'],
      ['op', 'operator'],
    ] as const satisfies readonly (readonly [string, Role])[])
      tokens.set(name, (await administration.addToken({ name, roles: [role] }, { actor: 'test' })).token);
  });

  const environment = (): Readonly<Record<string, string>> => ({
    DATA_DIR: dataDir,
    ORTHANC_URL: pacs.orthanc.url,
    ORTHANC_USERNAME: pacs.orthanc.username,
    ORTHANC_PASSWORD: pacs.orthanc.password,
  });
  function ask(path: string, { name = 'ann', ...init }: RequestInit & { readonly name?: string } = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${tokens.get(name)}`, ...(init.headers as Record<string, string> | undefined) };
    return fetch(service.url + path, { ...init, headers, redirect: 'manual' });
  }
  async function request(
    study: string,
    name = 'ann',
  ): Promise<{ readonly status: number; readonly state?: string; readonly code?: string }> {
    const response = await ask(`/api/studies/${study}/analysis`, { method: 'POST', name });
    return { status: response.status, ...((await response.json()) as object) };
  }
  const current = (study: string) => service.store.results.currentResult(study);
  async function skipped(name: string, attributes: Readonly<Record<string, string>>, code: string): Promise<string> {
    const { studyInstanceUID, files } = chestStudy(name, [{ attributes }]);
    await sendByStow(files, pacs.dicomWeb);
    await eventually('the rules skip it', async () => assert.equal((await current(studyInstanceUID))?.code, code), patience);
    await eventually('it is done', async () => assert.equal((await service.store.studies.find(studyInstanceUID))?.state, 'done'));
    return studyInstanceUID;
  }
  const reported = (study: string): Promise<void> =>
    eventually('it is reported', async () => assert.equal((await current(study))?.outcome, 'reported'), patience);

  test('a study that the rules skip is analysed, and stays analysed when an image arrives; a second request has nothing to do', async () => {
    for (const [name, attributes, code] of [
      ['no rule', hand, 'no-rule'],
      ['ignored', testDevice, 'ignored-by-rule'],
    ] as const) {
      const study = await skipped(name, attributes, code);
      // On a busy machine the PACS's own change of a moment ago may still be queued.
      const { status, state = '', ...rest } = await request(study);
      assert.deepEqual({ status, ...rest }, { status: 200, studyInstanceUID: study });
      assert.ok(state === 'queued' || state === 'in-progress', state);
      await reported(study);
      const { current: documents } = await documentsOf(pacs.dicomWeb, study as Parameters<typeof documentsOf>[1]);
      const text = documents.find((one) => one.kind === 'text');
      assert.ok(text?.report.algorithm.parameters.includes('requested, no rule'), 'the document states why it was analysed');
      const row = await current(study);
      assert.deepEqual([row?.rule, row?.code], [null, null]);
      await eventually('the request is answered', async () => assert.equal((await service.store.requests.find(study))?.isOpen, false));
      await eventually('nothing is pending', async () => assert.equal((await request(study)).state, 'unchanged'), patience);

      const more = chestStudy(name, [{ number: 2, attributes }]).files;
      await sendByStow(more, pacs.dicomWeb);
      await eventually(
        'another result is reported',
        async () => {
          const now = await current(study);
          assert.notEqual(now?.resultId, row?.resultId);
          assert.equal(now?.outcome, 'reported');
        },
        patience,
      );
      const waits = (await service.store.readings.find(study))?.waits;
      assert.equal(waits, true, 'a study that a person has requested waits to be read');
    }
  });

  test('the checks of the images stay: what the model is not made for is not analysed, and a repeated request changes nothing', async () => {
    const { studyInstanceUID: lateral, files } = chestStudy('lateral', [{ view: 'lateral', attributes: hand }]);
    await sendByStow(files, pacs.dicomWeb);
    await eventually('the rules skip it', async () => assert.equal((await current(lateral))?.code, 'no-rule'), patience);
    assert.equal((await request(lateral)).status, 200);
    await eventually('its images were examined', async () => assert.equal((await current(lateral))?.code, 'lateral-only'), patience);
    await eventually('nothing is left to do', async () => assert.equal((await request(lateral)).state, 'unchanged'), patience);
    const mr = tinyImage({ study: 'mr' }, { Modality: 'MR' });
    await sendByStow([mr.bytes], pacs.dicomWeb);
    await eventually('the rules skip it', async () => assert.equal((await current(mr.studyInstanceUID))?.code, 'no-rule'), patience);
    assert.equal((await request(mr.studyInstanceUID)).status, 200);
    await eventually(
      'the request is answered',
      async () => {
        assert.equal((await service.store.requests.find(mr.studyInstanceUID))?.isOpen, false);
      },
      patience,
    );
    assert.equal((await current(mr.studyInstanceUID))?.code, 'no-rule', 'no image of a modality that is analysed');
  });

  test('a failed study is analysed again; it fails for the same reason and is not tried without end', async () => {
    const { studyInstanceUID: study, files } = chestStudy('broken', [{ attributes: { BitsAllocated: 16, BitsStored: 40, HighBit: 39 } }]);
    await sendByStow(files, pacs.dicomWeb);
    await eventually('it has failed', async () => assert.equal((await current(study))?.outcome, 'failed'), patience);
    await eventually('it is marked', async () => assert.equal((await service.store.studies.find(study))?.state, 'failed'));
    assert.equal((await request(study)).status, 200);
    await eventually(
      'the request is answered',
      async () => {
        assert.equal((await service.store.requests.find(study))?.isOpen, false);
        assert.equal((await service.store.studies.find(study))?.state, 'failed');
      },
      patience,
    );
  });

  test('the answers name what is wrong; who may ask; every request is on record before it is carried out', async () => {
    assert.deepEqual([(await request('1.2.840.99.1')).status, (await request('1.2.840.99.1')).code], [404, 'pacs-not-found']);
    const unknown = await ask('/api/studies/1.2.840.99.1/analysis', { method: 'POST' });
    assert.match(
      ((await unknown.json()) as { error: string }).error,
      /expected a study that the PACS contains, found none.*1\.2\.840\.99\.1/,
    );
    assert.equal((await request('no%20uid')).status, 400);
    for (const name of ['vic', 'op']) assert.equal((await request('1.2.840.99.1', name)).status, 403, name);
    const twins = ['A', 'B'].map((patient) => tinyImage({ study: 'twins' }, { PatientID: patient }));
    await sendByStow(
      twins.map(({ bytes }) => bytes),
      pacs.dicomWeb,
    );
    const twice = await request(twins[0]!.studyInstanceUID);
    assert.deepEqual([twice.status, twice.code], [409, 'study-ambiguous']);
    const entries = (await service.store.audit.list({ action: 'study.request', limit: 100 })).map((one) => {
      const { studyInstanceUID, state } = JSON.parse(one.subject) as Readonly<Record<string, string>>;
      return [one.actor, one.outcome, studyInstanceUID, state];
    });
    assert.ok(entries.some(([actor, outcome, , state]) => actor === 'token:ann' && outcome === 'done' && state === 'queued'));
    assert.ok(entries.some(([, outcome, uid]) => outcome === 'failed' && uid === '1.2.840.99.1'));
    assert.equal(
      entries.filter(([, outcome]) => outcome === 'intended').length,
      entries.filter(([, outcome]) => outcome !== 'intended').length,
    );
  });

  test('a request goes before studies of the archive, also where one of them waits already', async () => {
    const study = await skipped('priority', hand, 'no-rule');
    const [id] = await pacs.client.findStudies(study as Parameters<typeof pacs.client.findStudies>[0]);
    const queue = { name: 'study-intake', formerNames: [], parse: (stored: unknown) => stored as object };
    await service.jobs.send(queue, { pacsStudyId: id }, { key: id!, priority: backlogPriority, startAfterMs: 3_600_000 });
    assert.equal((await request(study)).state, 'in-progress');
    await reported(study);
  });

  test('the page of a link changes nothing by itself; its token is valid once, for one user and one study', async () => {
    const study = await skipped('link', hand, 'no-rule');
    const other = await skipped('other link', hand, 'no-rule');
    const tokenOf = async (uid: string, name = 'ann'): Promise<string> => {
      const page = await ask(`/request-analysis/${uid}`, { name });
      assert.equal(page.status, 200);
      const html = await page.text();
      assert.ok(html.includes(uid));
      return /name="token" value="([\w-]{43})"/.exec(html)![1]!;
    };
    const confirm = (uid: string, token: string, name = 'ann'): Promise<Response> =>
      ask(`/request-analysis/${uid}`, {
        method: 'POST',
        name,
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'de' },
        body: new URLSearchParams({ token }).toString(),
      });
    const token = await tokenOf(study);
    assert.equal(await service.store.requests.find(study), undefined, 'opening the page requests nothing');
    for (const [uid, given, name] of [
      [other, token, 'ann'],
      [study, token, 'ben'],
      [study, 'x'.repeat(43), 'ann'],
      [study, '', 'ann'],
    ] as const) {
      const refused = await confirm(uid, given, name);
      assert.equal(refused.status, 409, `${name} ${given.slice(0, 3)}`);
      assert.match(await refused.text(), /es wurde nichts angefordert/);
    }
    for (const uid of [study, other]) assert.equal(await service.store.requests.find(uid), undefined);
    const confirmed = await confirm(study, token);
    assert.equal(confirmed.status, 200);
    assert.match(await confirmed.text(), /Die Studie wartet auf ihre Analyse/);
    assert.equal((await confirm(study, token)).status, 409, 'used up');
    await reported(study);
    assert.equal((await ask(`/request-analysis/${study}`, { name: 'vic' })).status, 403);
    const { status } = await ask(`/request-analysis/${study}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    assert.equal(status, 400);
  });

  test('the command line requests by the interface of the service', async () => {
    const study = await skipped('command', hand, 'no-rule');
    const tokenFile = join(temporaryDirectory('request'), 'token');
    writeFileSync(tokenFile, `${tokens.get('ann')}\n`, { mode: 0o600 });
    const run = await chestAi(['request', study, '1.2.840.99.1', '--token-file', tokenFile, '--url', service.url, '--json']);
    assert.equal(run.code, 1, run.stderr);
    const [found, missing] = objects<{ readonly studyInstanceUID: string; readonly state?: string; readonly code?: string }>(run);
    assert.deepEqual(found, { studyInstanceUID: study, state: 'queued' });
    assert.deepEqual([missing?.studyInstanceUID, missing?.code], ['1.2.840.99.1', 'pacs-not-found']);
    await reported(study);
    const again = await chestAi(['request', '../x', '--token-file', tokenFile, '--url', service.url]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /expected Study Instance UIDs/);
  });

  test('the command line requests by the database, beside the service or without it; then the next start does the work', async () => {
    const study = await skipped('command beside', hand, 'no-rule');
    const other = await skipped('command beside, service running', hand, 'no-rule');
    const beside = await chestAi(['request', other], environment());
    assert.equal(beside.code, 0, beside.stderr);
    assert.match(beside.stdout, new RegExp(`^${other}: queued`, 'm'));
    await reported(other);
    await service.stop();
    const run = await chestAi(['request', study, '1.2.840.99.1'], environment());
    assert.equal(run.code, 1, run.stderr);
    assert.match(run.stdout, new RegExp(`^${study}: queued$`, 'm'));
    assert.match(run.stderr, /1\.2\.840\.99\.1: The PACS does not have this object/);
    service = await startTestService(pacs.orthanc, { dataDir });
    await reported(study);
    const actors = (await service.store.audit.list({ action: 'study.request', limit: 100 })).map(({ actor }) => actor);
    assert.ok(actors.some((one) => one.startsWith('command:')));
  });

  test('a rebuilt index knows that a study was requested, and leaves its report as it is', async () => {
    const study = await skipped('rebuilt', hand, 'no-rule');
    await request(study);
    await reported(study);
    await eventually('the request is answered', async () => assert.equal((await service.store.requests.find(study))?.isOpen, false));
    await service.stop();
    const rebuiltDir = temporaryDirectory('analysis-requests-rebuilt');
    const run = await chestAi(['rebuild', '--json'], { ...environment(), DATA_DIR: rebuiltDir }, 120_000);
    assert.equal(run.code, 0, run.stderr);
    service = await startTestService(pacs.orthanc, { dataDir: rebuiltDir });
    const { resultId, outcome, rule } = (await current(study))!;
    assert.deepEqual([outcome, rule, (await service.store.requests.find(study))?.isOpen], ['reported', null, false]);
    await sendByStow(chestStudy('rebuilt', [{ number: 2, attributes: hand }]).files, pacs.dicomWeb);
    await eventually(
      'another result is reported',
      async () => {
        const now = await current(study);
        assert.notEqual(now?.resultId, resultId);
        assert.equal(now?.outcome, 'reported');
      },
      patience,
    );
  });
});
