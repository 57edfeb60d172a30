import assert from 'node:assert/strict';
import type http from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import type { Device, DiagnosticReport, FindingObservation, ReadResource } from '../../src/fhir/data-types.js';
import { fhirChannel, type FhirSettings } from '../../src/messages/fhir-channel.js';
import type { ResultMessage } from '../../src/messages/ports.js';
import { isFault } from '../support/fault.js';
import { reply, startFhirServer, startHttpServer, type FhirPeer } from '../support/fhir-server.js';
import { freePort } from '../support/free-port.js';
import { exampleMessage, examplePatient, examplePrior, oracleMessages } from '../support/result-messages.js';
import { startTlsProxy } from '../support/tls-proxy.js';

/* The FHIR channel against Medplum's FHIR router and repository, which stores only valid resources, and against servers that misbehave. */

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

const outcome = (code: string, diagnostics: string, expression?: string) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code, diagnostics, ...(expression === undefined ? {} : { expression: [expression] }) }],
});
type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

const faults: readonly {
  readonly name: string;
  readonly answer: Answer;
  readonly refused?: true;
  readonly detail: RegExp;
  readonly timeoutMs?: number;
}[] = [
  {
    name: '401',
    answer: (_, response) => reply(response, 401, outcome('login', 'Token of Dr. Meier expired')),
    detail: /^HTTP 401; it does not accept the token or the certificate; login "Token of … expired"$/,
  },
  {
    name: '403',
    answer: (_, response) => reply(response, 403, {}),
    detail: /^HTTP 403; the token or the certificate does not permit this$/,
  },
  {
    name: '400 with a reason that names the patient',
    answer: (_, response) =>
      reply(
        response,
        400,
        outcome('invalid', 'Invalid value Schröder-Øster, Jürgen (PAT-4711) for Patient.identifier', 'DiagnosticReport.subject'),
      ),
    refused: true,
    detail: /^HTTP 400; invalid at DiagnosticReport\.subject "Invalid value … for Patient\.identifier"$/,
  },
  {
    name: '404',
    answer: (_, response) => response.writeHead(404).end('<html>Meier</html>'),
    refused: true,
    detail: /^HTTP 404; is the base address of the FHIR server right, and does it support transactions\?$/,
  },
  {
    name: '412',
    answer: (_, response) =>
      reply(response, 412, outcome('multiple-matches', 'HAPI-0974: Invalid match URL "DiagnosticReport?identifier=Meier"')),
    refused: true,
    detail:
      /^HTTP 412; several resources have an identifier of this result, or one was changed meanwhile; multiple-matches "HAPI-0974: Invalid match URL "DiagnosticReport\?identifier=…"$/,
  },
  {
    name: '422',
    answer: (_, response) => reply(response, 422, outcome('required', 'Element subject required', 'Bundle.entry[0].resource.subject')),
    refused: true,
    detail: /^HTTP 422; required at Bundle\.entry\[0\]\.resource\.subject "Element subject required"$/,
  },
  {
    name: '429 with a waiting time',
    answer: (_, response) => reply(response, 429, outcome('throttled', 'Too many requests'), { 'Retry-After': '120' }),
    detail: /^HTTP 429; it asks to wait 120 s; throttled "Too many requests"$/,
  },
  {
    name: '503 with a date',
    answer: (_, response) => response.writeHead(503, { 'Retry-After': 'Fri, 02 Jan 2026 08:00:00 GMT' }).end(),
    detail: /^HTTP 503; it asks to wait until 2026-01-02T08:00:00\.000Z$/,
  },
  {
    name: '500 with an OperationOutcome that names the patient',
    answer: (_, response) => reply(response, 500, outcome('exception', 'NullPointerException for Patient Meier, 4711', 'Bundle.entry[1]')),
    detail: /^HTTP 500; exception at Bundle\.entry\[1\] "[^"]*"$/,
  },
  {
    name: '409, another writer at the same moment',
    answer: (_, response) => reply(response, 409, outcome('conflict', 'Version conflict')),
    detail: /^HTTP 409; conflict "Version conflict"$/,
  },
  {
    name: '204 without a body',
    answer: (_, response) => response.writeHead(204).end(),
    detail: /^expected JSON in the answer|^expected a transaction-response/,
  },
  {
    name: 'a permanent redirect (308)',
    answer: (_, response) => response.writeHead(308, { Location: 'http://127.0.0.1:1/elsewhere' }).end(),
    refused: true,
    detail: /^HTTP 308: it redirects to another address, which is not followed; configure the final address$/,
  },
  { name: '500', answer: (_, response) => response.writeHead(500).end('Meier'), detail: /^HTTP 500$/ },
  {
    name: 'a redirect',
    answer: (_, response) => response.writeHead(307, { Location: 'http://127.0.0.1:1/elsewhere' }).end(),
    refused: true,
    detail: /^HTTP 307; it redirects|^HTTP 307: it redirects to another address, which is not followed; configure the final address$/,
  },
  {
    name: 'nothing in time',
    answer: () => undefined,
    detail: /^no complete answer within 300 ms$/,
    timeoutMs: 300,
  },
  {
    name: 'the beginning of an answer, and then nothing',
    answer: (_, response) => response.writeHead(200).write('{"resourceType":'),
    detail: /^no complete answer within 300 ms$/,
    timeoutMs: 300,
  },
  {
    name: 'half an answer',
    answer: (request, response) => {
      response.writeHead(200, { 'Content-Length': '1000' }).write('{"resourceType":');
      setImmediate(() => request.socket.destroy());
    },
    detail: /^it ended the connection before the end of its answer \(\w+\)$/,
  },
  {
    name: 'no JSON',
    answer: (_, response) => response.writeHead(200).end('<p>Meier</p>'),
    detail: /^expected JSON in the answer, found 12 bytes that are none$/,
  },
  {
    name: 'another resource',
    answer: (_, response) => reply(response, 200, { resourceType: 'Patient' }),
    detail: /^expected a transaction-response with 5 entries in the answer, found something else$/,
  },
  {
    name: 'too few entries',
    answer: (_, response) =>
      reply(response, 200, { resourceType: 'Bundle', type: 'transaction-response', entry: [{ response: { status: '201' } }] }),
    detail: /found 1 entries$/,
  },
  {
    name: 'an entry that failed',
    answer: (_, response) =>
      reply(response, 200, {
        resourceType: 'Bundle',
        type: 'transaction-response',
        entry: Array(5).fill({ response: { status: '400 Meier' } }),
      }),
    detail: /^expected a status 2xx for each entry of the transaction in the answer, found another status$/,
  },
  {
    name: 'more than is read',
    answer: (_, response) => response.writeHead(200).end(Buffer.alloc(17 << 20, 0x20)),
    detail: /^the answer has more bytes than are read$/,
  },
];

