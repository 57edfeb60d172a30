import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { OrthancClient } from '../../src/orthanc/client.js';
import { compose, orthancConfigOf } from '../support/compose.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory, withOrthanc } from '../support/orthanc.js';
import { tinyImage } from '../support/tiny-image.js';

describe('Orthanc as docker-compose.yml sets it up', () => {
  test('C3: it starts with the secrets that setup made, takes the password and no other, and tells the service of a study', async () => {
    const secrets = join(temporaryDirectory('compose'), 'secrets');
    assert.equal(spawnSync('/bin/sh', [join(projectRoot, 'deploy/setup.sh'), secrets, temporaryDirectory('compose-given')]).status, 0);
    const secret = (name: string): string => readFileSync(join(secrets, name), 'utf8');
    const service = compose.services['orthanc']!;
    const configuration = orthancConfigOf(service, { 'users.json': secret('orthanc/users.json') });
    const { RegisteredUsers: users, StorageDirectory: storage, LuaScripts: scripts, ...settings } = configuration;
    assert.equal(storage, '/var/lib/orthanc/db');
    assert.deepEqual(scripts, ['/etc/orthanc/routing.lua']);
    const password = secret('chest-ai/orthanc-password');

    const hints: unknown[] = [];
    const receiver = http
      .createServer((request, response) => {
        hints.push(request.headers['x-hint-token']);
        response.writeHead(202).end();
      })
      .listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    try {
      await withOrthanc(
        async ({ orthanc, client, dicomWeb }) => {
          assert.ok((await client.system()).version);
          const { url } = orthanc;
          await assert.rejects(
            new OrthancClient({ url, username: 'chest-ai', password: 'another', timeoutMs: 5000 }).system(),
            isFault('pacs-unauthorized'),
          );
          await assert.rejects(
            new OrthancClient({ url, username: 'orthanc', password: 'orthanc', timeoutMs: 5000 }).system(),
            isFault('pacs-unauthorized'),
          );
          const image = tinyImage({ study: 'composed' }, { PatientName: '山田^太郎', SpecificCharacterSet: 'ISO_IR 192' });
          await dicomWeb.storeInstances([image.bytes]);
          await eventually('the hint with the token', () => assert.deepEqual(hints, [secret('chest-ai/hint-token')]));
        },
        {
          credentials: { username: 'chest-ai', password },
          // Laid over the rest as in the container; only the addresses are the test's.
          extraConfig: { ...settings, RegisteredUsers: users },
          luaScripts: ['orthanc/routing.lua'],
          environment: {
            CHEST_AI_HINT_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hint`,
            CHEST_AI_HINT_TOKEN_FILE: join(secrets, 'orthanc/hint-token'),
          },
          stableAgeSeconds: 1,
        },
      );
    } finally {
      receiver.close();
    }
  });
});
