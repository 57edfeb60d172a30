import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Device, DiagnosticReport, FindingObservation, ReadResource } from '../../src/fhir/data-types.js';
import { fhirChannel, type FhirSettings } from '../../src/messages/fhir-channel.js';
import type { ResultMessage } from '../../src/messages/ports.js';
import { isFault } from '../support/fault.js';
import { startFhirServer, type FhirPeer } from '../support/fhir-server.js';
import { exampleMessage, examplePatient, examplePrior, oracleMessages } from '../support/result-messages.js';
import { startTlsProxy } from '../support/tls-proxy.js';

/* The FHIR channel against Medplum's FHIR router and repository, which stores only valid resources; fhir-channel-faults.test.ts has servers that misbehave. */

const never = new AbortController().signal;
const message = exampleMessage({ study: { patient: examplePatient } });

let peer: FhirPeer;
before(async () => {
  peer = await startFhirServer();
});
after(() => peer.stop());
beforeEach(() => peer.repository.clear());

const send = (one: ResultMessage = message, settings: Partial<FhirSettings> = {}, signal = never) =>
  fhirChannel('fhir', { url: peer.url, ...settings }).send(one, signal);
/** A resource as the server returned it; its elements are compared, not trusted. */
type Stored<T> = T & ReadResource;
const stored = async <T extends Device | DiagnosticReport | FindingObservation>(
  resourceType: T['resourceType'],
): Promise<readonly Stored<T>[]> =>
  (await peer.repository.searchResources({ resourceType, count: 100 } as never)) as unknown as readonly Stored<T>[];
const report = async (): Promise<Stored<DiagnosticReport>> => {
  const all = await stored<DiagnosticReport>('DiagnosticReport');
  assert.equal(all.length, 1);
  return all[0]!;
};

test('the prior result is a note of its finding and a sentence of the conclusion', async () => {
  await send(exampleMessage({ result: { prior: examplePrior } }));
  const sentence = 'Pneumonia: no clear change. 2025-01-03 absent, 12.3 %.';
  const noted = (await stored<FindingObservation>('Observation')).filter(({ note }) => note?.some(({ text }) => text === sentence));
  assert.deepEqual(
    noted.map((one) => one.code.coding?.[0]?.code),
    ['233604007'],
  );
  assert.ok(
    (await report()).conclusion?.includes(
      `1.2.826.0.1.3680043.10.1.14. Another model version made it: a difference may be due to the model.\n${sentence}`,
    ),
  );
});

test('a result is stored as one report, one observation for each finding and the device', async () => {
  const location = await send();
  const { id, result, status, imagingStudy } = await report();
  assert.equal(location, `DiagnosticReport/${id}`);
  assert.equal(status, 'partial');
  assert.equal(imagingStudy?.[0]?.identifier?.value, `urn:oid:${message.study.studyInstanceUID}`);
  const devices = await stored<Device>('Device');
  assert.equal(devices.length, 1);
  const observations = (await Promise.all(
    result!.map((reference) => peer.repository.readReference(reference as { reference: string })),
  )) as unknown as readonly FindingObservation[];
  assert.deepEqual(
    observations.map((one) => [
      one.code.coding?.[0]?.code,
      one.valueCodeableConcept?.coding?.[0]?.code,
      one.component?.[0]?.valueQuantity?.value,
      one.device?.reference,
      one.status,
    ]),
    [
      ['36118008', '52101004', 91.5, `Device/${devices[0]!.id}`, 'preliminary'],
      ['233604007', '373068000', 49.9, `Device/${devices[0]!.id}`, 'preliminary'],
      ['cardiomed-wide', '272519000', 3, `Device/${devices[0]!.id}`, 'preliminary'],
    ],
  );
});

test('a repetition creates nothing, in whatever order other messages arrive', async () => {
  const other = exampleMessage({ study: { studyInstanceUID: '1.2.3.4' }, messageId: 'OTHER' });
  const first = await send();
  await send(other);
  assert.equal(await send(), first);
  await send(other);
  assert.equal((await stored<DiagnosticReport>('DiagnosticReport')).length, 2);
  assert.equal((await stored<FindingObservation>('Observation')).length, 6);
  assert.equal((await stored<Device>('Device')).length, 1);
});