for (const { name, answer, refused, detail, timeoutMs } of faults) {
  test(`a server that answers ${name}: ${refused ? 'refused' : 'to be repeated'}`, async () => {
    let requests = 0;
    const server = await startHttpServer((request, response) => {
      requests++;
      answer(request, response);
    });
    try {
      await assert.rejects(
        send(message, {
          url: `${server.url}/fhir`,
          token: 'secret-token',
          ...(timeoutMs === undefined ? {} : { answerTimeoutMs: timeoutMs }),
        }),
        (thrown) => {
          const texts = [String((thrown as Error).message), JSON.stringify(thrown), String((thrown as Error).cause)].join('\n');
          for (const word of ['Schr', 'rgen', '4711', 'Meier', 'secret', 'elsewhere']) assert.ok(!texts.includes(word), texts);
          return (
            refused ? isFault('message-refused', { retryable: false, detail }) : isFault('channel-unavailable', { retryable: true, detail })
          )(thrown);
        },
      );
      assert.equal(requests, 1);
    } finally {
      await server.stop();
    }
  });
}

test('no server: to be repeated', async () => {
  const url = `http://127.0.0.1:${await freePort()}/fhir`;
  await assert.rejects(
    send(message, { url }),
    isFault('channel-unavailable', { retryable: true, detail: /^no connection \(ECONNREFUSED\)$/ }),
  );
});

test('an aborted message ends its request', async () => {
  const abort = new AbortController();
  const server = await startHttpServer(() => abort.abort(new Error('the service ends')));
  try {
    await assert.rejects(send(message, { url: server.url }, abort.signal), /the service ends/);
  } finally {
    await server.stop();
  }
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
