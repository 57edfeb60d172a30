import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { validateResource } from '@medplum/core';
import { projectRoot } from '../../src/config.js';
import type { Bundle, DiagnosticReport, FindingObservation } from '../../src/fhir/data-types.js';
import { fhirBundleOf, fhirTransaction } from '../../src/messages/fhir-bundle.js';
import { fhirExamples } from '../support/fhir-examples.js';
import { loadFhirDefinitions } from '../support/fhir-server.js';
import { exampleMessage, examplePatient, oracleMessages } from '../support/result-messages.js';

/*
 * Resources as others read them: each bundle validated by Medplum here, and parsed and validated by HAPI FHIR for
 * tests/fixtures/messages/fhir/hapi.json (tests/oracles/fhir/run.sh).
 */

// HAPI's file was written in this zone; a study time without an offset is a local one.
process.env['TZ'] = 'Europe/Berlin';

const hapi = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/messages/fhir/hapi.json'), 'utf8')) as Readonly<
  Record<string, { readonly messages: readonly string[]; readonly parsed: unknown }>
>;

/** What HAPI's validator may say: code systems that it does not have, and what a message leaves out on purpose. */
const known = [
  /CodeSystem is unknown and can't be validated: (http:\/\/loinc\.org|http:\/\/snomed\.info\/sct|http:\/\/dicom\.nema\.org\/|urn:uuid:8f0c5a52-)/,
  /CodeSystem could not be found: http:\/\/(loinc\.org|snomed\.info\/sct)/,
  /Best Practice Recommendation: In general, all observations should have a (performer|subject)/,
  /Best Practice Recommendation: In general, all observations should have an effective/,
  /^warning at Bundle\.entry\[\d+\]\.resource\S*\.code: Coding has no system\./,
];

test('HAPI has every bundle, and finds nothing but what is left out on purpose', () => {
  assert.deepEqual(Object.keys(hapi).sort(), Object.keys(fhirExamples).sort());
  const other = Object.entries(hapi).flatMap(([name, { messages }]) =>
    messages.filter((message) => !known.some((one) => one.test(message))).map((message) => `${name}: ${message}`),
  );
  assert.deepEqual(other, []);
});

for (const [name, bundle] of Object.entries(fhirExamples)) {
  test(`${name}: HAPI reads each element as it was written, and Medplum's validator accepts it`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(bundle)), hapi[name]!.parsed);
    loadFhirDefinitions();
    for (const { resource } of bundle.entry) assert.deepEqual(errorsOf(resource), []);
    assert.deepEqual(errorsOf(bundle), []);
  });
}

function errorsOf(resource: unknown): readonly unknown[] {
  return validateResource(resource as never).filter(({ severity }: { severity: string }) => severity === 'error' || severity === 'fatal');
}

test("Medplum's validator rejects a resource with an element too many or a wrong code", () => {
  loadFhirDefinitions();
  const [report] = fhirExamples['reported']!.entry;
  for (const wrong of [{ verified: true }, { issued: 'yesterday' }, { code: undefined }])
    assert.throws(() => validateResource({ ...report!.resource, ...wrong } as never));
});

const reportOf = (bundle: Bundle) => bundle.entry[0]!.resource as DiagnosticReport;
const observationsOf = (bundle: Bundle) =>
  bundle.entry.map(({ resource }) => resource).filter((one): one is FindingObservation => one.resourceType === 'Observation');
const written = (changes: Parameters<typeof exampleMessage>[0] = {}) => fhirTransaction(exampleMessage(changes));

test('a result is never stated to be verified or final', () => {
  for (const [name, bundle] of Object.entries(fhirExamples)) {
    const isReported = (oracleMessages[name.split('.')[0]!] ?? oracleMessages['reported']!).result.outcome === 'reported';
    assert.equal(reportOf(bundle).status, isReported ? 'partial' : 'cancelled', name);
    assert.match(reportOf(bundle).conclusion, /^Software result, not verified by a physician, not for diagnosis\.\n/);
    for (const one of observationsOf(bundle)) {
      assert.equal(one.status, 'preliminary', name);
      assert.deepEqual(one.note, [{ text: 'Software result, not verified by a physician, not for diagnosis.' }]);
    }
  }
});