test('every example message is stored', async () => {
  for (const [name, one] of Object.entries(oracleMessages)) {
    peer.repository.clear();
    assert.match((await send(one)) ?? name, /^DiagnosticReport\//);
    assert.equal((await stored<FindingObservation>('Observation')).length, one.result.findings.length, name);
  }
});

test('a correction replaces the report and its findings, and withdraws a finding that it no longer states', async () => {
  const first = await send();
  await send(exampleMessage({ study: { studyInstanceUID: '1.2.3.4' } }));
  const [pneumothorax, pneumonia] = message.result.findings;
  const correction = exampleMessage({
    messageId: 'CORRECTION',
    result: { isCorrection: true, resultId: '2.25.77', findings: [{ ...pneumonia!, decision: 'present', probability: 0.8 }] },
  });
  for (let time = 0; time < 2; time++) {
    assert.equal(await send(correction), first);
    const observations = (await stored<FindingObservation>('Observation')).filter((one) =>
      one.identifier?.some(({ value }) => value === message.study.studyInstanceUID),
    );
    assert.deepEqual(observations.map((one) => [one.code.coding?.[0]?.code, one.status, one.component?.[0]?.valueQuantity?.value]).sort(), [
      ['233604007', 'preliminary', 80],
      [pneumothorax!.concept.value, 'entered-in-error', 91.5],
      ['cardiomed-wide', 'entered-in-error', 3],
    ]);
  }
  const [current] = (await stored<DiagnosticReport>('DiagnosticReport')).filter(({ id }) => `DiagnosticReport/${id}` === first);
  assert.equal(current!.result?.length, 1);
  assert.equal(current!.identifier?.[1]?.value, 'urn:oid:2.25.77');
  assert.match(current!.conclusion!, /Replaces the earlier software result of this study\./);
});

test('a result that a failed analysis replaces is withdrawn as a whole', async () => {
  await send();
  await send(
    exampleMessage({ result: { isCorrection: true, outcome: 'failed', reason: 'the pixel data cannot be decoded', findings: [] } }),
  );
  const { status, result, conclusion } = await report();
  assert.deepEqual([status, result], ['cancelled', undefined]);
  assert.match(conclusion!, /Analysis failed: the pixel data cannot be decoded/);
  assert.deepEqual(new Set((await stored<FindingObservation>('Observation')).map((one) => one.status)), new Set(['entered-in-error']));
});

test('a finding that was withdrawn and is stated again is no longer withdrawn', async () => {
  await send();
  await send(exampleMessage({ result: { isCorrection: true, findings: [] } }));
  await send(exampleMessage({ result: { isCorrection: true } }));
  const statuses = (await stored<FindingObservation>('Observation')).map((one) => one.status);
  assert.deepEqual(statuses, ['preliminary', 'preliminary', 'preliminary']);
});

test('the token is sent with each request, and only where one is configured', async () => {
  const before = peer.requests.length;
  await send(exampleMessage({ result: { isCorrection: true } }), { token: 'secret-token' });
  await send();
  assert.deepEqual(
    peer.requests.slice(before).map(({ method, authorization }) => [method, authorization]),
    [
      ['GET', 'Bearer secret-token'],
      ['POST', 'Bearer secret-token'],
      ['POST', undefined],
    ],
  );
});

test('TLS: the authority of the hospital, an unknown one, and a client certificate', async () => {
  const proxy = await startTlsProxy(peer, { requiresClientCertificate: true });
  const url = `${proxy.url}/fhir`;
  try {
    assert.match((await send(message, { url, tls: { ca: proxy.caFile, ...proxy.clientCertificate } }))!, /^DiagnosticReport\//);
    await assert.rejects(
      send(message, { url }),
      isFault('channel-unavailable', { retryable: true, detail: /^its certificate is not trusted \(\w+\)/ }),
    );
    await assert.rejects(send(message, { url, tls: { ca: proxy.caFile } }), isFault('channel-unavailable', { retryable: true }));
    assert.throws(() => fhirChannel('fhir', { url, tls: { key: proxy.clientCertificate.key } }), isFault('config-invalid'));
  } finally {
    await proxy.close();
  }
});
