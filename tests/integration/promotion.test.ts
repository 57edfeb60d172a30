import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import type { Log } from '../../src/log.js';
import { silentLog } from '../../src/log.js';
import { loadModelVersion, type ModelVersion } from '../../src/registry/model-version.js';
import { openRegistry } from '../../src/registry/registry.js';
import { changedStarter } from '../support/changed-starter.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByStow } from '../support/send.js';
import { assertOneCurrentResult, configFor, startTestService } from '../support/service.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const reason = { by: 'test', why: 'test', at: new Date() };

describe('another model is promoted while studies flow', () => {
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('promotion');
  // As the command line does it: another opening of the same folder.
  const registry = openRegistry(join(dataDir, 'models'));
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (message, fields) => void errors.push(`${message} ${String(fields?.['detail'])}`) };
  let service: RunningService;
  let starter: ModelVersion;

  before(async () => {
    starter = await loadModelVersion(twoFindingModel);
    service = await startTestService(pacs.orthanc, { dataDir, log });
  });
  after(async () => {
    await service.stop();
  });

  test('the shipped starter is the first champion', async () => {
    assert.deepEqual(await registry.versions(), [starter.version]);
    const aliases = await registry.aliases();
    assert.deepEqual([aliases?.action, aliases?.champion, aliases?.challenger], ['first', starter.version, null]);
    assert.equal(service.model.deviceUID, starter.deviceUID);
  });

  test('no study is lost or reported twice, and each report names the version that made it', async () => {
    // The third has another input size: the pictures must follow the model.
    const second = await registry.add(changedStarter(starter, '2026-11-24'));
    const third = await registry.add(changedStarter(starter, '2026-11-25', 224));
    const versions = [starter, second, third];
    const studies = Array.from({ length: 15 }, (_, number) => chestStudy(`promotion ${number}`));
    const resultsOf = async (version: ModelVersion): Promise<number> =>
      (await service.store.results.listResults({ limit: 100 })).results.filter(({ modelVersion }) => modelVersion === version.version)
        .length;
    const send = async (from: number, to: number): Promise<void> => {
      for (const { files } of studies.slice(from, to)) await sendByStow(files, pacs.dicomWeb);
    };
    await send(0, 4);
    await eventually('a result of the first', async () => assert.ok((await resultsOf(starter)) > 0), { timeoutMs: 60_000 });
    const flowing = send(4, 8);
    await registry.promote(second.version, reason, starter.version);
    await flowing;
    await eventually('the second serves', () => assert.equal(service.model.version, second.version), { timeoutMs: 30_000 });
    const more = send(8, 12);
    await registry.promote(third.version, reason, second.version);
    await more;
    await eventually('the third serves', () => assert.equal(service.model.version, third.version), { timeoutMs: 30_000 });
    await send(12, 15);
    for (const { studyInstanceUID } of studies) {
      const text = await eventually(`one result of ${studyInstanceUID}`, () => assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID), {
        timeoutMs: 90_000,
      });
      const result = await service.store.results.currentResult(studyInstanceUID);
      const version = versions.find((one) => one.version === result?.modelVersion);
      assert.ok(version, `version ${result?.modelVersion}`);
      assert.equal(text.report.algorithm.deviceUID, version.deviceUID);
      assert.match(text.report.algorithm.version, new RegExp(`model ${version.version}$`));
    }
    for (const version of [starter, third]) assert.ok((await resultsOf(version)) > 0, version.version);
  });

  test('a challenger analyzes the same studies in shadow mode; none of its results reach the PACS', async () => {
    const challenger = await registry.add(changedStarter(starter, '2026-11-27'));
    await registry.challenge(challenger.version, reason);
    await eventually('the challenger is loaded', () => assert.equal(service.serving.challenger()?.version, challenger.version), {
      timeoutMs: 30_000,
    });
    const { files, studyInstanceUID } = chestStudy('in shadow');
    await sendByStow(files, pacs.dicomWeb);
    const [row] = await eventually(
      'the result of the challenger',
      async () => {
        const rows = await service.store.shadow.ofVersion(challenger.version);
        assert.equal(rows.length, 1);
        return rows;
      },
      { timeoutMs: 60_000 },
    );
    assert.deepEqual([row!.studyInstanceUID, row!.championVersion, row!.outcome], [studyInstanceUID, service.model.version, 'reported']);
    assert.deepEqual(
      row!.findings.map(({ name }) => name),
      ['pneumonia', 'covid-19'],
    );
    assert.deepEqual(
      row!.championFindings.map(({ name }) => name),
      ['pneumonia', 'covid-19'],
    );
    const { report } = await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID);
    assert.equal(report.algorithm.deviceUID, service.model.deviceUID);
    assert.equal((await service.store.results.ofStudy(studyInstanceUID)).length, 1);
    await registry.challenge(null, reason);
    await service.serving.refresh();
    assert.equal(service.serving.challenger(), undefined);
  });

  test('what cannot be served changes nothing; a rollback is followed', async () => {
    const served = service.model.version;
    const strange = await registry.add(changedStarter(starter, '2026-11-26', undefined, 'mystery'));
    await registry.promote(strange.version, reason);
    await service.serving.refresh();
    await service.serving.refresh();
    assert.equal(service.model.version, served);
    assert.deepEqual(errors.filter((line) => /the model version cannot be loaded/.test(line)).length, 1, errors.join('\n'));
    assert.match(errors.join('\n'), /the model has an output "mystery"/);
    await registry.rollback(reason);
    await registry.rollback(reason);
    await service.serving.refresh();
    assert.notEqual(service.model.version, served);
    const { files, studyInstanceUID } = chestStudy('after the rollback');
    await sendByStow(files, pacs.dicomWeb);
    const { report } = await eventually('a result', () => assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID), { timeoutMs: 60_000 });
    assert.equal(report.algorithm.deviceUID, service.model.deviceUID);
  });

  test('every change is audited once, with its actor, even if it was made outside the web interface', async () => {
    const history = await registry.history();
    const entries = await eventually('all are on record', async () => {
      const found = await service.store.audit.list({ action: 'model.changed', limit: 1000 });
      assert.ok(found.length >= history.length);
      return found;
    });
    await new Promise((resolve) => setTimeout(resolve, 2 * configFor(pacs.orthanc).model.watchIntervalMs));
    assert.equal(
      (await service.store.audit.list({ action: 'model.changed', limit: 1000 })).length,
      history.length,
      'not again at each look',
    );
    const changes = entries
      .map(({ actor, subject }) => ({ actor, ...(JSON.parse(subject) as { revision: number; change: string; champion: string }) }))
      .sort((one, other) => one.revision - other.revision);
    assert.deepEqual(
      changes.map(({ actor, revision, change, champion }) => [actor, revision, change, champion]),
      history.map(({ by, revision, action, champion }) => [by, revision, action, champion]),
    );
    assert.ok(
      changes.some(({ actor, change }) => actor === 'test' && change === 'promote') && changes.some(({ change }) => change === 'rollback'),
    );
  });

  test('a restart serves what was promoted, not what was shipped', async () => {
    const { version } = service.model;
    assert.notEqual(version, starter.version);
    await service.stop();
    service = await startTestService(pacs.orthanc, { dataDir, log });
    assert.equal(service.model.version, version);
  });
});

describe('an acquired model', () => {
  const pacs = useOrthanc();

  test('stays loaded until it is released, even if another one is promoted in the meantime', async () => {
    const dataDir = temporaryDirectory('held');
    const service = await startTestService(pacs.orthanc, { dataDir });
    try {
      const starter = await loadModelVersion(twoFindingModel);
      const second = await service.registry.add(changedStarter(starter, '2026-11-24'));
      const held = service.serving.acquireChampion();
      await service.registry.promote(second.version, reason);
      await service.serving.refresh();
      assert.equal(service.model.version, second.version);
      const image = {
        width: 192,
        height: 192,
        pixelAspect: 1,
        values: Float32Array.from({ length: 192 * 192 }, (_, i) => (i % 192) / 192),
      };
      assert.equal((await held.model.predictXrays([image])).length, 1);
      held.release();
      held.release();
      await eventually('the old one is off the engine', () => assert.rejects(held.model.predictXrays([image])));
      assert.equal((await service.serving.champion().predictXrays([image])).length, 1);
    } finally {
      await service.stop();
    }
  });
});
