import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readPart10 } from '../../src/dicom/part10.js';
import { derivedUid } from '../../src/dicom/uid.js';
import { silentLog } from '../../src/log.js';
import { openRegistry } from '../../src/registry/registry.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import type { RunningService } from '../../src/service/start-service.js';
import type { StudyPage } from '../../src/server/page-types.js';
import { accessParts } from '../support/access.js';
import { chestAi } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { documentOutline } from '../support/document-outline.js';
import { eventually } from '../support/eventually.js';
import { onnxCandidate } from '../support/onnx-candidate.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { blotchPng, writePictureSet } from '../support/picture-set.js';
import { sendByStow } from '../support/send.js';
import { assertOneCurrentResult, startTestService } from '../support/service.js';
import { tinyCandidate, tinyNetwork } from '../support/tiny-model.js';

const adopted = { format: 'PyTorch state_dict', sha256: '1'.repeat(64), at: '2026-11-29T12:00:00.000Z' };

describe('a model that was brought along: challenger, shadow, gate, promotion with a reason, report, rollback', () => {
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('bring-your-model');
  const registry = openRegistry(join(dataDir, 'models'));
  const dataset = temporaryDirectory('bring-your-model-set');
  const reason = { by: 'test', why: 'test', at: new Date() };
  let service: RunningService;
  before(async () => {
    service = await startTestService(pacs.orthanc, { dataDir, log: silentLog });
    const names = Array.from({ length: 12 }, (_, number) => `${number}.png`);
    const pictures = await Promise.all(names.map((name, number) => blotchPng(name, { width: 200, height: 200, bright: number % 3 === 0 })));
    const rows = names.map((name, number) => `p${number},${number % 3 ? 'No Finding' : 'COVID-19'},PA,${name}`);
    await writePictureSet(
      dataset,
      ['Patientid,finding,view,filename', ...rows].join('\n'),
      Object.fromEntries(names.map((name, number) => [name, pictures[number]!])),
    );
  });
  after(() => service.stop());

  /** The text report of a study, which is valid, and all that it states. */
  const reportOf = async ({ studyInstanceUID }: ReturnType<typeof chestStudy>) => {
    const { report, reference } = await eventually('its report', () => assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID), {
      timeoutMs: 60_000,
    });
    const bytes = await pacs.dicomWeb.retrieveInstance(studyInstanceUID, reference.seriesInstanceUID, reference.sopInstanceUID);
    return { report, text: documentOutline(readPart10(bytes).dataSet).join('\n') };
  };

  /** The findings that the study's page marks as not calibrated here. */
  const markedOnPage = async ({ studyInstanceUID }: ReturnType<typeof chestStudy>) => {
    const { administration } = accessParts(service.store);
    const { token } = await administration.addToken({ name: derivedUid('viewer', studyInstanceUID), roles: ['viewer'] }, { actor: 'test' });
    const response = await fetch(`${service.url}/api/studies/${studyInstanceUID}/page`, { headers: { Authorization: `Bearer ${token}` } });
    const { history } = (await response.json()) as StudyPage;
    const current = history.find(({ isCurrent }) => isCurrent)!;
    assert.ok(current.findings.length > 0);
    return current.findings.flatMap((one) => (one.isNotCalibratedHere ? [one.name] : [])).sort();
  };

  const shadowRowOf = async (model: ModelVersion, study: ReturnType<typeof chestStudy>) => {
    await registry.challenge(model.version, reason);
    await eventually('the challenger is on the engine', () => assert.equal(service.serving.challenger()?.version, model.version), {
      timeoutMs: 60_000,
    });
    await sendByStow(study.files, pacs.dicomWeb);
    return eventually(
      'a shadow prediction',
      async () => {
        const [row] = await service.store.shadow.ofVersion(model.version);
        assert.ok(row);
        return row;
      },
      { timeoutMs: 60_000 },
    );
  };

  test('ONNX: from shadow to the report and back', async () => {
    const starter = service.model.version;
    const model = await registry.add(await onnxCandidate());
    const shadow = await shadowRowOf(model, chestStudy('shadow of onnx'));
    assert.deepEqual([shadow.outcome, shadow.championVersion], ['reported', starter]);
    assert.deepEqual(
      shadow.findings.map(({ name }) => name),
      ['pneumonia', 'covid-19', 'pleural-effusion'],
    );

    // Twelve patients are too few for the gate, so that it refuses, and only a reason promotes.
    const environment = { DATA_DIR: dataDir };
    const gate = await chestAi(['models', 'gate', model.version, '--dataset', dataset, '--json'], environment, 120_000);
    assert.equal(gate.code, 1, gate.stderr);
    assert.equal((JSON.parse(gate.stdout) as { readonly decision: string }).decision, 'refused');
    assert.equal((await registry.change((await registry.changes())[0]!)).challenger, model.version);
    const refused = await chestAi(['models', 'promote', model.version], environment);
    assert.match(refused.stderr, /or promote it without the gate \(--without-gate\) and give a reason/);
    const promoted = await chestAi(
      ['models', 'promote', model.version, '--without-gate', '--reason', 'published validation at three hospitals'],
      environment,
    );
    assert.equal(promoted.code, 0, promoted.stderr);
    await eventually('it reports', () => assert.equal(service.model.version, model.version), { timeoutMs: 60_000 });

    const study = chestStudy('report by onnx');
    await sendByStow(study.files, pacs.dicomWeb);
    const { report, text } = await reportOf(study);
    assert.equal(report.algorithm.deviceUID, model.deviceUID);
    assert.equal(report.findings.length, 3);
    assert.match(text, /Pneumonia: absent below .*; not calibrated here, the publisher's values/);
    assert.match(text, /The model brought along is not calibrated here: its probabilities and thresholds are the publisher's/);
    assert.match(text, /No feature guard was fitted for the model brought along/);
    assert.deepEqual(await markedOnPage(study), ['covid-19', 'pleural-effusion', 'pneumonia']);

    const history = (await registry.history()).at(-1)!;
    assert.match(history.why, /without the gate: published validation at three hospitals/);
    await registry.rollback(reason);
    await service.serving.refresh();
    assert.equal(service.model.version, starter);
    const again = chestStudy('after the rollback');
    await sendByStow(again.files, pacs.dicomWeb);
    const restored = await reportOf(again);
    assert.equal(restored.report.algorithm.deviceUID, service.model.deviceUID);
    assert.doesNotMatch(restored.text, /calibrated here/);
    assert.deepEqual(await markedOnPage(again), []);
  });

  test('a network of a known architecture in safetensors: in shadow, with its findings', async () => {
    const { gate: _none, ...network } = tinyNetwork();
    const outputs = network.outputs.map((one) => ({ ...one, calibratedHere: false })) as typeof network.outputs;
    const model = await registry.add(
      tinyCandidate(1, {
        name: 'a published network',
        networks: { xray: { ...network, outputs } },
        adopted: { ...adopted, from: 'chest.safetensors' },
      }),
    );
    const shadow = await shadowRowOf(model, chestStudy('shadow of safetensors'));
    assert.deepEqual([shadow.outcome, shadow.findings.length], ['reported', 2]);
    await registry.challenge(null, reason);
  });
});
