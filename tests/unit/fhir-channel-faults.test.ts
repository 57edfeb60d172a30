import assert from 'node:assert/strict';
import type http from 'node:http';
import { test } from 'node:test';
import { fhirChannel, type FhirSettings } from '../../src/messages/fhir-channel.js';
import { isFault } from '../support/fault.js';
import { reply, startHttpServer } from '../support/fhir-server.js';
import { freePort } from '../support/free-port.js';
import { exampleMessage, examplePatient } from '../support/result-messages.js';

/* The FHIR channel against servers that misbehave. */

const message = exampleMessage({ study: { patient: examplePatient } });
const send = (settings: FhirSettings, signal = new AbortController().signal) => fhirChannel('fhir', settings).send(message, signal);

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
        send({
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
  await assert.rejects(send({ url }), isFault('channel-unavailable', { retryable: true, detail: /^no connection \(ECONNREFUSED\)$/ }));
});

test('an aborted message ends its request', async () => {
  const abort = new AbortController();
  const server = await startHttpServer(() => abort.abort(new Error('the service ends')));
  try {
    await assert.rejects(send({ url: server.url }, abort.signal), /the service ends/);
  } finally {
    await server.stop();
  }
});
