import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { itemsOf, textOf } from '../../src/dicom/data-set.js';
import { knownNetwork } from '../../src/network/loadable-network.js';
import { modelActionsOf } from '../../src/server/page/model-actions.js';
import { lastDriftReport, requestDriftCheck } from '../../src/monitoring/start-drift-checks.js';
import { requestRetraining } from '../../src/retraining/start-retraining.js';
import { loadModelVersion, type ModelVersion } from '../../src/registry/model-version.js';
import { openRegistry, registryFolder } from '../../src/registry/registry.js';
import { readReport } from '../../src/sr/read-report.js';
import { startService, type RunningService } from '../../src/service/start-service.js';
import { silentLog } from '../../src/log.js';
import { changedStarter } from '../support/changed-starter.js';
import { chestAi, objects, type Analyzed } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { configFor, documentsOf, eventuallyOneResult } from '../support/service.js';
import { validateDocument } from '../support/validate-document.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const reason = { by: 'test', why: 'test', at: new Date() };

interface OfModels {
  readonly findings: readonly { readonly modelVersion: string }[];
  readonly otherFindings: readonly { readonly modelVersion: string }[];
}

/** The starter's weights under another name, with another finding in place of its first and no network for CT. */
async function secondModel(starter: ModelVersion, directory: string, created: string): Promise<ModelVersion> {
  const candidate = changedStarter(starter, created, undefined, 'pleural-effusion');
  const xray = candidate.networks.xray!;
  assert.ok('tensors' in xray && knownNetwork(starter.networks.xray!.network, 'test'));
  return openRegistry(directory).add({ ...candidate, name: 'second model', networks: { xray } });
}

