import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { z } from 'zod';
import { openPacs } from '../../src/service/open-pacs.js';
import { loadConfig } from '../../src/config.js';
import { parseConfig } from '../../src/config-file.js';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { createServer } from '../../src/server/app.js';
import { openStore } from '../../src/store/store.js';
import { accessParts } from '../support/access.js';
import { temporaryDirectory } from '../support/orthanc.js';

test('the address of the PACS is named to people without its credentials', async () => {
  const pacs = await openPacs(loadConfig({ ORTHANC_URL: 'http://someone:secret@localhost:1/orthanc/' }), silentLog, {
    environment: {},
    script: '',
  });
  assert.equal(pacs.url, 'http://localhost:1/orthanc');
  await pacs.close();
});

test('a password typed as a number is refused without being repeated', () => {
  const schema = z.strictObject({ orthanc: z.strictObject({ username: z.string(), password: z.string() }) });
  assert.throws(
    () => parseConfig('orthanc:\n  username: 1234\n  password: 98765\n', 'test.yaml', schema),
    (error) =>
      error instanceof Fault &&
      /test\.yaml:3: orthanc\.password/.test(error.message) &&
      error.message.includes('1234') &&
      !error.message.includes('98765'),
  );
});

test('a hint is taken with its token only', async () => {
  let woken = 0;
  const store = await openStore({ dataDir: temporaryDirectory('hint') }, silentLog);
  const server = createServer({ ...accessParts(store), hintToken: 'right', wake: () => woken++, ports: () => undefined }, silentLog).listen(
    0,
    '127.0.0.1',
  );
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hint`;
  const statusWith = async (headers: Record<string, string>): Promise<number> => (await fetch(url, { method: 'POST', headers })).status;
  assert.deepEqual(
    [await statusWith({}), await statusWith({ 'X-Hint-Token': 'wrong' }), await statusWith({ 'X-Hint-Token': 'right and more' })],
    [403, 403, 403],
  );
  assert.equal(await statusWith({ 'X-Hint-Token': 'right' }), 202);
  assert.equal(woken, 1);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await store.close();
});
