import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { validateResource } from '@medplum/core';
import { textOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { SOPInstanceUID } from '../../src/dicom/uid.js';
import type { RunningService } from '../../src/service/start-service.js';
import { logInFirst } from '../support/access.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFhirServer, type FhirPeer } from '../support/fhir-server.js';
import { startMllpServer, type MllpPeer } from '../support/mllp-server.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';

/* From a study in Orthanc to a RIS and a FHIR server, which are Medplum's. */

/** A resource as the server gives it. */
type Stored = Readonly<Record<string, unknown>> & {
  readonly resourceType: string;
  readonly conclusion?: string;
  readonly imagingStudy?: readonly { readonly identifier: { readonly value: string } }[];
  readonly entry?: readonly { readonly resource: Stored }[];
};

const patience = { timeoutMs: 90_000, intervalMs: 200 };

describe('results to a RIS by HL7 and to a FHIR server', () => {
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('messages-hl7-fhir');
  let ris: MllpPeer;
  let fhir: FhirPeer;
  let service: RunningService;
  before(async () => {
    ris = await startMllpServer();
    fhir = await startFhirServer();
    service = await startTestService(pacs.orthanc, {
      dataDir,
      messages: {
        channels: [
          { name: 'ris', hl7: { host: '127.0.0.1', port: ris.port, receivingApplication: 'RIS' }, patient: ['id'] },
          { name: 'fhir', fhir: { url: fhir.url, token: 'a token of this test' } },
        ],
        rules: [
          { channel: 'ris', decision: 'any' },
          { channel: 'fhir', decision: 'any' },
        ],
      },
    });
  });
  after(async () => {
    await service?.stop();
    await fhir?.stop();
    await ris?.stop();
  });

  const { studyInstanceUID, files } = chestStudy('hl7 and fhir', [
    { attributes: { AccessionNumber: 'A-18' } },
    { number: 2, attributes: { AccessionNumber: 'A-18' } },
  ]);
  const accepted = (count: number): Promise<void> =>
    eventually(
      `${count} accepted messages`,
      async () => {
        const rows = await service.store.messages.ofStudy(studyInstanceUID);
        assert.equal(rows.filter(({ state }) => state === 'accepted').length, count, JSON.stringify(rows));
      },
      patience,
    );
  const stored = async (resourceType: string): Promise<readonly Stored[]> =>
    (await fhir.repository.searchResources({ resourceType, count: 100 } as never)) as unknown as readonly Stored[];
  const field = (at: number, segment: string, number: number): string | undefined =>
    ris.received[at]?.getSegment(segment)?.getField(number).toString();

  test('both receive the result, with UIDs and accession number, and of the patient only what is configured', async () => {
    await sendByCStore(files, pacs.orthanc);
    await accepted(2);
    const result = (await service.store.results.currentResult(studyInstanceUID))!;
    assert.equal(ris.received.length, 1);
    assert.equal(field(0, 'OBR', 2), '');
    assert.match(ris.received[0]!.toString(), /A-18/);
    assert.match(field(0, 'PID', 3)!, /^TEST-hl7 and fhir/);
    assert.doesNotMatch(ris.received[0]!.toString(), /PHANTOM/, 'the name is not configured');
    const text = ris.received[0]!.toString();
    for (const { code, decision } of result.findings) {
      assert.ok(text.includes(code));
      assert.ok(text.toLowerCase().includes(decision));
    }
    const [report, ...others] = await stored('DiagnosticReport');
    assert.deepEqual(others, []);
    assert.equal(report!.imagingStudy?.[0]?.identifier.value, `urn:oid:${studyInstanceUID}`);
    assert.equal((await stored('Observation')).length, result.findings.length);
    assert.doesNotMatch(JSON.stringify(report), /PHANTOM|TEST-hl7/);
    assert.ok(fhir.requests.every(({ authorization }) => authorization === 'Bearer a token of this test'));
  });

  test('GET /api/studies/UID/fhir gives the same as a valid bundle, on record', async () => {
    const headers = { ...(await logInFirst(service.url, dataDir)) };
    const response = await fetch(`${service.url}/api/studies/${studyInstanceUID}/fhir`, { headers });
    assert.match(response.headers.get('content-type')!, /^application\/fhir\+json/);
    const bundle = (await response.json()) as Stored;
    validateResource(bundle as never);
    const [report] = await stored('DiagnosticReport');
    const shown = bundle.entry!.map((one) => one.resource).find((one) => one.resourceType === 'DiagnosticReport')!;
    assert.deepEqual(
      [shown.conclusion, shown['status'], shown['identifier']],
      [report!.conclusion, report!['status'], report!['identifier']],
    );
    assert.doesNotMatch(JSON.stringify(bundle), /PHANTOM|TEST-hl7/);
    assert.equal((await fetch(`${service.url}/api/studies/2.25.404/fhir`, { headers })).status, 404);
  });

  test('an image is deleted: both receive a correction, and the FHIR server still has one report', async () => {
    const uid = textOf(readPart10(files[1]!).dataSet, 'SOPInstanceUID') as SOPInstanceUID;
    const [id] = await pacs.client.instanceIdsOf([uid]);
    await pacs.client.deleteInstance(id!);
    await accepted(4);
    assert.equal(ris.received.length, 2);
    assert.notEqual(field(1, 'MSH', 10), field(0, 'MSH', 10), 'a control ID of its own');
    assert.match(ris.received[1]!.toString(), /Replaces the earlier software result of this study/);
    const reports = await stored('DiagnosticReport');
    assert.equal(reports.length, 1);
    assert.match(reports[0]!.conclusion!, /Replaces the earlier software result/);
  });
});
