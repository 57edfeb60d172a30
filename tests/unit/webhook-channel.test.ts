import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { test } from 'node:test';
import { messagesSettings } from '../../src/config/messages.js';
import type { Channel } from '../../src/messages/ports.js';
import { testMessage } from '../../src/messages/test-message.js';
import { openWebhook } from '../../src/messages/webhook-channel.js';
import { makeCertificate } from '../support/certificate.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { startWebhookReceiver, type HookAnswer } from '../support/webhook-receiver.js';

const folder = temporaryDirectory('webhook');
const message = testMessage({ patient: [] }, new Date());
const { signal } = new AbortController();

function open(settings: object): Channel {
  const parsed = messagesSettings.parse({
    channels: [{ name: 'ris', webhook: { secret: 'a secret of this test', timeoutMs: 5_000, ...settings } }],
  });
  return openWebhook('ris', parsed.channels[0]!.webhook!);
}

test('mutual TLS: only a server with a trusted certificate gets a message, and it sees our certificate', async () => {
  const [server, client] = [makeCertificate(folder, 'server'), makeCertificate(folder, 'client')];
  const callers: unknown[] = [];
  const https = createServer(
    { key: server.key, cert: server.cert, ca: client.cert, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      callers.push((request.socket as TLSSocket).getPeerCertificate().subject.CN);
      request.resume().on('end', () => response.writeHead(201).end());
    },
  );
  https.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(https.address() as AddressInfo).port}/`;
  try {
    const tls = { ca: server.certFile, cert: client.certFile, key: client.keyFile };
    await open({ url, tls }).send(message, signal);
    assert.deepEqual(callers, ['client']);
    const untrusted = isFault('channel-unavailable', {
      detail: /its certificate is not trusted \(.+\); name its authority's file in tls\.ca/,
    });
    await assert.rejects(open({ url }).send(message, signal), untrusted);
    await assert.rejects(open({ url, tls: { ca: client.certFile } }).send(message, signal), untrusted);
    await assert.rejects(open({ url, tls: { ca: server.certFile } }).send(message, signal), isFault('channel-unavailable'));
    assert.equal(callers.length, 1);
  } finally {
    https.closeAllConnections();
    await new Promise((resolve) => https.close(resolve));
  }
});

test('a secret that is missing or short, and files that cannot be used, are refused at the start', () => {
  const url = 'https://a';
  assert.throws(
    () => open({ url, secret: undefined }),
    isFault('config-invalid', { detail: /webhook\.secretFile or CHANNEL_SECRET_RIS, found none$/ }),
  );
  assert.throws(
    () => open({ url, secret: 'x'.repeat(15) }),
    isFault('config-invalid', { detail: /at least 16 characters .*found one of 15$/ }),
  );
  assert.throws(
    () => open({ url, tls: { ca: '/missing.pem' } }),
    isFault('config-invalid', { detail: /the TLS file \/missing\.pem cannot be read/ }),
  );
  const file = join(folder, 'no.pem');
  writeFileSync(file, 'no certificate');
  assert.throws(() => open({ url, tls: { cert: file, key: file } }), isFault('config-invalid', { detail: /expected PEM files/ }));
});

test('a receiver that is not there', async () => {
  const { url, close } = await startWebhookReceiver();
  await close();
  await assert.rejects(open({ url, plainHttp: true }).send(message, signal), isFault('channel-unavailable', { detail: /ECONNREFUSED/ }));
});

/** The receiver writes one byte each 50 ms, and ends after so many. */
const slowly =
  (bytes: number): HookAnswer =>
  (response) => {
    response.writeHead(200, { 'Content-Length': String(bytes) });
    let sent = 0;
    const timer = setInterval(() => {
      response.write('x');
      if (++sent === bytes) response.end();
      if (sent === bytes || response.destroyed) clearInterval(timer);
    }, 50);
    response.on('close', () => clearInterval(timer));
  };
const repeated = (detail: RegExp) => isFault('channel-unavailable', { retryable: true, detail });
const refused = (detail: RegExp) => isFault('message-refused', { retryable: false, detail });
const answers: readonly {
  readonly name: string;
  readonly answer: HookAnswer;
  readonly expected: 'accepted' | ReturnType<typeof isFault>;
  readonly timeoutMs?: number;
}[] = [
  { name: '200 slowly, but in time', answer: slowly(8), expected: 'accepted' },
  {
    name: '200 so slowly that the time limit passes',
    answer: slowly(1_000),
    expected: repeated(/no complete answer within 400 ms/),
    timeoutMs: 400,
  },
  {
    name: 'an informational status before the final one',
    answer: (response) => response.writeEarlyHints({ link: '</a>; rel=preload' }, () => void response.writeHead(202).end()),
    expected: 'accepted',
  },
  {
    name: '308',
    answer: (response) => void response.writeHead(308, { Location: 'http://127.0.0.1:1/elsewhere' }).end(),
    expected: refused(/^the receiver answered HTTP 308: redirects are not followed$/),
  },
  { name: '304, as if it had it in a cache', answer: 304, expected: refused(/HTTP 304/) },
  { name: '410', answer: 410, expected: refused(/^the receiver answered HTTP 410, expected 2xx$/) },
  { name: '408', answer: 408, expected: repeated(/HTTP 408$/) },
  { name: '425', answer: 425, expected: repeated(/HTTP 425$/) },
  {
    name: '200 with megabytes',
    answer: (response) => void response.writeHead(200).end(Buffer.alloc(4 << 20, 0x20)),
    expected: repeated(/more bytes than are read/),
  },
];
for (const { name, answer, expected, timeoutMs } of answers)
  test(`a receiver that answers ${name}: ${expected === 'accepted' ? 'accepted' : 'not accepted'}, and asked once`, async () => {
    const receiver = await startWebhookReceiver();
    try {
      receiver.answerAll(answer);
      const sending = open({ url: receiver.url, plainHttp: true, ...(timeoutMs === undefined ? {} : { timeoutMs }) }).send(message, signal);
      if (expected === 'accepted') await sending;
      else await assert.rejects(sending, expected);
      assert.equal(receiver.received.length, 1);
    } finally {
      await receiver.close();
    }
  });
