import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { ShownBackfill } from '../../src/server/page-types.js';
import { archiveStudies, filesOf } from '../support/archive-studies.js';
import { chestAi, objects } from '../support/chest-ai-command.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, spawnService, type SpawnedService } from '../support/service.js';

const image = /^GET \/dicom-web\/studies\/[^/]+\/series\/[^/]+\/instances\/[^/]+$/;
const patience = { timeoutMs: 60_000 };

describe('kill -9 during an analysis of the archive', () => {
  let proxy: FaultyProxy;
  let service: SpawnedService | undefined;
  after(async () => {
    await service?.kill();
    await proxy.close();
  });
  const pacs = useOrthanc();

  test('it continues where it was, and nothing is analysed twice; the command shows and changes it', async () => {
    proxy = await startFaultyProxy(pacs.orthanc);
    const dataDir = temporaryDirectory('backfill-killed');
    const studies = archiveStudies(2020, 12);
    await sendByCStore(filesOf(studies), pacs.orthanc);
    const environment = { DATA_DIR: dataDir };
    const added = await chestAi(['tokens', 'add', 'archive', '--role', 'admin'], environment);
    const tokenFile = join(temporaryDirectory('backfill-token'), 'token');
    writeFileSync(tokenFile, added.lines.at(-1)!);
    const port = await freePort();
    const access = ['--token-file', tokenFile, '--url', `http://127.0.0.1:${port}`, '--json'];
    // Started by the database, while the service does not run.
    const started = await chestAi(
      ['backfill', '--since', '2020-03-01', '--until', '2020-05-31', '--per-hour', '100000', '--json'],
      environment,
    );
    assert.equal(started.code, 0, started.stderr);
    const [{ id } = { id: 0 }] = objects<ShownBackfill>(started);
    const spawn = () =>
      spawnService(pacs.orthanc, { url: proxy.url, dataDir, environment: { ANALYSE_ARCHIVE: 'false', PORT: String(port) } });
    const status = async (): Promise<ShownBackfill> => {
      const run = await chestAi(['backfill', 'status', ...access], environment);
      assert.equal(run.code, 0, run.stderr);
      return objects<ShownBackfill>(run)[0]!;
    };

    const steps: readonly RegExp[] = [/^GET \/dicom-web\/studies\?/, /^POST \/tools\/lookup/, image, /^POST \/dicom-web\/studies/];
    for (const only of steps) {
      service = await spawn();
      const victim = service;
      let sprung = false;
      proxy.misbehave({ kind: 'trap', when: 'after', spring: () => (sprung = victim.process.kill('SIGKILL')) }, { only, times: 1 });
      await eventually(`killed at ${only.source}`, () => assert.ok(sprung && victim.process.signalCode === 'SIGKILL'), patience);
      proxy.behave();
    }
    service = await spawn();
    const text = await chestAi(['backfill', 'status', ...access.slice(0, -1)], environment);
    assert.match(text.stdout, /^backfill \d+: 2020-03-01 to 2020-05-31; 100000 per hour; (running|done); \d+ of 12/, text.stderr);
    await eventually('the rest is analysed', async () => assert.equal((await status()).state, 'done'), patience);
    const { id: shownId, found, finished, failed, vanished, done, unchanged } = await status();
    assert.deepEqual([shownId, found, finished, failed, vanished, done + unchanged], [id, 12, 12, 0, 0, 12]);
    for (const { studyInstanceUID } of studies) await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID);
    const wrong = await chestAi(['backfill', 'pause', String(id), ...access], environment);
    assert.equal(wrong.code === 0, false);
    assert.match(wrong.stderr, /expected the number of a backfill that is running, found 1/);
    const beside = await chestAi(['backfill', 'status'], environment);
    assert.match(beside.stdout, /; done; 12 of 12/, `beside the service, by its database: ${beside.stderr}`);
  });
});
