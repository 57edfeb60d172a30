import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { architectureOf } from '../../src/network/architecture-spec.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import { networkPreset } from '../../src/network/presets.js';
import { writeSafetensors } from '../../src/network/safetensors.js';
import { discSet } from '../support/disc-set.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { chestAi, weightsIn } from '../support/training-command.js';
import { blotchPng, writePictureSet } from '../support/picture-set.js';

describe('train: what goes in', () => {
  let dataset: string;
  before(async () => {
    dataset = (await discSet(temporaryDirectory('discs'))).directory;
  });
  const _options = (...more: readonly string[]): readonly string[] => [
    'train',
    '--dataset',
    dataset,
    '--size',
    '48',
    '--batch-size',
    '8',
    '--epochs-frozen',
    '1',
    '--epochs',
    '3',
    '--learning-rate',
    '5e-3',
    '--seed',
    '3',
    '--json',
    ...more,
  ];

  test('the starter’s pipeline: sets as published, look-alikes, a guard, a locked test set, a source left out', {
    timeout: 240_000,
  }, async () => {
    const dataDir = temporaryDirectory('starter');
    const data = join(dataDir, 'sets');
    for (const [set, rows] of [
      ['north', 14],
      ['south', 14],
    ] as const) {
      const names = Array.from({ length: rows }, (_, index) => `${index}.png`);
      const pictures = Object.fromEntries(
        await Promise.all(
          names.map(async (name, index) => [name, await blotchPng(`${set} ${name}`, { bright: index % 2 === 0 })] as const),
        ),
      );
      const lines = names.map(
        (name, index) =>
          `${index},${['COVID-19', 'No Finding', 'Pneumonia/Viral', 'Effusion|Infiltration'][index % 4]},${index === 13 ? 'L' : 'PA'},${name}`,
      );
      await writePictureSet(join(data, set), `Patientid,finding,view,filename\n${lines.join('\n')}\n`, pictures);
    }
    const { code, stdout, stderr } = await chestAi(
      dataDir,
      'train-starter',
      '--data',
      data,
      '--work',
      join(dataDir, 'work'),
      '--epochs',
      '1',
      '--size',
      '64',
      '--weights',
      'none',
      '--leave-out',
      'south',
    );
    assert.equal(code, 0, stderr);
    const lines = stdout.trim().split('\n');
    const report = JSON.parse(lines.at(-1)!) as { classes: string[]; modelVersion: string; bySource: { name: string }[] };
    const findings = [
      'abnormal',
      'opacity',
      'pleural-effusion',
      'cardiomegaly',
      'pneumothorax',
      'atelectasis',
      'lung-nodule-or-mass',
      'covid-19',
    ];
    assert.deepEqual(report.classes, findings, 'the guard is no finding');
    assert.deepEqual(
      report.bySource.map(({ name }) => name),
      ['north'],
    );
    const model = JSON.parse(readFileSync(join(dataDir, 'models/versions', report.modelVersion, 'model.json'), 'utf8')) as {
      networks: { xray: { outputs: { name: string; kind: string }[] } };
    };
    assert.deepEqual(
      model.networks.xray.outputs.map(({ name, kind }) => [name, kind]),
      [...findings.map((name) => [name, 'finding']), ['frontal-chest', 'gate']],
    );
    assert.ok(existsSync(join(dataDir, 'work/test-lock-xray.json')));
    assert.ok(existsSync(join(dataDir, 'work/runs/xray-without-south-from-scratch/model-version')));
    const stored = readFileSync(join(dataDir, 'models/versions', report.modelVersion, 'xray.safetensors'));
    assert.ok(stored.length < 14_000_000, 'the weights are stored in half precision');
    assert.match(stored.subarray(8, 60_000).toString(), /"dtype":"F16"/);
    assert.match(
      (await chestAi(dataDir, 'train-starter', '--data', data, '--work', join(dataDir, 'work'), '--epochs', '1')).stderr,
      /weights fetch google\/efficientnet-lite0/,
    );

    // another recipe, of a run with a name of its own; then CT slices, with the network that there is kept beside
    const recipe = join(dataDir, 'short.json');
    writeFileSync(recipe, JSON.stringify({ stages: [{ what: 'all', epochs: 1, rate: 3e-3, pixels: 32 }], batch: 8 }));
    const slices = Array.from({ length: 16 }, (_, index) => `${index}.png`);
    await writePictureSet(
      join(data, 'west-ct-slices'),
      `Patientid,finding,view,filename\n${slices.map((name, index) => `${index},${['COVID-19', 'non-COVID-19'][index % 2]},Axial,${name}`).join('\n')}\n`,
      Object.fromEntries(
        await Promise.all(slices.map(async (name, index) => [name, await blotchPng(`west ${name}`, { bright: index % 2 === 0 })] as const)),
      ),
    );
    const second = await chestAi(
      dataDir,
      'train-starter',
      '--data',
      data,
      '--work',
      join(dataDir, 'work'),
      '--use',
      'ct',
      '--size',
      '64',
      '--recipe',
      recipe,
      '--from',
      report.modelVersion,
    );
    assert.equal(second.code, 0, second.stderr);
    const folder = readFileSync(join(dataDir, 'work/runs/ct-recipe-short/model-version'), 'utf8').trim();
    const both = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as {
      networks: Record<'xray' | 'ct', { sha256: string; input: { width: number; window?: unknown }; study?: unknown }>;
    };
    const kept = JSON.parse(readFileSync(join(dataDir, 'models/versions', report.modelVersion, 'model.json'), 'utf8')) as typeof both;
    assert.equal(both.networks.xray.sha256, kept.networks.xray.sha256);
    assert.deepEqual(
      [both.networks.ct.input.width, both.networks.ct.input.window, both.networks.ct.study],
      [64, { center: -600, width: 1500 }, { slices: 16, combine: 'mean-of-top', top: 4 }],
    );
    const wrong = join(dataDir, 'wrong.json');
    writeFileSync(wrong, JSON.stringify({ stages: [{ what: 'all', epochs: 1, rate: 3e-3 }], augmentations: {} }));
    const refused = await chestAi(dataDir, 'train-starter', '--data', data, '--work', join(dataDir, 'work'), '--recipe', wrong);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /wrong\.json.*augmentations/s);
  });

  test('published weights of three colours for one channel; a batch by memory stays that of the first start; classes in another order are refused', {
    timeout: 180_000,
  }, async () => {
    const dataDir = temporaryDirectory('weights');
    const file = join(dataDir, 'colours.safetensors');
    writeFileSync(
      file,
      writeSafetensors(initialWeights(architectureOf(networkPreset('starter', { inputChannels: 3, outputs: 5, head: 'torchvision' })), 1)),
    );
    const run = join(dataDir, 'run');
    const args = ['train', '--dataset', dataset, '--size', '48', '--epochs-frozen', '0', '--epochs', '1', '--run', run];
    const { code, stdout, stderr } = await chestAi(dataDir, ...args, '--weights', file, '--channels', '1');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Batch 16 by memory: about \d+\.\d of \d+\.\d GB, half of the memory here; no more is tried by itself$/m);
    const [version] = readdirSync(join(dataDir, 'models/versions'));
    const folder = join(dataDir, 'models/versions', version!);
    assert.match(
      (JSON.parse(readFileSync(join(folder, 'lineage.json'), 'utf8')) as { startedFrom: string }).startedFrom,
      /^colours\.safetensors \(sha256 [0-9a-f]{12}\); conv1\.weight: three channels summed into one$/,
    );
    assert.match(readFileSync(join(folder, 'CARD.md'), 'utf8'), /three channels summed into one/);

    rmSync(join(run, 'checkpoints'), { recursive: true });
    writeFileSync(join(run, 'batch.json'), readFileSync(join(run, 'batch.json'), 'utf8').replace('"batch":16', '"batch":12'));
    const again = await chestAi(dataDir, ...args, '--weights', file, '--channels', '1');
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /^Batch 12 by memory: as this run began: /m);
    assert.match(
      (await chestAi(dataDir, ...args, '--from', version!, '--classes', 'no-finding,disc')).stderr,
      /expected the classes \[disc, no-finding\], found \[no-finding, disc\]/,
    );
  });

  test('lr-find writes a plot and suggests', { timeout: 120_000 }, async () => {
    const dataDir = temporaryDirectory('lr-find');
    const { code, stdout, stderr } = await chestAi(
      dataDir,
      'lr-find',
      '--dataset',
      dataset,
      '--size',
      '48',
      '--batch-size',
      '8',
      '--out',
      dataDir,
      '--json',
    );
    assert.equal(code, 0, stderr);
    const { suggestions, found } = JSON.parse(stdout) as { suggestions: Record<string, number> | null; found: unknown[] };
    assert.ok(found.length > 20);
    assert.ok(suggestions === null || Object.values(suggestions).every((rate) => rate > 0));
    assert.equal(readFileSync(join(dataDir, 'lr-find.png')).subarray(1, 4).toString(), 'PNG');
    assert.deepEqual(weightsIn(dataDir), []);
  });

  test('what cannot be trained is refused in one line, and nothing is left behind', { timeout: 120_000 }, async () => {
    const dataDir = temporaryDirectory('refused');
    const make = async (name: string, rows: readonly string[], broken = false): Promise<string> => {
      const files = rows.map((row) => row.split(',')[2]!);
      const pictures = Object.fromEntries(
        await Promise.all(files.map(async (file) => [file, broken ? `no picture: ${file}` : await blotchPng(`${name} ${file}`)] as const)),
      );
      const set = await writePictureSet(join(dataDir, name), `patientid,finding,filename\n${rows.join('\n')}\n`, pictures);
      const { code, stderr } = await chestAi(
        dataDir,
        'dataset',
        'import',
        '--metadata',
        set.metadata,
        '--images',
        set.images,
        '--out',
        set.out,
      );
      assert.equal(code, 0, stderr);
      return set.out;
    };
    const rows = (patient: (index: number) => number, finding: (index: number) => string): string[] =>
      Array.from({ length: 12 }, (_, index) => `${patient(index)},${finding(index)},${index}.png`);
    const oneClass = await make(
      'one-class',
      rows(
        (index) => index,
        () => 'Mass',
      ),
    );
    const onePatient = await make(
      'one-patient',
      rows(
        () => 1,
        (index) => (index % 2 ? 'Mass' : 'Cough'),
      ),
    );
    const unreadable = await make(
      'unreadable',
      rows(
        (index) => index,
        (index) => (index % 2 ? 'Mass' : 'Cough'),
      ),
      true,
    );
    for (const [args, expected] of [
      [['--dataset', oneClass], /The data set cannot be used: expected at least two classes, found mass/],
      [
        ['--dataset', oneClass, '--classes', 'mass,cough'],
        /expected images of at least two classes to train on, found \d+ images of mass alone/,
      ],
      [['--dataset', onePatient], /expected images of at least two patients, found 12 images of 1/],
      [['--dataset', unreadable], /expected images of at least two patients, found 0 images of 0/],
      [['--dataset', dataDir], /expected a data set made by `dataset import`, found no manifest.jsonl/],
      [['--dataset', dataset, '--network', 'resnet-99'], /expected --network as one of starter, resnet-18/],
      [['--dataset', dataset, '--learning-rate', 'fast'], /expected --learning-rate as a number/],
      [['--dataset', dataset, '--leave-out', 'west'], /expected a source of north, south to leave out, found west/],
      [['--dataset', dataset, '--weights', join(dataDir, 'none.safetensors')], /none\.safetensors/],
      [['--dataset', dataset, '--from', 'abc'], /expected champion, challenger, a folder or one of 0 versions/],
    ] as const) {
      const { code, stdout, stderr } = await chestAi(dataDir, 'train', ...args, '--size', '48', '--json');
      assert.equal(code, 1, `${args.join(' ')}: ${stdout}`);
      assert.match(stderr, expected);
      assert.ok(stderr.split('\n').filter(Boolean).length <= 1, `one line, no stack: ${stderr}`);
    }
    assert.deepEqual(weightsIn(dataDir), []);
    assert.ok(!existsSync(join(dataDir, 'training')));
  });
});