test('without configured attributes nothing refers to the patient; with them only Patient ID and name do', () => {
  assert.equal(JSON.stringify(written()).includes('subject'), false);
  const subject = reportOf(written({ study: { patient: examplePatient } })).subject;
  assert.deepEqual(subject, {
    type: 'Patient',
    identifier: {
      type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR', display: 'Medical record number' }] },
      value: 'PAT-4711',
      assigner: { display: 'ST-ELSEWHERE' },
    },
    display: 'Schröder-Øster, Jürgen Ägidius',
  });
  const other = { birthDate: examplePatient.birthDate!, sex: examplePatient.sex! };
  assert.deepEqual(written({ study: { patient: other } }), written());
  assert.deepEqual(reportOf(written({ study: { patient: { name: 'Yamada^Tarou=山田^太郎' } } })).subject, {
    type: 'Patient',
    display: 'Yamada, Tarou',
  });
  const issuedByOid = reportOf(written({ study: { patient: { id: '1', issuer: '1.2.276.0.76' } } })).subject!;
  assert.equal(issuedByOid.identifier?.system, 'urn:oid:1.2.276.0.76');
});

test('the order, the study and the result are referred to by their identifiers', () => {
  const report = reportOf(written());
  assert.deepEqual(
    report.basedOn!.map(({ type, identifier }) => [type, identifier!.type!.coding[0]!.code, identifier!.value]),
    [
      ['ServiceRequest', 'ACSN', 'ACC20260102'],
      ['ServiceRequest', 'PLAC', 'PLACER-77'],
      ['ServiceRequest', 'FILL', 'FILLER-88'],
    ],
  );
  assert.deepEqual(report.imagingStudy, [
    { type: 'ImagingStudy', identifier: { system: 'urn:dicom:uid', value: 'urn:oid:1.2.826.0.1.3680043.10.1.15' } },
  ]);
  assert.deepEqual(report.identifier[1], { system: 'urn:ietf:rfc:3986', value: `urn:oid:${exampleMessage().result.resultId}` });
  assert.equal('basedOn' in reportOf(fhirTransaction(oracleMessages['little-known']!)), false);
});

test('the study time has the offset of the images, else that of the local zone', () => {
  const observed = (date: string, time: string) => reportOf(written({ study: { date, time } })).effectiveDateTime;
  assert.equal(observed('20260102', '081500.5+0530'), '2026-01-02T08:15:00.5+05:30');
  assert.equal(observed('20260102', '081500'), '2026-01-02T08:15:00+01:00');
  assert.equal(observed('20260702', '0815'), '2026-07-02T08:15:00+02:00');
  assert.equal(observed('20260102', ''), '2026-01-02');
  assert.equal(observed('20260102', '25'), '2026-01-02');
  assert.equal(observed('20261302', '0815'), undefined);
});

test('of two models that report one finding, each has an observation of its own', () => {
  const [finding] = exampleMessage().result.findings;
  const findings = ['a', 'b'].map((modelVersion) => ({ ...finding!, modelVersion }));
  const bundle = written({ result: { findings } });
  assert.equal(new Set(bundle.entry.map(({ fullUrl }) => fullUrl)).size, 4);
  assert.equal(new Set(bundle.entry.map(({ request }) => request!.url + request!.ifNoneExist)).size, 4);
});

test('a value that has a meaning in a search does not change what is searched for', () => {
  const url = written({ study: { studyInstanceUID: '1.2|3,4$5\\6&identifier=7' } }).entry[0]!.request!.url;
  const query = new URLSearchParams(url.split('?')[1]);
  assert.deepEqual([...query], [['identifier', 'urn:uuid:5b0d9b0e-6f0a-4c3b-8a9e-2f6f1f0c7d11|1.2\\|3\\,4\\$5\\\\6&identifier=7']]);
});

test('a test message is labelled as test data', () => {
  for (const { resource } of written({ isTest: true }).entry)
    assert.equal((resource as DiagnosticReport).meta?.security?.[0]?.code, 'HTEST');
});

test('a bundle to be read contains what the transaction sends', () => {
  const message = exampleMessage();
  const sent = fhirTransaction(message).entry.map(({ fullUrl, resource }) => ({ fullUrl, resource }));
  assert.deepEqual(fhirBundleOf(message).entry, sent);
  const searchset = fhirBundleOf(message, 'https://chest-ai.hospital.example/api/studies/1.2.3/fhir');
  assert.equal(searchset.total, 1);
  assert.deepEqual(
    searchset.entry.map(({ search }) => search?.mode),
    ['match', 'include', 'include', 'include', 'include'],
  );
});

test('the example of the guide is what the software writes', () => {
  const guide = readFileSync(join(projectRoot, 'docs/guide/fhir.md'), 'utf8');
  const [, example] = /```json\n([\s\S]+?)```/.exec(guide) ?? [];
  const [finding] = exampleMessage().result.findings;
  assert.deepEqual(JSON.parse(example!), JSON.parse(JSON.stringify(written({ result: { findings: [finding!] } }))));
});
