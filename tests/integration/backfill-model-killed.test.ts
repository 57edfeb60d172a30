import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { openRegistry, registryFolder } from '../../src/registry/registry.js';
import { loadModelVersion } from '../../src/registry/model-version.js';
import type { ShownBackfill } from '../../src/server/page-types.js';
import { archiveStudies, filesOf } from '../support/archive-studies.js';
import { changedStarter } from '../support/changed-starter.js';
import { chestAi, objects } from '../support/chest-ai-command.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, eventuallyOneResult, spawnService, type SpawnedService } from '../support/service.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const image = /^GET \/dicom-web\/studies\/[^/]+\/series\/[^/]+\/instances\/[^/]+$/;
const store = /^POST \/dicom-web\/studies/;
const patience = { timeoutMs: 60_000 };

describe('kill -9 while the archive is analysed again with a new model version', () => {
  let proxy: FaultyProxy;
  let service: SpawnedService | undefined;
  after(async () => {
    await service?.kill();
    await proxy?.close();
  });
  const pacs = useOrthanc();

  test('each study ends with one current result by the new version, and no result is written twice', async () => {
    proxy = await startFaultyProxy(pacs.orthanc);
    const dataDir = temporaryDirectory('backfill-model-killed');
    const environment = { DATA_DIR: dataDir };
    const studies = archiveStudies(2018, 5);
    await sendByCStore(filesOf(studies), pacs.orthanc);
    const spawn = () => spawnService(pacs.orthanc, { url: proxy.url, dataDir });
    service = await spawn();
    for (const { studyInstanceUID } of studies) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    await service.end();
    const registry = openRegistry(registryFolder({ dataDir }));
    const starter = await loadModelVersion(twoFindingModel);
    const { version } = await registry.add(changedStarter(starter, '2026-11-30'));
    await registry.promote(version, { by: 'test', why: 'test', at: new Date() }, starter.version);
    const started = await chestAi(
      ['backfill', '--since', '2018-03-01', '--until', '2018-05-31', '--per-hour', '100000', '--model', 'champion', '--json'],
      environment,
    );
    assert.equal(started.code, 0, started.stderr);
    assert.deepEqual(
      objects<ShownBackfill>(started).map(({ model }) => model),
      [version],
    );

    const steps: readonly (readonly [RegExp, 'before' | 'after'])[] = [
      [/^GET \/dicom-web\/studies\?/, 'after'],
      [image, 'after'],
      [store, 'before'],
      [store, 'after'],
      [store, 'after'],
    ];
    for (const [only, when] of steps) {
      service = await spawn();
      const victim = service;
      let sprung = false;
      proxy.misbehave({ kind: 'trap', when, spring: () => (sprung = victim.process.kill('SIGKILL')) }, { only, times: 1 });
      await eventually(`killed ${when} ${only.source}`, () => assert.ok(sprung && victim.process.signalCode === 'SIGKILL'), patience);
      proxy.behave();
    }
    service = await spawn();
    for (const { studyInstanceUID } of studies) {
      const text = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID, { total: 2 });
      assert.equal(text.report.algorithm.serialNumber, version);
    }
    await eventually(
      'every study has its outcome',
      () => assert.match(service!.output(), /every study of a backfill has its outcome/),
      patience,
    );
    await service.end();
    const [shown] = objects<ShownBackfill>(await chestAi(['backfill', 'status', '--json'], environment));
    const { state, found, failed, vanished, skipped, done, unchanged } = shown!;
    assert.deepEqual([state, found, failed, vanished, skipped, done + unchanged], ['done', 5, 0, 0, 0, 5]);
    for (const { studyInstanceUID } of studies) await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID, { total: 2 });
  });
});
