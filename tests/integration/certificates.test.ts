import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadConfig } from '../../src/config.js';
import { certificateReader, certificateSources } from '../../src/monitoring/certificates.js';
import { shownCertificate } from '../../src/server/page/system.js';
import { makeCertificate } from '../support/certificate.js';
import { temporaryDirectory } from '../support/orthanc.js';

let server: Server;
let port = 0;
const { certFile, keyFile } = makeCertificate(temporaryDirectory('certificates'));
before(async () => {
  server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
after(() => server?.close());

test('usability 12: the expiry of every certificate in use is read from the server or the file', async () => {
  const base = loadConfig({});
  const config = { ...base, orthanc: { ...base.orthanc, url: `https://127.0.0.1:${port}` } };
  const sources = [...certificateSources(config), { use: 'channel ris', file: certFile }, { use: 'channel lost', file: '/nowhere.pem' }];
  const read = await certificateReader(sources)();
  const expected = new Date(new X509Certificate(readFileSync(certFile)).validTo).getTime();
  assert.deepEqual(
    read.map(({ use, expiresAt, problem }) => [use, expiresAt?.getTime(), problem]),
    [
      ['orthanc', expected, undefined],
      ['channel ris', expected, undefined],
      ['channel lost', undefined, 'ENOENT'],
    ],
  );
});

test('usability 12: a certificate that ends within 30 days needs attention', () => {
  const now = new Date('2026-01-15T12:00:00Z');
  const state = (days: number) =>
    shownCertificate({ use: 'server', source: 'x', expiresAt: new Date(now.getTime() + days * 86_400_000) }, now).state;
  assert.deepEqual([31, 30, 1, 0, -1].map(state), ['valid', 'expires-soon', 'expires-soon', 'expired', 'expired']);
  assert.equal(shownCertificate({ use: 'server', source: 'x', problem: 'ECONNREFUSED' }, now).state, 'unreadable');
});
