import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { accessParts } from '../support/access.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const patience = { timeoutMs: 120_000, intervalMs: 200 };

/** ADT^A40 at the hospital: the RIS reports under the new ID, and the PACS follows later. */
describe('the ID of a patient is merged into another', () => {
  let receiver: WebhookReceiver;
  let service: RunningService;
  after(async () => {
    await service?.stop();
    await receiver?.close();
  });
  const pacs = useOrthanc();
  before(async () => {
    receiver = await startWebhookReceiver();
    service = await startTestService(pacs.orthanc, {
      reports: { fhir: true },
      messages: {
        channels: [{ name: 'ris', webhook: { url: receiver.url, plainHttp: true, secret: 'a secret of this test' }, patient: ['id'] }],
        rules: [{ channel: 'ris', decision: 'any' }],
      },
    });
  });

  test('the report for the new ID waits and then matches; the receiver gets one correction with the new ID, and nothing twice', async () => {
    const [old, merged] = ['OLD-40', 'NEW-40'];
    const { studyInstanceUID, files } = chestStudy('merged', [{ attributes: { PatientID: old, AccessionNumber: 'ACC-40' } }]);
    await sendByCStore(files, pacs.orthanc);
    const sent = () => receiver.of(studyInstanceUID).map(({ key, json }) => [key, json.result.isCorrection, json.study.patient.id]);
    await eventually('the first message', () => assert.equal(sent().length, 1), patience);
    await eventually(
      'the study is identified',
      async () => assert.deepEqual(await service.store.radiologyReports.withoutIdentity(10), []),
      patience,
    );
    const { token } = await accessParts(service.store).administration.addToken({ name: 'ris', roles: ['service'] }, { actor: 'test' });
    const response = await fetch(`${service.url}/api/reports`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/fhir+json', Authorization: `Bearer ${token}` },
      body: JSON.stringify({
        resourceType: 'DiagnosticReport',
        status: 'final',
        identifier: [
          { system: 'urn:ris', value: 'R-40' },
          { type: { coding: [{ code: 'ACSN' }] }, value: 'ACC-40' },
        ],
        subject: { identifier: { value: merged } },
        conclusion: 'Pneumonia.',
      }),
    });
    assert.equal(((await response.json()) as { state: string }).state, 'waiting');
    const states = async () => (await service.store.radiologyReports.counts()).map(({ state, reason, n }) => [state, reason, n]);
    assert.deepEqual(await states(), [['waiting', 'patient-differs', 1]]);

    const { orthancId } = (await service.store.studies.find(studyInstanceUID))!;
    const { ParentPatient } = (await orthancRequest(pacs.endpoint, 'GET', `/studies/${orthancId}`)) as { ParentPatient: string };
    await orthancRequest(pacs.endpoint, 'POST', `/patients/${ParentPatient}/modify`, {
      Replace: { PatientID: merged },
      Keep: ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'],
      Force: true,
      KeepSource: false,
      Synchronous: true,
    });
    await eventually('the report is matched', async () => assert.deepEqual(await states(), [['matched', null, 1]]), patience);
    await eventually('the correction', () => assert.equal(sent().length, 2, JSON.stringify(sent())), patience);
    await eventually(
      'nothing is left to do',
      async () => {
        const stats = await service.jobs.stats();
        assert.deepEqual(
          stats.filter((one) => one.waiting + one.active + one.retrying > 0).map((one) => one.queue),
          [],
        );
      },
      patience,
    );
    const [first, second] = sent();
    assert.deepEqual(
      [first!.slice(1), second!.slice(1)],
      [
        [false, old],
        [true, merged],
      ],
    );
    assert.notEqual(first![0], second![0]);
    assert.equal(sent().length, 2);
    assert.ok(
      (await service.store.labels.ofStudy(studyInstanceUID)).some(({ source, finding }) => source === 'report' && finding === 'pneumonia'),
    );
  });
});
