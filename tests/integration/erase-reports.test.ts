import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { silentLog } from '../../src/log.js';
import { administrationOf } from '../../src/server/access/administration.js';
import type { ShownErasure } from '../../src/server/schemas/erasures.js';
import type { RunningService } from '../../src/service/start-service.js';
import { chestAi } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';

const patience = { timeoutMs: 90_000, intervalMs: 200 };

describe('erasing of reports beside the running service', () => {
  let service: RunningService | undefined;
  after(() => service?.stop());
  const pacs = useOrthanc();
  const tokenFile = join(temporaryDirectory('erase-reports'), 'token');
  const erase = (...options: readonly string[]) => chestAi(['erase', ...options, '--token-file', tokenFile, '--url', service!.url]);
  const erased = async (...options: readonly string[]): Promise<ShownErasure> => {
    const { code, stdout, stderr } = await erase(...options, '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as ShownErasure;
  };

  before(async () => {
    service = await startTestService(pacs.orthanc, { reports: { fhir: true } });
    const administration = administrationOf(service.store, openAuditLog(service.store.audit, silentLog));
    writeFileSync(tokenFile, (await administration.addToken({ name: 'privacy', roles: ['admin'] }, { actor: 'test' })).token);
  });

  test("a patient's reports are erased that wait for their study, also if the PACS contains no study of the patient", async () => {
    const administration = administrationOf(service!.store, openAuditLog(service!.store.audit, silentLog));
    const { token } = await administration.addToken({ name: 'ris', roles: ['service'] }, { actor: 'test' });
    for (const value of ['NOWHERE', 'ELSEWHERE']) {
      const response = await fetch(`${service!.url}/api/reports`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/fhir+json', Authorization: `Bearer ${token}` },
        body: JSON.stringify({
          resourceType: 'DiagnosticReport',
          status: 'final',
          identifier: [
            { system: 'urn:ris', value },
            { type: { coding: [{ code: 'ACSN' }] }, value: `ACC ${value}` },
          ],
          subject: { identifier: { value } },
          conclusion: 'Pneumonia.',
        }),
      });
      assert.equal(((await response.json()) as { state: string }).state, 'waiting');
    }
    const found = await erased('--patient', 'NOWHERE');
    assert.deepEqual([found.studies, found.isErased, found.rows['radiology_report']], [[], false, 1]);
    const { stdout } = await erase('--patient', 'NOWHERE', '--dry-run');
    assert.match(stdout, /database: radiology_report 1;[\s\S]*Repeat the command with --yes/);
    assert.match((await erase('--patient', 'NOWHERE', '--yes')).stdout, /Erased\. Backups are not changed\. The PACS contains no study/);
    assert.equal((await erased('--patient', 'NOWHERE', '--yes')).isErased, false);
    assert.equal((await erased('--patient', 'ELSEWHERE')).rows['radiology_report'], 1);
  });

  test('studies that were deleted from the PACS are found by the keyed hash of their patient ID, and those of another patient are not', async () => {
    const { store } = service!;
    const studyOf = (name: string, PatientID: string, more: object = {}) =>
      chestStudy(`deleted ${name}`, [{ attributes: { PatientID, ...more } }]);
    const [gone, moved, other] = [studyOf('gone', 'GONE-1'), studyOf('moved', 'GONE-1'), studyOf('other', 'GONE-2')];
    const issued = ['CLINIC', 'HOSPITAL'].map((IssuerOfPatientID) => studyOf(IssuerOfPatientID, 'SHARED-1', { IssuerOfPatientID }));
    const all = [gone, moved, other, ...issued];
    await sendByCStore(
      all.flatMap(({ files }) => files),
      pacs.orthanc,
    );
    const identities = async (): Promise<number> =>
      (
        await store.sql.query<{ n: number }>({
          text: 'SELECT count(*)::int AS n FROM chest_ai.identified_study WHERE patient_key IS NOT NULL',
        })
      ).rows[0]!.n;
    await eventually('their patients are known', async () => assert.equal(await identities(), all.length), patience);
    for (const { studyInstanceUID } of all) {
      await eventually('a result', async () => assert.ok(await store.results.currentResult(studyInstanceUID)), patience);
      await orthancRequest(pacs.endpoint, 'DELETE', `/studies/${(await store.studies.find(studyInstanceUID))!.orthancId}`);
      await eventually(
        'the result goes',
        async () => assert.equal(await store.results.currentResult(studyInstanceUID), undefined),
        patience,
      );
    }
    // Sent again for another patient: what the PACS states now counts.
    await sendByCStore(studyOf('moved', 'GONE-3').files, pacs.orthanc);
    await eventually('its new result', async () => assert.ok(await store.results.currentResult(moved.studyInstanceUID)), patience);

    const found = await erased('--patient', ' GONE-1 ');
    assert.deepEqual(
      found.studies.map((one) => [one.studyInstanceUID, one.isInPacs]),
      [[gone.studyInstanceUID, false]],
    );
    assert.deepEqual([found.rows['study_statistics'], found.rows['identified_study']], [1, 1]);
    assert.match((await erase('--patient', 'GONE-1', '--yes')).stdout, /not in the PACS[\s\S]*Erased\. Backups are not changed/);
    assert.deepEqual((({ studies, rows }) => [studies, rows['study_statistics']])(await erased('--patient', 'GONE-1')), [[], 0]);
    assert.equal((await erased('--study', gone.studyInstanceUID)).rows['study_statistics'], 0);
    assert.equal((await erased('--patient', 'GONE-2')).rows['study_statistics'], 1, 'another patient');
    assert.ok(await store.results.currentResult(moved.studyInstanceUID), 'a study that has another patient now');

    const ambiguous = await erase('--patient', 'SHARED-1', '--yes');
    assert.match(ambiguous.stderr, /expected an issuer, because studies that were deleted from the PACS had this Patient ID from several/);
    const ofClinic = await erased('--patient', 'SHARED-1', '--issuer', 'CLINIC');
    assert.deepEqual(
      ofClinic.studies.map((one) => one.studyInstanceUID),
      [issued[0]!.studyInstanceUID],
    );
  });
});
