import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { projectRoot } from '../../src/config.js';
import { evaluationReportSchema } from '../../src/evaluation/report/evaluation-report.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const run = promisify(execFile);
const command = (dataDir: string, ...parameters: readonly string[]) =>
  run(process.execPath, [join(projectRoot, 'dist/src/cli.js'), 'evaluate', ...parameters], {
    cwd: projectRoot,
    env: { PATH: process.env['PATH'], DATA_DIR: dataDir, MODEL_DIR: twoFindingModel, ENGINE: 'onnx-cpu', LOG_LEVEL: 'error' },
    maxBuffer: 1e8,
  });

/** Waves, some darker: what they are called does not matter here, that all of it is counted does. */
async function smallDataSet(): Promise<string> {
  const directory = temporaryDirectory('evaluate');
  const side = 200;
  const waves = Float32Array.from(
    { length: side * side },
    (_, i) => 0.5 + 0.4 * Math.sin(0.06 * (i % side)) * Math.cos(0.04 * Math.floor(i / side)),
  );
  await mkdir(join(directory, 'images'));
  const rows = ['Patientid,finding,view,filename'];
  for (let number = 0; number < 12; number++) {
    const grey = Buffer.from(Uint8Array.from(waves, (value) => Math.round(255 * value * (1 - number / 40))));
    await sharp(grey, { raw: { width: side, height: side, channels: 1 } })
      .png()
      .toFile(join(directory, 'images', `${number}.png`));
    rows.push(`p${number >> 1},${['COVID-19', 'No Finding', 'ARDS'][number % 3]},${number % 2 ? 'AP' : 'PA'},${number}.png`);
  }
  rows.push('p9,No Finding,PA,absent.png', 'p10,No Finding,PA,broken.png');
  await writeFile(join(directory, 'images', 'broken.png'), 'this is no picture');
  await writeFile(join(directory, 'metadata.csv'), `${rows.join('\n')}\n`);
  return directory;
}

test('evaluate: one line of JSON of the shape that is promised, and a page that needs nothing else', async () => {
  const dataset = await smallDataSet();
  const dataDir = temporaryDirectory('evaluate-data');
  const json = await command(dataDir, '--dataset', dataset, '--resamples', '50', '--json');
  assert.equal(json.stdout.trim().split('\n').length, 1);
  const report = evaluationReportSchema.parse(JSON.parse(json.stdout));
  assert.deepEqual([report.n, report.patients, report.classes], [12, 6, ['pneumonia', 'covid-19']]);
  // ARDS leaves pneumonia open, and is no COVID-19
  assert.deepEqual([report.perClass['pneumonia']!.n, report.perClass['covid-19']!.n, report.perClass['covid-19']!.positives], [8, 12, 4]);
  assert.deepEqual(
    report.byView.map(({ name, n }) => [name, n]),
    [
      ['AP', 6],
      ['PA', 6],
    ],
  );
  assert.ok(report.warnings.some((line) => line.startsWith('1 images left out: they could not be read')));
  for (const key of ['accuracy', 'accuracyInterval', 'majorityRate', 'balancedAccuracy', 'auroc', 'ece', 'brier', 'confusion'])
    assert.ok(key in report, key);

  const out = join(dataDir, 'report');
  const text = await command(dataDir, '--dataset', dataset, '--resamples', '50', '--out', out);
  assert.match(text.stdout, /12 images, 6 patients\naccuracy .*always the commonest answer .*balanced/);
  assert.match(text.stdout, /Not for diagnosis/);
  const page = await readFile(join(out, 'report.html'), 'utf8');
  assert.match(page, /Not for diagnosis/);
  assert.equal((page.match(/src="data:image\/jpeg;base64,/g) ?? []).length, report.topLosses.length);
  assert.doesNotMatch(page, /(src|href)="(?!data:)/);
  assert.deepEqual(evaluationReportSchema.parse(JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))), report);
});

test('evaluate: what is not there, or cannot be used, is named', async () => {
  const dataDir = temporaryDirectory('evaluate-data');
  const refusal = async (...parameters: readonly string[]): Promise<string> => {
    const error = await command(dataDir, ...parameters).then(
      () => undefined,
      (thrown: { code: number; stderr: string }) => thrown,
    );
    assert.equal(error?.code, 1, parameters.join(' '));
    assert.doesNotMatch(error.stderr, /^\s+at /m);
    return error.stderr;
  };
  const empty = temporaryDirectory('empty');
  assert.match(
    await refusal('--dataset', empty),
    /expected a data set made by `dataset import`, metadata.csv with images\/, or a folder of pictures for each label/,
  );
  assert.match(await refusal('--dataset', join(empty, 'absent')), /absent/);
  await mkdir(join(empty, 'cat'));
  await writeFile(join(empty, 'cat', 'one.png'), 'no picture');
  assert.match(
    await refusal('--dataset', empty),
    /expected images that pneumonia, covid-19 can describe, found none among 1 \(1 unreadable\)/,
  );
  assert.match(await refusal('--dataset', empty, '--model', '0123456789ab'), /found 0123456789ab/);
  assert.match(await refusal('--dataset', empty, '--model', 'challenger'), /expected a challenger, found none/);
  assert.match(await refusal('--dataset', empty, '--network', 'mri'), /expected --network xray or ct, found mri/);
  assert.match(await refusal('--dataset', empty, '--resamples', 'many'), /expected --resamples as a whole number from 10, found many/);
  assert.match(await refusal('--dataset', empty, '--test-lock', join(empty, 'lock.json')), /expected a test lock, found no file/);
});
