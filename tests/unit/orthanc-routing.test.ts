import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { AddressInfo } from 'node:net';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { assertNothingRuns, temporaryDirectory, withOrthanc, type TestOrthanc } from '../support/orthanc.js';
import { tinyImage } from '../support/tiny-image.js';
import { limitHere } from '../support/machine-speed.js';

const options = (url: string) => ({
  luaScripts: ['orthanc/routing.lua'],
  environment: { CHEST_AI_HINT_URL: url, CHEST_AI_HINT_TOKEN: 'se"cret\\' },
  stableAgeSeconds: 1,
});

/** Without curl no hint is sent. */
const withoutCurl = spawnSync('curl', ['--version']).error !== undefined && 'no curl on this machine';

describe('routing.lua', () => {
  after(assertNothingRuns);

  test('tells of a stable study, with the token', { skip: withoutCurl }, async () => {
    const hints: { body: unknown; token: unknown }[] = [];
    const service = http
      .createServer((request, response) => {
        let text = '';
        request
          .on('data', (chunk) => (text += String(chunk)))
          .on('end', () => {
            hints.push({ body: JSON.parse(text) as unknown, token: request.headers['x-hint-token'] });
            response.writeHead(202).end();
          });
      })
      .listen(0, '127.0.0.1');
    await once(service, 'listening');
    await withOrthanc(
      async ({ dicomWeb, client }) => {
        const image = tinyImage({ study: 'hinted' });
        await dicomWeb.storeInstances([image.bytes]);
        const orthancId = await client.findStudy(image.studyInstanceUID);
        await eventually('the hint', () =>
          assert.deepEqual(hints, [{ body: { orthancId, studyInstanceUID: image.studyInstanceUID }, token: 'se"cret\\' }]),
        );
      },
      options(`http://127.0.0.1:${(service.address() as AddressInfo).port}/hint`),
    );
    service.close();
  });

  test('without curl no hint is sent and nothing is held up, whatever Orthanc itself could send', async () => {
    // Every program of this machine but curl; what Orthanc 1.12 offers to scripts, taken for an alarm.
    const programs = temporaryDirectory('no-curl');
    for (const folder of (process.env['PATH'] ?? '').split(':').filter((one) => existsSync(one)))
      for (const name of readdirSync(folder))
        if (name !== 'curl' && !existsSync(join(programs, name))) symlinkSync(join(folder, name), join(programs, name));
    const alarm = join(programs, 'alarm.lua');
    const used = join(programs, 'used');
    writeFileSync(
      alarm,
      `local function alarm() local file = io.open('${used}', 'w'); file:close(); os.execute('sleep 1') end\nHttpPost = alarm\nSetHttpTimeout = alarm\n`,
    );
    await withOrthanc(storesQuickly, {
      ...options('http://127.0.0.1:9/'),
      luaScripts: [alarm, 'orthanc/routing.lua'],
      environment: { ...options('http://127.0.0.1:9/').environment, PATH: programs },
    });
    assert.ok(!existsSync(used), "Orthanc's own HTTP client is never used");
  });

  test('a service that is down holds nothing up', async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    await withOrthanc(storesQuickly, options(url));
  });

  test('a service that takes the connection and keeps silent holds nothing up', async (context) => {
    const sockets: net.Socket[] = [];
    const silent = net
      .createServer((socket) => {
        sockets.push(socket);
        socket.on('error', () => undefined);
      })
      .listen(0, '127.0.0.1');
    await once(silent, 'listening');
    await withOrthanc(
      async (started) => {
        const slowestMs = await storesQuickly(started);
        context.diagnostic(`slowest request ${Math.round(slowestMs)} ms`);
        assert.ok(withoutCurl || sockets.length > 0, 'hints were sent meanwhile');
      },
      options(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`),
    );
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});

/** Stores and reads for three seconds, in which studies become stable. @returns the slowest request */
async function storesQuickly({ dicomWeb, client }: TestOrthanc): Promise<number> {
  let slowestMs = 0;
  const until = Date.now() + 3500;
  for (let index = 0; Date.now() < until; index++) {
    const begun = performance.now();
    await dicomWeb.storeInstances([tinyImage({ study: `quick ${index}` }).bytes]);
    await client.lastChange();
    slowestMs = Math.max(slowestMs, performance.now() - begun);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(slowestMs < limitHere(1000), `a request took ${slowestMs} ms`);
  return slowestMs;
}
