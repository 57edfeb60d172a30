import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { openRegistry } from '../../src/registry/registry.js';
import type { FindingRule } from '../../src/evaluation/rules.js';
import { chestAi, objects, type Analyzed, type CommandRun } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { onnxCandidate } from '../support/onnx-candidate.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { phantomStudy } from '../support/phantom-study.js';
import { blotchPng, writePictureSet } from '../support/picture-set.js';
import { sendByStow } from '../support/send.js';

const studies = 110;

describe('a model of others: its guard fitted on studies of the PACS, its thresholds on local labels, then deployed', () => {
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('guard-from-pacs');
  const dataset = temporaryDirectory('guard-from-pacs-set');
  const registry = openRegistry(join(dataDir, 'models'));
  let adopted: string;
  let guarded: string;
  let calibrated: string;

  const command = (...args: readonly string[]): Promise<CommandRun> =>
    chestAi(
      args,
      {
        DATA_DIR: dataDir,
        ORTHANC_URL: pacs.orthanc.url,
        ORTHANC_USERNAME: pacs.orthanc.username,
        ORTHANC_PASSWORD: pacs.orthanc.password,
      },
      300_000,
    );

  before(async () => {
    adopted = (await registry.add(await onnxCandidate())).version;
    for (let first = 0; first < studies; first += 22)
      await sendByStow(
        Array.from({ length: 22 }, (_, index) => phantomStudy(first + index).file),
        pacs.dicomWeb,
      );
    // No rule takes a hand: it is looked at, and is no part of the guard.
    await sendByStow(chestStudy('a hand', [{ attributes: { BodyPartExamined: 'HAND' } }]).files, pacs.dicomWeb);
    const names = Array.from({ length: 60 }, (_, number) => `${number}.png`);
    const pictures = await Promise.all(names.map((name, number) => blotchPng(name, { width: 72, height: 72, bright: number % 2 === 0 })));
    const rows = names.map((name, number) => `p${number},${number % 2 ? 'No Finding' : 'Pneumonia'},PA,${name}`);
    await writePictureSet(
      dataset,
      ['Patientid,finding,view,filename', ...rows].join('\n'),
      Object.fromEntries(names.map((name, number) => [name, pictures[number]!])),
    );
  });

  test('models guard --studies reads the newest studies; the new version has the guard and the same weights', async () => {
    const run = await command('models', 'guard', adopted, '--studies', '100', '--json');
    assert.equal(run.code, 0, run.stderr);
    const { version, parent, images, outliers } = JSON.parse(run.stdout) as {
      readonly version: string;
      readonly parent: string;
      readonly images: number;
      readonly outliers: number;
    };
    assert.equal(parent, adopted);
    assert.equal(images + outliers, 100);
    guarded = version;
    const before = (await registry.load(adopted)).networks.xray!;
    const after = (await registry.load(guarded)).networks.xray!;
    assert.equal(before.gate, undefined);
    assert.ok(after.gate && after.gate.maxDistance > 0);
    assert.deepEqual(after.outputs, before.outputs);
  });

  test('with too few studies nothing is fitted, and the sentence says where the images went', async () => {
    const known = await registry.versions();
    const run = await command('models', 'guard', adopted, '--studies', '99');
    assert.notEqual(run.code, 0);
    assert.match(run.stderr, /the number of studies.*100/);
    assert.deepEqual(await registry.versions(), known);
  });

  test('models calibrate --dataset: what has enough labels is calibrated here, the rest stays the publisher’s; the guard is kept', async () => {
    const run = await command('models', 'calibrate', guarded, '--dataset', dataset, '--min-patients', '20', '--json');
    assert.equal(run.code, 0, run.stderr);
    const found = JSON.parse(run.stdout) as { readonly version: string; readonly calibrated: readonly string[] };
    assert.deepEqual(found.calibrated, ['pneumonia']);
    calibrated = found.version;
    const { outputs, gate } = (await registry.load(calibrated)).networks.xray!;
    assert.deepEqual(gate, (await registry.load(guarded)).networks.xray!.gate);
    assert.deepEqual(
      outputs.filter((one): one is FindingRule => one.kind === 'finding').map(({ name, calibratedHere }) => [name, calibratedHere]),
      [
        ['pneumonia', true],
        ['covid-19', false],
        ['pleural-effusion', false],
      ],
    );
  });

  test('deployed, it reports a chest of the hospital, says what is calibrated, and refuses a picture unlike those of the guard', async () => {
    const promoted = await command('models', 'promote', calibrated, '--without-gate', '--reason', 'calibrated on local labels');
    assert.equal(promoted.code, 0, promoted.stderr);
    const files = temporaryDirectory('guard-from-pacs-files');
    const noise = Uint8Array.from({ length: 480 * 400 * 2 }, (_, index) =>
      index % 2 === 0 ? (index * 2654435761) % 251 : (index * 40503) % 16,
    );
    const unlike = { PixelData: noise, Rows: 480, Columns: 400, BitsAllocated: 16, BitsStored: 12, HighBit: 11 };
    writeFileSync(join(files, 'chest.dcm'), phantomStudy(400).file);
    writeFileSync(join(files, 'unlike.dcm'), chestStudy('unlike', [{ attributes: unlike }]).files[0]!);
    const run = await command('analyze', join(files, 'chest.dcm'), join(files, 'unlike.dcm'), '--json');
    const [chest, refused] = objects<Analyzed>(run);
    assert.equal(chest!.modelVersion, calibrated, run.stdout + run.stderr);
    assert.deepEqual(chest!.findings.map(({ name, isNotCalibratedHere }) => [name, isNotCalibratedHere ?? false]).sort(), [
      ['covid-19', true],
      ['pleural-effusion', true],
      ['pneumonia', false],
    ]);
    // The same with documents, in JSON and as text; CSV has no column for it.
    const marked = (one: Analyzed): readonly string[] => one.findings.flatMap((found) => (found.isNotCalibratedHere ? [found.name] : []));
    const sr = join(files, 'sr');
    const withDocuments = objects<Analyzed>(await command('analyze', join(files, 'chest.dcm'), '--json', '--sr', sr));
    assert.deepEqual([...marked(withDocuments[0]!)].sort(), ['covid-19', 'pleural-effusion']);
    const text = await command('analyze', join(files, 'chest.dcm'), '--sr', sr);
    assert.equal(text.stdout.match(/\(not calibrated here\)/g)?.length, 2, text.stdout);
    assert.equal(refused!.outcome, 'skipped', run.stdout);
    assert.match(refused!.reason ?? '', /unlike the training images/);
  });
});
