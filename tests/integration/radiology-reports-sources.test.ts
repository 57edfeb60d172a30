import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import { writePart10 } from '../../src/dicom/part10.js';
import { derivedUid, type StudyInstanceUID } from '../../src/dicom/uid.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import type { RunningService } from '../../src/service/start-service.js';
import { accessParts } from '../support/access.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { acknowledged, exchangeBytes, framed, oru, sendHl7 } from '../support/mllp-sender.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore, sendByStow } from '../support/send.js';
import { eventuallyOneResult, spawnService, startTestService, type SpawnedService } from '../support/service.js';

const patience = { timeoutMs: 60_000 };

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('reports by FHIR and as SR in the PACS', () => {
  let service: RunningService | undefined;
  let token = '';
  after(() => service?.stop());
  const pacs = useOrthanc();
  const [, opacity] = sampleStudies('sources', { scale: 0.35, ctSlices: 0 });
  const study = opacity!.studyInstanceUID as StudyInstanceUID;
  const labels = async () =>
    (await service!.store.labels.ofStudy(study))
      .filter(({ source }) => source === 'report')
      .map(({ finding, decision }) => `${finding} ${decision}`)
      .sort();
  const post = async (resource: object, { type = 'application/fhir+json', as = token } = {}) => {
    const response = await fetch(`${service!.url}/api/reports`, {
      method: 'POST',
      headers: { 'Content-Type': type, Authorization: `Bearer ${as}` },
      body: JSON.stringify(resource),
    });
    return { status: response.status, json: (await response.json()) as Readonly<Record<string, unknown>> };
  };
  const report = (changes: object = {}) => ({
    resourceType: 'DiagnosticReport',
    status: 'final',
    identifier: [
      { system: 'urn:ris', value: 'R-1' },
      { type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }] }, value: 'PH2' },
    ],
    code: { text: 'Chest' },
    subject: { identifier: { system: 'PHANTOMS', value: 'PHANTOM-2' } },
    issued: '2026-01-02T10:00:00Z',
    conclusion: 'No pneumothorax. Small left effusion.',
    ...changes,
  });

  before(async () => {
    service = await startTestService(pacs.orthanc, {
      reports: { fhir: true, sr: 'verified' },
      assessments: { hideOthersUntilAssessed: false },
    });
    ({ token } = await accessParts(service.store).administration.addToken({ name: 'ris', roles: ['service'] }, { actor: 'test' }));
    await sendByCStore(opacity!.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, study);
    await eventually('identified', async () => assert.deepEqual(await service!.store.radiologyReports.withoutIdentity(10), []), patience);
  });

  test('a DiagnosticReport is matched at once; a repetition changes nothing, a correction replaces it, entered-in-error removes it', async () => {
    assert.deepEqual(await post(report()), { status: 200, json: { outcome: 'stored', state: 'matched', studyInstanceUID: study } });
    assert.deepEqual(await labels(), ['abnormal present', 'pleural-effusion present', 'pneumothorax absent']);
    assert.equal((await post(report())).json['outcome'], 'unchanged');
    assert.equal((await post(report({ status: 'preliminary', conclusion: 'Pneumothorax' }))).json['outcome'], 'ignored');
    await post(report({ status: 'amended', issued: '2026-01-02T11:00:00Z', conclusion: 'No effusion.' }), { type: 'application/json' });
    assert.deepEqual(await labels(), ['pleural-effusion absent']);
    assert.equal((await post(report({ status: 'entered-in-error', issued: '2026-01-02T12:00:00Z' }))).json['state'], 'withdrawn');
    assert.deepEqual(await labels(), []);
  });

  test('only a token of role service may send; what is no report is refused without its values', async () => {
    const { token: reader } = await accessParts(service!.store).administration.addToken(
      { name: 'reader', roles: ['reader'] },
      { actor: 'test' },
    );
    assert.equal((await post(report(), { as: reader })).status, 403);
    const { status, json } = await post(report({ status: 'SECRETVALUE' }));
    assert.equal(status, 400);
    assert.ok(!JSON.stringify(json).includes('SECRETVALUE'));
  });

  test('what a report states is shown to readers only: beside the result it would show where the two differ', async () => {
    const { administration } = accessParts(service!.store);
    const tokenOf = async (role: 'viewer' | 'reader') =>
      (await administration.addToken({ name: `shown-to-${role}`, roles: [role] }, { actor: 'test' })).token;
    const second = [{ system: 'urn:ris', value: 'R-2' }, report().identifier[1]];
    await post(report({ identifier: second }));
    await service!.assessments.give({
      studyInstanceUID: study,
      reader: service!.assessments.readerOf('anna'),
      findings: [{ name: 'pneumonia', decision: 'absent' }],
      origin: 'api',
    });
    const shownTo = async (as: string) => {
      const response = await fetch(`${service!.url}/api/studies/${study}/assessments`, { headers: { Authorization: `Bearer ${as}` } });
      return ((await response.json()) as { readonly labels: readonly { readonly finding: string }[] }).labels.map(({ finding }) => finding);
    };
    assert.deepEqual((await shownTo(await tokenOf('reader'))).sort(), ['abnormal', 'pleural-effusion', 'pneumonia', 'pneumothorax']);
    for (const as of [await tokenOf('viewer'), token]) assert.deepEqual(await shownTo(as), ['pneumonia']);
    await post(report({ identifier: second, status: 'entered-in-error', issued: '2026-01-02T12:00:00Z' }));
    assert.deepEqual(await labels(), []);
  });

  test('a verified SR of another system in the study is a report; one that is not verified is none; a deleted one no longer counts', async () => {
    const document = (name: string, changes: DataSet, text: string): DataSet => ({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.11',
      SOPInstanceUID: derivedUid('report', name),
      StudyInstanceUID: study,
      SeriesInstanceUID: derivedUid('report series', name),
      StudyDate: '20260102',
      StudyTime: '101112',
      AccessionNumber: 'PH2',
      PatientName: 'PHANTOM^OPACITY',
      PatientID: 'PHANTOM-2',
      IssuerOfPatientID: 'PHANTOMS',
      PatientBirthDate: '',
      PatientSex: 'F',
      Modality: 'SR',
      Manufacturer: 'Another system',
      SeriesNumber: 900,
      InstanceNumber: 1,
      ContentDate: '20260103',
      ContentTime: '080000',
      CompletionFlag: 'COMPLETE',
      VerificationFlag: 'VERIFIED',
      ValueType: 'CONTAINER',
      ContinuityOfContent: 'SEPARATE',
      ConceptNameCodeSequence: [{ CodeValue: '18748-4', CodingSchemeDesignator: 'LN', CodeMeaning: 'Diagnostic imaging report' }],
      ContentSequence: [section('121060', 'History', '121059', 'Pneumonia?'), section('121070', 'Findings', '121071', text)],
      ...changes,
    });
    const section = (code: string, meaning: string, inner: string, text: string): DataSet => ({
      RelationshipType: 'CONTAINS',
      ValueType: 'CONTAINER',
      ContinuityOfContent: 'SEPARATE',
      ConceptNameCodeSequence: [{ CodeValue: code, CodingSchemeDesignator: 'DCM', CodeMeaning: meaning }],
      ContentSequence: [
        {
          RelationshipType: 'CONTAINS',
          ValueType: 'TEXT',
          ConceptNameCodeSequence: [{ CodeValue: inner, CodingSchemeDesignator: 'DCM', CodeMeaning: meaning }],
          TextValue: text,
        },
      ],
    });
    const signed = document('signed', {}, 'Kein Pneumothorax.');
    await sendByStow(
      [writePart10(document('draft', { VerificationFlag: 'UNVERIFIED' }, 'Pneumothorax.')), writePart10(signed)],
      pacs.dicomWeb,
    );
    await eventually('the signed one is read', async () => assert.deepEqual(await labels(), ['pneumothorax absent']), patience);
    const [instance] = (await orthancRequest(pacs.orthanc, 'POST', '/tools/find', {
      Level: 'Instance',
      Query: { SOPInstanceUID: String(signed['SOPInstanceUID']) },
    })) as readonly string[];
    await orthancRequest(pacs.orthanc, 'DELETE', `/instances/${instance}`);
    await eventually('it no longer counts', async () => assert.deepEqual(await labels(), []), patience);
  });
});