describe('several models on a real Orthanc', () => {
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('several-models');
  let service: RunningService;
  let starter: ModelVersion;
  let second: ModelVersion;
  let third: ModelVersion;

  before(async () => {
    starter = await loadModelVersion(twoFindingModel);
    const elsewhere = temporaryDirectory('second-model');
    second = await secondModel(starter, elsewhere, '2026-11-28');
    third = await secondModel(starter, elsewhere, '2026-11-29');
    const config = configFor(pacs.orthanc, { dataDir });
    service = await startService(
      {
        ...config,
        models: [
          { name: 'effusion', directory: second.directory, precedence: 0, thresholds: {}, retraining: {}, drift: {} },
          { name: 'empty', precedence: 5, thresholds: {}, retraining: {}, drift: {} },
        ],
      },
      silentLog,
    );
    await service.lines.get('effusion')!.registry.importFolder(third.directory);
  });
  after(async () => {
    await service.stop();
  });

  test('two models report one X-ray in one SR, which every validator accepts', async () => {
    const { studyInstanceUID, files } = chestStudy('two models');
    await sendByCStore(files, pacs.orthanc);
    const { report } = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    assert.equal(report.algorithm.deviceUID, starter.deviceUID);
    assert.deepEqual(
      report.otherAlgorithms?.map(({ name, deviceUID, serialNumber }) => ({ name, deviceUID, serialNumber })),
      [{ name: 'second model', deviceUID: second.deviceUID, serialNumber: second.version }],
    );
    const result = await eventually('it is indexed', async () => {
      const row = await service.store.results.currentResult(studyInstanceUID);
      assert.ok(row);
      return row;
    });
    const byModel = (version: string): readonly string[] =>
      result.findings.filter(({ modelVersion }) => modelVersion === version).map(({ name }) => name);
    assert.deepEqual(byModel(second.version), ['pleural-effusion']);
    assert.equal(byModel(starter.version).length, result.findings.length - 1);
    assert.deepEqual(
      result.otherFindings.map(({ modelVersion }) => modelVersion),
      result.otherFindings.map(() => second.version),
    );
    assert.ok(result.otherFindings.length > 0, 'the finding that both report is shown of both');

    for (const instance of (await documentsOf(pacs.dicomWeb, studyInstanceUID)).current) {
      const { studyInstanceUID: study, seriesInstanceUID, sopInstanceUID } = instance.reference;
      const file = await pacs.dicomWeb.retrieveInstance(study, seriesInstanceUID, sopInstanceUID);
      const { errors, warnings } = await validateDocument(file);
      assert.deepEqual([errors, warnings], [[], []]);
    }
    const statistics = await service.lines.get('effusion')!.store.statistics.since(new Date(0));
    assert.deepEqual(
      statistics.map(({ modelVersion }) => modelVersion),
      [second.version],
      'drift of the line sees what its model saw',
    );
  });

  test('promotion and rollback of one line leave the other as it is, and the next study has the new version', async () => {
    const actions = modelActionsOf(service.lines);
    const before = await service.registry.history();
    const changed = await actions.promote(third.version, { line: 'effusion', by: 'test', why: 'a test', withoutGate: true });
    assert.equal(changed.deployed, third.version);
    assert.equal(service.model.version, starter.version);
    assert.deepEqual(await service.registry.history(), before);
    const { studyInstanceUID, files } = chestStudy('promoted line');
    await sendByCStore(files, pacs.orthanc);
    const { report } = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    assert.deepEqual(
      report.otherAlgorithms?.map(({ serialNumber }) => serialNumber),
      [third.version],
    );
    await actions.rollBack({ line: 'effusion', by: 'test' });
    assert.equal(service.lines.get('effusion')!.serving.champion()?.version, second.version);
    await assert.rejects(actions.rollBack({ line: 'none', by: 'test' }), /default|effusion/);
  });

  test('shadow predictions, retraining runs and drift checks belong to a line', async () => {
    const actions = modelActionsOf(service.lines);
    await actions.challenge(third.version, { line: 'effusion', by: 'test' });
    const { studyInstanceUID, files } = chestStudy('shadow of a line');
    await sendByCStore(files, pacs.orthanc);
    const [row] = await eventually(
      'the challenger of the line predicts in shadow',
      async () => {
        const rows = await service.store.shadow.ofVersion(third.version);
        assert.ok(rows.length > 0);
        return rows;
      },
      { timeoutMs: 60_000 },
    );
    assert.deepEqual([row!.studyInstanceUID, row!.championVersion], [studyInstanceUID, second.version]);
    assert.deepEqual(
      row!.championFindings.map(({ name }) => name).toSorted(),
      row!.findings.map(({ name }) => name).toSorted(),
      'it is compared with the champion of its line alone',
    );
    await actions.challenge(null, { line: 'effusion', by: 'test' });

    await requestRetraining(service.jobs, 'test', 'effusion');
    await requestRetraining(service.jobs, 'test', 'empty');
    await requestDriftCheck(service.jobs);
    for (const [line, why] of [
      ['effusion', /new label/],
      ['empty', /no champion/],
    ] as const) {
      const record = await eventually(`a change record of ${line}`, async () => {
        const found = await service.lines.get(line)!.registry.lastRun();
        assert.ok(found);
        return found;
      });
      assert.equal(record.outcome, 'not-trained');
      assert.match(record.why, why);
    }
    assert.deepEqual(await service.registry.changes(), [], 'the default line had no run');
    await eventually('both lines with a champion have a drift report', async () => {
      for (const [line, version] of [
        ['default', starter.version],
        ['effusion', second.version],
      ] as const)
        assert.equal((await lastDriftReport(service.store.ofLine(line)))?.modelVersion, version);
    });
    assert.equal(await lastDriftReport(service.store.ofLine('empty')), undefined);
  });

  test('analyze does the same with files', async () => {
    const folder = temporaryDirectory('analyze-lines');
    const file = join(folder, 'chest.dcm');
    writeFileSync(file, chestStudy('analyzed file').files[0]!);
    const settings = join(folder, 'config.json');
    writeFileSync(settings, JSON.stringify({ models: [{ name: 'effusion', directory: second.directory, precedence: 1 }] }));
    const run = await chestAi(['analyze', '--json', '--sr', folder, file], { CONFIG_FILE: settings });
    assert.equal(run.code, 0, run.stderr);
    const [result] = objects<Omit<Analyzed, 'findings'> & OfModels>(run);
    assert.equal(result!.modelVersion, starter.version);
    assert.deepEqual(new Set(result!.findings.map(({ modelVersion }) => modelVersion)), new Set([starter.version, second.version]));
    assert.deepEqual(
      result!.otherFindings.map(({ modelVersion }) => modelVersion),
      result!.otherFindings.map(() => starter.version),
      'the line of higher precedence decides',
    );
    const report = readdirSync(folder).find((name) => name.startsWith('chest') === false && name.endsWith('.dcm'))!;
    assert.deepEqual((await validateDocument(readFileSync(join(folder, report)))).errors, []);
  });

  test('a second model that is broken leaves the report of the first, which names the line', async () => {
    const versions = join(registryFolder({ dataDir }, 'effusion'), 'versions');
    await service.stop();
    for (const name of readdirSync(versions)) truncateSync(join(versions, name, 'xray.safetensors'), 1_000);
    const config = configFor(pacs.orthanc, { dataDir });
    service = await startService(
      { ...config, models: [{ name: 'effusion', precedence: 0, thresholds: {}, retraining: {}, drift: {} }] },
      silentLog,
    );
    const { studyInstanceUID, files } = chestStudy('broken model');
    await sendByCStore(files, pacs.orthanc);
    const { reference, report } = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    assert.equal(report.outcome.kind, 'reported');
    assert.equal(report.algorithm.deviceUID, starter.deviceUID);
    const document = (await pacs.dicomWeb.retrieveStudyMetadata(reference.studyInstanceUID)).find(
      (one) => textOf(one, 'SOPInstanceUID') === reference.sopInstanceUID,
    )!;
    assert.equal(itemsOf(document, 'ContributingEquipmentSequence').length, 1);
    assert.match(
      JSON.stringify(document),
      /The model line effusion took no part: its version [0-9a-f]{12} cannot be loaded \(model-invalid\)/,
    );
    assert.equal(readReport(document).otherAlgorithms, undefined);
    await assert.rejects(service.lines.get('effusion')!.registry.promote(third.version, reason), /sha256/);
  });
});
