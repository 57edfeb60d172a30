import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { projectRoot } from '../../src/config.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { presentXray } from '../../src/pixels/xray/xray.js';
import { chestAi, objects, type Analyzed, type CommandRun } from '../support/chest-ai-command.js';
import { assertNothingRuns, temporaryDirectory } from '../support/orthanc.js';
import { smallSamples } from '../support/small-samples.js';
import { withoutAttributes } from '../support/without-attributes.js';
import { twoFindingModel } from '../support/two-finding-model.js';

/** The command with something on its standard input, and, where wanted, a reader that has seen enough after its first words. */
function withInput(args: readonly string[], input: string, { closeEarly = false } = {}): Promise<CommandRun> {
  const env = { PATH: process.env['PATH'], DATA_DIR: temporaryDirectory('command'), ENGINE: 'onnx-cpu', MODEL_DIR: twoFindingModel };
  const child = spawn(process.execPath, [join(projectRoot, 'dist/src/cli.js'), ...args], { cwd: projectRoot, env });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (closeEarly) child.stdout.destroy();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(input);
  return new Promise((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr, lines: stdout.split('\n').filter((line) => line !== '') })),
  );
}

describe('analyze: many files, folders, lists', () => {
  const folder = temporaryDirectory('analyze-many');
  const path = (name: string): string => join(folder, name);
  const { opacity, ct } = smallSamples();
  const [chest] = opacity.files as [Uint8Array];
  const longFolder = path(`${'a folder with a long name '.repeat(6)}/${'and another one below it '.repeat(6)}`);
  const outcomes = (run: CommandRun) => objects<Analyzed>(run).map(({ file, outcome }) => [file, outcome]);

  before(async () => {
    for (const name of ['tree/b', 'tree/a/deep', 'tree/.hidden', 'empty']) await mkdir(path(name), { recursive: true });
    await mkdir(longFolder, { recursive: true });
    const { image } = await presentXray(readPart10(chest));
    const picture = await sharp(Buffer.from(Uint8Array.from(image.values, (value) => Math.round(value * 255))), {
      raw: { width: image.width, height: image.height, channels: 1 },
    })
      .resize(256)
      .png()
      .toBuffer();
    for (const name of [
      'picture.png',
      'tree/b/one.png',
      'tree/a/one.png',
      'tree/a/deep/two, three.png',
      'tree/.hidden/x.png',
      'tree/DICOMDIR',
    ])
      await writeFile(path(name), picture);
    await writeFile(join(longFolder, 'picture.png'), picture);
    await writeFile(path('tree/a/notes.txt'), 'Dear colleague, this is no image.\n');
    await writeFile(path('tree/a/broken.dcm'), chest.subarray(0, chest.length / 2));
    await symlink(path('tree'), path('tree/b/loop'));
    await writeFile(path('chest.dcm'), chest);
  });
  after(() => assertNothingRuns());

  test('U2: some hundred files with long names, more arguments than onnxruntime can look at', async () => {
    const name = join(longFolder, 'picture.png');
    const run = await chestAi(['analyze', '--json', ...Array<string>(260).fill(name)], {}, 300_000);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(outcomes(run), Array(260).fill([name, 'reported']));
  });

  test('U2: another command that computes, with a long command line', async () => {
    for (const label of ['pneumonia', 'normal']) {
      await mkdir(path(`labelled/${label}`), { recursive: true });
      await writeFile(path(`labelled/${label}/one.png`), readFileSync(path('picture.png')));
    }
    const run = await chestAi(
      ['evaluate', '--dataset', path('labelled'), '--out', path('evaluation'), '--resamples', '10', ...Array<string>(8_000).fill('--json')],
      {},
      120_000,
    );
    assert.equal(run.code, 0, `${run.code} ${run.stderr.slice(-500)}`);
    assert.match(run.stdout, /pneumonia/);
  });

  test('folders with all below them, without hidden files and DICOMDIR; what is no image is passed over, what is broken fails', async () => {
    const run = await chestAi(['analyze', '--json', '--heatmap', path('heat'), path('tree')]);
    assert.equal(run.code, 1);
    assert.deepEqual(outcomes(run), [
      [path('tree/a/broken.dcm'), 'failed'],
      [path('tree/a/deep/two, three.png'), 'reported'],
      [path('tree/a/notes.txt'), 'skipped'],
      [path('tree/a/one.png'), 'reported'],
      [path('tree/b/one.png'), 'reported'],
    ]);
    assert.doesNotMatch(run.stdout + run.stderr, /EISDIR/);
    // two files of one name: none is written over the other
    assert.equal((await readdir(path('heat'))).length, 3 * 2);
  });

  test('patterns that the shell left as they are', async () => {
    for (const [pattern, files] of [
      ['tree/**/one.png', ['tree/a/one.png', 'tree/b/one.png']],
      ['tree/?/o*.png', ['tree/a/one.png', 'tree/b/one.png']],
      ['tree/[!b]/{one,two}.png', ['tree/a/one.png']],
      ['tree/*.png', []],
    ] as const) {
      const run = await chestAi(['analyze', '--json', path(pattern)]);
      assert.deepEqual(
        outcomes(run),
        files.length > 0 ? files.map((file) => [path(file), 'reported']) : [[path(pattern), 'failed']],
        pattern,
      );
    }
  });

  test('a list on standard input, beside arguments', async () => {
    const run = await withInput(['analyze', '--json', path('chest.dcm'), '-'], `${path('picture.png')}\r\n\n${path('tree/b')}\n`);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(outcomes(run), [
      [path('chest.dcm'), 'reported'],
      [path('picture.png'), 'reported'],
      [path('tree/b/one.png'), 'reported'],
    ]);
  });

  test('CSV: a head, a row a file, quoted where it must be', async () => {
    const run = await chestAi(['analyze', '--csv', path('tree/a/deep'), path('chest.dcm'), path('missing.dcm')]);
    assert.equal(run.code, 1);
    assert.equal(
      run.lines[0],
      'file,studyInstanceUID,outcome,reason,pneumonia probability,pneumonia decision,covid-19 probability,covid-19 decision,engine,modelVersion,findings not calibrated here',
    );
    assert.equal(run.lines.length, 4);
    assert.match(
      run.lines[1]!,
      /^"[^"]*two, three\.png",,reported,,0\.\d{6},(present|absent|undetermined),0\.\d{6},(present|absent|undetermined),"?onnxruntime/,
    );
    assert.match(run.lines[2]!, new RegExp(`chest\\.dcm,${opacity.studyInstanceUID},reported,,0\\.`));
    assert.match(run.lines[3]!, /missing\.dcm,,failed,/);
    assert.equal((await chestAi(['analyze', '--csv', '--json', path('chest.dcm')])).code, 1);
  });

  test('a reader that has seen enough ends the command quietly, also the others', async () => {
    const many = Array<string>(40).fill(path('picture.png'));
    for (const args of [
      ['analyze', ...many],
      ['analyze', '--json', ...many],
    ]) {
      const run = await withInput(args, '', { closeEarly: true });
      assert.equal(run.stderr, '', args[1]);
      assert.equal(run.code, 0, args[1]);
    }
    const help = await withInput(['analyze', '--help'], '', { closeEarly: true });
    assert.deepEqual([help.code, help.stderr], [0, '']);
  });

  test('the version', async () => {
    const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
    for (const option of ['--version', '-V'])
      assert.deepEqual(await chestAi([option]).then(({ code, stdout }) => [code, stdout]), [0, `${version}\n`]);
  });

  test('an image without UIDs is analyzed if no document is written; a document needs the UIDs, and the reason names the missing ones', async () => {
    const whole = objects<Analyzed>(await chestAi(['analyze', '--json', path('chest.dcm')]))[0]!;
    for (const missing of [
      ['StudyInstanceUID'],
      ['SOPInstanceUID'],
      ['SOPClassUID'],
      ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID', 'SOPClassUID'],
    ]) {
      const file = path(`without ${missing.join(' ')}.dcm`);
      await writeFile(file, withoutAttributes(chest, missing));
      const [result] = objects<Analyzed>(await chestAi(['analyze', '--json', file]));
      assert.equal(result!.outcome, 'reported', `${missing.join(' ')}: ${result!.reason}`);
      assert.deepEqual(result!.findings, whole.findings);
      assert.equal(result!.studyInstanceUID, missing.includes('StudyInstanceUID') ? undefined : whole.studyInstanceUID);
      const run = await chestAi(['analyze', '--json', '--sr', path('sr'), file]);
      assert.equal(run.code, 1);
      assert.match(objects<Analyzed>(run)[0]!.reason!, new RegExp(`(${missing.join('|')})`));
    }
  });

  test('the slices of a CT without Study Instance UID stay together', async () => {
    await mkdir(path('ct'));
    for (const [index, bytes] of ct.files.entries())
      await writeFile(path(`ct/${index}.dcm`), withoutAttributes(bytes, ['StudyInstanceUID', 'SOPInstanceUID']));
    const results = objects<Analyzed>(await chestAi(['analyze', '--json', path('ct')]));
    assert.equal(results.length, ct.files.length);
    const slices = results.filter(({ reason }) => !/localizer/.test(reason ?? ''));
    assert.ok(slices.length >= 32);
    for (const one of slices)
      assert.deepEqual([one.outcome, one.findings, one.studyInstanceUID], ['reported', slices[0]!.findings, undefined]);
  });

  test('usability 16: --format and --output: CSV in a file, a summary on standard error, the count on a terminal', async () => {
    const output = path('results.csv');
    const run = await chestAi(['analyze', '--format', 'csv', '--output', output, path('tree')]);
    assert.equal(run.code, 1, 'one file is broken');
    assert.equal(run.stdout, '');
    assert.match(run.stderr, /Analyzed 5 files: 3 reported, 1 skipped, 1 failed/);
    const lines = readFileSync(output, 'utf8').trim().split('\n');
    assert.equal(lines.length, 6);
    assert.match(lines[0]!, /^file,studyInstanceUID,outcome,reason,/);
    assert.ok(lines.some((line) => line.startsWith(`"${path('tree/a/deep/two, three.png')}",,reported`)));
    for (const [args, found] of [
      [['--format', 'xml'], /expected --format text, json or csv, found xml/],
      [['--format', 'json', '--csv'], /expected one format, found --format json and --csv/],
    ] as const) {
      const refused = await chestAi(['analyze', ...args, path('chest.dcm')]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, found);
    }
    // A terminal, as script(1) makes one.
    const env = { PATH: process.env['PATH'], DATA_DIR: temporaryDirectory('command'), ENGINE: 'onnx-cpu', MODEL_DIR: twoFindingModel };
    const command = `'${process.execPath}' '${join(projectRoot, 'dist/src/cli.js')}' analyze --format json --output '${path('terminal.jsonl')}' '${path('picture.png')}'`;
    const terminal = spawn('script', ['-qec', command, '/dev/null'], { cwd: projectRoot, env, stdio: ['ignore', 'pipe', 'ignore'] });
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    await new Promise((resolve) => terminal.once('close', resolve));
    assert.match(shown, /\rAnalyzed 1 file: 1 reported/);
  });
});
