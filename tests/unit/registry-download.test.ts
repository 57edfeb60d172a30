import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault, type FaultCode } from '../../src/errors.js';
import { downloadWeights } from '../../src/registry/download-weights.js';
import { readPublishedWeights } from '../../src/network/weights-file.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import { writeSafetensors } from '../../src/network/safetensors.js';
import { exampleArchitecture } from './network-examples.js';

const architecture = exampleArchitecture('starter');
const weights = Buffer.from(writeSafetensors(initialWeights(architecture, 1)));
const sha256 = createHash('sha256').update(weights).digest('hex');
const folder = await mkdtemp(join(tmpdir(), 'weights-'));
const server = createServer((request, response) => {
  switch (request.url) {
    case '/model.safetensors?token=secret':
    case '/model.safetensors':
      return response.end(weights);
    case '/moved':
      return response.writeHead(302, { location: '/model.safetensors' }).end();
    case '/cut':
      response.writeHead(200, { 'content-length': weights.length });
      return response.write(weights.subarray(0, 5000), () => response.destroy());
    case '/silent':
      response.writeHead(200, { 'content-length': weights.length });
      return response.write(weights.subarray(0, 5000));
    case '/broken':
      return response.writeHead(503).end('later');
    default:
      return response.writeHead(404).end();
  }
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

async function fails(path: string, given: string | undefined, code: FaultCode, message: RegExp, retryable: boolean): Promise<void> {
  const into = join(folder, 'refused');
  await assert.rejects(downloadWeights(`${url}${path}`, { sha256: given, into, silenceMs: 500 }), (error) => {
    assert.ok(error instanceof Fault, String(error));
    assert.deepEqual([error.code, error.retryable], [code, retryable], error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('refused')),
    [],
  );
}

test('a file arrives whole, by way of a redirection, and becomes a network', async () => {
  const into = join(folder, 'model.safetensors');
  assert.deepEqual(await downloadWeights(`${url}/moved`, { sha256, into }), {
    sha256,
    bytes: weights.length,
    verified: 'all 64 digits of its SHA-256',
  });
  assert.deepEqual(await readFile(into), weights);
  const found = readPublishedWeights(await readFile(into), into);
  for (const [name, tensor] of initialWeights(architecture, 1)) assert.deepEqual(found.get(name), tensor, name);
});

test("the first digits, as torchvision's file names have them, are enough, and the result states that they are only a part", async () => {
  const { verified } = await downloadWeights(`${url}/model.safetensors`, { sha256: sha256.slice(0, 8), into: join(folder, 'prefix') });
  assert.equal(verified, 'the first 8 of the 64 digits of its SHA-256');
});

test('without a checksum, or with another, nothing is kept', async () => {
  await fails('/model.safetensors?token=secret', undefined, 'model-invalid', /its publisher states no checksum: give the SHA-256/, false);
  await fails('/model.safetensors?token=secret', 'f'.repeat(64), 'model-invalid', /expected sha256 f{64}, found [0-9a-f]{64}/, false);
  await fails('/model.safetensors', '00000000', 'model-invalid', /expected sha256 00000000…, found/, false);
  await fails(
    '/model.safetensors',
    'ABC',
    'model-invalid',
    /expected a SHA-256 of 8 to 64 hexadecimal digits in lower case, found ABC/,
    false,
  );
});

test('a transfer that is cut short, falls silent or is refused is told as such', async () => {
  await fails('/cut', sha256, 'download-failed', /could not be downloaded/, true);
  await fails('/silent', sha256, 'download-failed', /nothing for 0\.5 s/, true);
  await fails('/broken', sha256, 'download-failed', /status 503/, true);
  await fails('/absent', sha256, 'download-failed', /status 404/, false);
});

test('a file that is cut short or has a huge header is refused by name', () => {
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['cut.safetensors', weights.subarray(0, weights.length - 7), /truncated: expected \d+ bytes of data, found \d+.*cut\.safetensors/],
    [
      'huge.safetensors',
      Buffer.concat([Buffer.from([255, 255, 255, 255, 255, 255, 0, 0]), weights.subarray(8)]),
      /expected a header of at most 100000000 bytes.*huge\.safetensors/,
    ],
    [
      'neither.pth',
      Buffer.from('PK and then something else entirely'),
      /expected a state_dict or a module as torch\.save writes it.*neither\.pth/,
    ],
  ];
  for (const [name, bytes, message] of cases)
    assert.throws(
      () => readPublishedWeights(bytes, name),
      (error) => error instanceof Fault && error.code === 'model-invalid' && message.test(error.message),
      name,
    );
});
