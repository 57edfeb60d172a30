import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { discSet } from '../support/disc-set.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { chestAi, environment, weightsIn } from '../support/training-command.js';

describe('train', () => {
  let dataset: string;
  before(async () => {
    dataset = (await discSet(temporaryDirectory('discs'))).directory;
  });
  const options = (...more: readonly string[]): readonly string[] => [
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

  test('ends with the figures of its validation images and a version that can be asked', { timeout: 240_000 }, async () => {
    const dataDir = temporaryDirectory('train');
    const { code, stdout, stderr } = await chestAi(dataDir, ...options('--test', '0.15'));
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout) as Record<string, unknown> & {
      n: number;
      patients: number;
      classes: string[];
      accuracy: number;
      modelVersion: string;
      confusion: number[][];
      run: string;
    };
    for (const key of [
      'n',
      'patients',
      'classes',
      'accuracy',
      'accuracyInterval',
      'majorityRate',
      'balancedAccuracy',
      'auroc',
      'ece',
      'brier',
      'confusion',
      'modelVersion',
    ])
      assert.ok(key in report, key);
    assert.deepEqual(report.classes, ['disc', 'no-finding']);
    assert.equal(
      report.confusion.flat().reduce((sum, count) => sum + count, 0),
      report.n,
    );
    assert.ok(report.accuracy > 0.7, `a bright disc on grey can be learned, found ${report.accuracy}`);
    assert.match(report.modelVersion, /^[0-9a-f]{12}$/);
    assert.deepEqual(readdirSync(report.run).sort(), ['checkpoints', 'log.jsonl', 'loss.png', 'parts.jsonl', 'run.json']);

    const folder = join(dataDir, 'models/versions', report.modelVersion);
    const lineage = JSON.parse(readFileSync(join(folder, 'lineage.json'), 'utf8')) as {
      dataset: { splits: Record<string, number> };
      settings: { split: { lock: string } };
    };
    assert.equal(lineage.dataset.splits['validation'], report.n);
    assert.ok(lineage.settings.split.lock, 'the test set is locked');
    assert.match(readFileSync(join(folder, 'CARD.md'), 'utf8'), /Not for diagnosis/);
    assert.ok(!existsSync(join(dataDir, 'models/aliases')), 'nothing is promoted by training');

    const again = await chestAi(
      dataDir,
      'evaluate',
      '--model',
      report.modelVersion,
      '--dataset',
      dataset,
      '--parts',
      join(report.run, 'parts.jsonl'),
      '--part',
      'validation',
      '--seed',
      '3',
      '--json',
    );
    assert.equal(again.code, 0, again.stderr);
    const evaluated = JSON.parse(again.stdout) as Record<string, unknown>;
    for (const key of [
      'n',
      'patients',
      'classes',
      'accuracy',
      'accuracyInterval',
      'majorityRate',
      'balancedAccuracy',
      'auroc',
      'ece',
      'brier',
      'confusion',
      'perClass',
      'refused',
    ] as const)
      assert.deepEqual(evaluated[key], (report as Record<string, unknown>)[key], `evaluate prints the value of train: ${key}`);

    const asked = await chestAi(
      dataDir,
      'evaluate',
      '--model',
      report.modelVersion,
      '--dataset',
      dataset,
      '--test-lock',
      join(dataset, 'test-lock.json'),
      '--json',
    );
    assert.equal(asked.code, 0, asked.stderr);
    const tested = JSON.parse(asked.stdout) as { n: number; patients: number };
    assert.ok(tested.n > 0 && tested.n === 2 * tested.patients);
  });

  test('killed in mid-epoch and started again, it ends with the same weights; so does one that a time limit stops', {
    timeout: 600_000,
  }, async () => {
    const [whole, killed, limited] = ['whole', 'killed', 'limited'].map((name) => temporaryDirectory(name)) as [string, string, string];
    assert.equal((await chestAi(whole, ...options())).code, 0);
    const [expected] = weightsIn(whole);

    const run = join(killed, 'run');
    const logged = (): number =>
      existsSync(join(run, 'log.jsonl'))
        ? readFileSync(join(run, 'log.jsonl'), 'utf8')
            .split('\n')
            .filter((line) => line.includes('"epoch","')).length
        : 0;
    for (const epochs of [1, 3]) {
      const child = spawn(process.execPath, [join(projectRoot, 'dist/src/cli.js'), ...options('--run', run)], {
        cwd: projectRoot,
        env: environment(killed),
        stdio: 'ignore',
      });
      const gone = new Promise((resolve) => child.once('exit', resolve));
      await eventually(`${epochs} epochs are logged`, () => assert.ok(logged() >= epochs || child.exitCode !== null), {
        timeoutMs: 120_000,
        intervalMs: 10,
      });
      child.kill('SIGKILL');
      await gone;
      assert.deepEqual(weightsIn(killed), [], 'nothing half-trained is in the registry');
    }
    assert.equal((await chestAi(killed, ...options('--run', run))).code, 0);
    assert.deepEqual(weightsIn(killed), [expected]);

    const first = await chestAi(limited, ...options('--run', join(limited, 'run'), '--time-limit', '0.06'));
    assert.ok([0, 75].includes(first.code!), first.stderr);
    if (first.code === 75) {
      assert.equal((JSON.parse(first.stdout) as { finished: boolean }).finished, false);
      assert.deepEqual(weightsIn(limited), []);
    }
    assert.equal((await chestAi(limited, ...options('--run', join(limited, 'run')))).code, 0);
    assert.deepEqual(weightsIn(limited), [expected]);
  });

  test('several findings, and a source left out', { timeout: 120_000 }, async () => {
    const dataDir = temporaryDirectory('several');
    const { code, stdout, stderr } = await chestAi(
      dataDir,
      ...options('--objective', 'several', '--classes', 'disc', '--leave-out', 'south', '--balance', 'class-weights', '--epochs', '1'),
    );
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout) as { classes: string[]; objective: string; bySource: { name: string }[]; warnings: string[] };
    assert.deepEqual([report.classes, report.objective, report.bySource.map(({ name }) => name)], [['disc'], 'several', ['north']]);
  });

  test('the network of a version goes on learning', { timeout: 180_000 }, async () => {
    const dataDir = temporaryDirectory('from');
    const first = JSON.parse((await chestAi(dataDir, ...options('--epochs', '1'))).stdout) as { modelVersion: string };
    const { code, stdout, stderr } = await chestAi(dataDir, ...options('--epochs', '1', '--from', first.modelVersion));
    assert.equal(code, 0, stderr);
    const { modelVersion } = JSON.parse(stdout) as { modelVersion: string };
    assert.notEqual(modelVersion, first.modelVersion);
    assert.equal(
      (JSON.parse(readFileSync(join(dataDir, 'models/versions', modelVersion, 'lineage.json'), 'utf8')) as { parent: string }).parent,
      first.modelVersion,
    );
  });
});
