import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { administrationOf } from '../../src/server/access/administration.js';
import type { AuditRow } from '../../src/store/audit-entries.js';
import { openStore, type Store } from '../../src/store/store.js';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { chestStudy } from '../support/chest-study.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { eventuallyOneResult, spawnService, type SpawnedService } from '../support/service.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const run = promisify(execFile);

describe('an assessment while the service is killed', () => {
  const dataDir = temporaryDirectory('audit-killed');
  let proxy: FaultyProxy;
  let service: SpawnedService | undefined;
  after(async () => {
    await service?.kill();
    await proxy.close();
  });
  const pacs = useOrthanc();
  const { studyInstanceUID, files } = chestStudy('assessed while killed', [
    { attributes: { PatientID: 'ID-4711', PatientName: 'Müller^Zoë', SpecificCharacterSet: 'ISO_IR 192' } },
  ]);
  let token = '';

  async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = await openStore({ dataDir: join(dataDir, 'index') }, silentLog);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }
  const assessmentEntries = () =>
    withStore(async (store) =>
      (await store.audit.list({ action: 'assessment.give' }))
        .map((row) => ({ ...row, subject: JSON.parse(row.subject) as Record<string, unknown> }))
        .reverse(),
    );
  const assessmentsInPacs = async () => readAssessments(await pacs.dicomWeb.retrieveStudyMetadata(studyInstanceUID)).length;

  before(async () => {
    proxy = await startFaultyProxy(pacs.orthanc);
    token = await withStore(
      async (store) =>
        (
          await administrationOf(store, openAuditLog(store.audit, silentLog)).addToken(
            { name: 'reading', roles: ['reader'] },
            { actor: 'test' },
          )
        ).token,
    );
    service = await spawnService(pacs.orthanc, { url: proxy.url, dataDir });
    await sendByCStore(files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
  });

  async function giveAssessment(decision: string): Promise<Response> {
    const url = /url=(\S+)/.exec(service!.output())![1]!;
    return fetch(`${url}/api/studies/${studyInstanceUID}/assessments`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ findings: [{ name: 'pneumonia', decision }] }),
    });
  }

  for (const [when, stored, decision] of [
    ['before', 0, 'present'],
    ['after', 1, 'absent'],
  ] as const) {
    test(`${when} the PACS has taken it: on record as intended, with no outcome`, async () => {
      const victim = service!;
      proxy.misbehave(
        { kind: 'trap', when, spring: () => void victim.process.kill('SIGKILL') },
        { only: /^POST \/dicom-web\/studies/, times: 1 },
      );
      await assert.rejects(giveAssessment(decision));
      await victim.kill();
      proxy.behave();
      assert.equal(await assessmentsInPacs(), stored, 'what the PACS holds');
      const entries = await assessmentEntries();
      const last = entries.at(-1)!;
      assert.deepEqual([last.outcome, last.actor, last.subject], ['intended', 'token:reading', { studyInstanceUID }]);
      service = await spawnService(pacs.orthanc, { url: proxy.url, dataDir });
    });
  }

  test('repeated, it is done; the audit log has the document and the number of the intention', async () => {
    const answer = await giveAssessment('absent');
    assert.equal(answer.status, 200, 'the PACS held it already');
    await service!.end();
    service = undefined;
    const [intended, done] = (await assessmentEntries()).slice(-2);
    assert.deepEqual([intended!.outcome, done!.outcome], ['intended', 'done']);
    const { sopInstanceUID } = (await answer.json()) as { readonly sopInstanceUID: string };
    assert.deepEqual(done!.subject, { intention: intended!.seq, sopInstanceUID, stored: false, studyInstanceUID });
  });

  test('the export names the patients if it is asked to, and says which intentions had no outcome', {
    skip: existsSync('/usr/bin/xmllint') ? undefined : 'xmllint is not installed (apt-get install libxml2-utils)',
  }, async () => {
    const { orthanc } = pacs;
    const environment = {
      PATH: process.env['PATH'],
      DATA_DIR: dataDir,
      MODEL_DIR: twoFindingModel,
      ORTHANC_URL: orthanc.url,
      ORTHANC_USERNAME: orthanc.username,
      ORTHANC_PASSWORD: orthanc.password,
    };
    const exported = async (...more: readonly string[]) =>
      (
        await run(process.execPath, [join(projectRoot, 'dist/src/cli.js'), 'audit', 'export', '--format', 'atna', ...more], {
          cwd: projectRoot,
          env: environment,
        })
      ).stdout
        .trim()
        .split('\n');
    const without = await exported();
    assert.ok(without.every((line) => !/4711|Zoë/.test(line)));
    const messages = await exported('--with-patients');
    const patient =
      '<ParticipantObjectIdentification ParticipantObjectID="ID-4711" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1"><ParticipantObjectIDTypeCode csd-code="2" codeSystemName="RFC-3881" originalText="Patient Number"/><ParticipantObjectName>Müller^Zoë</ParticipantObjectName></ParticipantObjectIdentification>';
    const ofStudies = messages.filter((line) => line.includes(studyInstanceUID));
    assert.ok(ofStudies.length >= 3);
    assert.ok(
      ofStudies.every((line) => line.includes(patient)),
      ofStudies[0],
    );
    assert.deepEqual(
      messages.filter((line) => !ofStudies.includes(line) && /4711|Zoë/.test(line)),
      [],
    );
    assert.deepEqual(
      messages.filter((line) => line.includes('assessment.give')).map((line) => /EventOutcomeIndicator="(\d+)"/.exec(line)![1]),
      ['0', '12', '12'],
    );
    for (const message of messages) {
      const { status, stderr } = spawnSync(
        '/usr/bin/xmllint',
        ['--nonet', '--noout', '--relaxng', join(projectRoot, 'tests/fixtures/audit/audit-message.rng'), '-'],
        { input: message, encoding: 'utf8' },
      );
      assert.equal(status, 0, `${message}\n${stderr}`);
    }
    const kept = await withStore(async (store) => JSON.stringify((await store.audit.list({ limit: 1000 })) satisfies readonly AuditRow[]));
    assert.doesNotMatch(kept, /4711|Zoë/, 'kept nowhere');
  });
});
