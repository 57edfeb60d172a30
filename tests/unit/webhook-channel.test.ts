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
import { startWebhookReceiver } from '../support/webhook-receiver.js';

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