describe('the process is killed', () => {
  let service: SpawnedService | undefined;
  after(() => service?.kill());
  const pacs = useOrthanc();
  const marks = ['zqxacc', 'zqxpat', 'zqxorder', 'zqxtext'];

  test('before or after the acknowledgment: the repetition has one effect; no text and no identifier is stored or logged', async () => {
    const dataDir = temporaryDirectory('reports-killed');
    const port = await freePort();
    const configFile = join(dataDir, 'settings.yaml');
    writeFileSync(configFile, `radiologyReports: { hl7: { port: ${port} } }\nlog: { level: debug }\n`);
    const start = () => spawnService(pacs.orthanc, { dataDir, environment: { CONFIG_FILE: configFile } });
    const chest = chestStudy('killed', [{ attributes: { AccessionNumber: 'ZQXACC1', PatientID: 'ZQXPAT1' } }]);
    const message = (lines: readonly string[], at: string) =>
      oru({ controlId: 'KILL', accession: 'ZQXACC1', order: 'ZQXORDER', patient: 'ZQXPAT1', at, lines });
    const first = message(['Kein Pneumothorax ZQXTEXT.'], '20260102');
    const second = message(['Pneumothorax ZQXTEXT rechts.'], '20260103');
    let output = '';

    service = await start();
    await sendByCStore(chest.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, chest.studyInstanceUID);
    // After the acknowledgment: it was stored.
    assert.equal(acknowledged(await sendHl7(port, first)).code, 'AA');
    output += service.output();
    await service.kill();
    service = await start();
    // While it is received: whether it was stored is unknown to the sender, which repeats it.
    const answer = exchangeBytes(port, framed(second)).catch(() => Buffer.alloc(0));
    output += service.output();
    await service.kill();
    await answer;
    service = await start();
    assert.equal(acknowledged(await sendHl7(port, second)).code, 'AA');
    assert.equal(acknowledged(await sendHl7(port, second)).code, 'AA');
    output += service.output();
    assert.equal(await service.end(), 0);
    service = undefined;

    const labelsOf = async (inside: RunningService) =>
      (await inside.store.labels.ofStudy(chest.studyInstanceUID))
        .filter(({ finding }) => finding === 'pneumothorax')
        .map(({ decision, source }) => [decision, source]);
    const inside = await startTestService(pacs.orthanc, { dataDir, reports: { hl7: { port } } });
    try {
      await eventually('labels', async () => assert.deepEqual(await labelsOf(inside), [['present', 'report']]));
      assert.equal(
        (await inside.store.radiologyReports.counts()).reduce((sum, { n }) => sum + n, 0),
        1,
      );
    } finally {
      await inside.stop();
    }
    // Switched off, and on again.
    const off = await startTestService(pacs.orthanc, { dataDir });
    try {
      assert.deepEqual(await labelsOf(off), []);
      assert.deepEqual(
        (await off.store.radiologyReports.counts()).map(({ state }) => state),
        ['waiting'],
      );
      const { token } = await accessParts(off.store).administration.addToken({ name: 'viewer', roles: ['viewer'] }, { actor: 'test' });
      const refused = await fetch(`${off.url}/api/reports`, { headers: { Authorization: `Bearer ${token}` } });
      assert.equal(refused.status, 404);
      assert.match(await refused.text(), /expected a source of reports in the setting radiologyReports, found none/);
    } finally {
      await off.stop();
    }
    const on = await startTestService(pacs.orthanc, { dataDir, reports: { hl7: { port } } });
    try {
      await eventually('labels', async () => assert.deepEqual(await labelsOf(on), [['present', 'report']]), patience);
    } finally {
      await on.stop();
    }
    for (const [name, bytes] of [
      ['the log', Buffer.from(output)] as const,
      ...filesIn(dataDir).map((file) => [file, readFileSync(file)] as const),
    ])
      for (const mark of marks) assert.ok(!bytes.toString('latin1').toLowerCase().includes(mark), `${mark} in ${name}`);
  });
});
