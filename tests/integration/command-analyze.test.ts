import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { readPart10 } from '../../src/dicom/part10.js';
import { legendHeight } from '../../src/pixels/heat-map.js';
import { presentXray } from '../../src/pixels/xray/xray.js';
import { readReport } from '../../src/sr/read-report.js';
import { assertShape, chestAi, objects, type Analyzed } from '../support/chest-ai-command.js';
import { assertNothingRuns, temporaryDirectory } from '../support/orthanc.js';
import { smallSamples } from '../support/small-samples.js';
import { validateDocument } from '../support/validate-document.js';

/** dcmtk's reading of a document, as the text that a person sees. @returns undefined where dcmtk is not installed */
function dsr2html(file: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile('dsr2html', [file], (error, stdout) => {
      if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') resolve(undefined);
      else if (error) reject(error);
      else resolve(stdout.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' '));
    });
  });
}

describe('analyze', () => {
  const folder = temporaryDirectory('analyze');
  const path = (name: string): string => join(folder, name);
  const { opacity, lateral, ct } = smallSamples();
  /** The result for chest.dcm, whose documents are in sr. */
  let chestResult: Analyzed | undefined;
  const ctFiles = ct.files.map((_, index) => path(`ct/${index}.dcm`));

  before(async () => {
    mkdirSync(path('ct'));
    mkdirSync(path('a-directory.dcm'));
    const chest = opacity.files[0]!;
    writeFileSync(path('chest.dcm'), chest);
    writeFileSync(path('lateral.dcm'), lateral.files[0]!);
    writeFileSync(path('truncated.dcm'), chest.subarray(0, chest.length / 2));
    writeFileSync(path('text.dcm'), 'Dear colleague, this is no DICOM file.\n');
    writeFileSync(path('empty.dcm'), '');
    ct.files.forEach((bytes, index) => writeFileSync(ctFiles[index]!, bytes));
    const { image } = await presentXray(readPart10(chest));
    const grey = () =>
      sharp(Buffer.from(Uint8Array.from(image.values, (value) => Math.round(value * 255))), {
        raw: { width: image.width, height: image.height, channels: 1 },
      });
    await grey().png().toFile(path('chest.png'));
    await grey().jpeg({ quality: 95 }).toFile(path('chest.jpg'));
    writeFileSync(path('half.png'), readFileSync(path('chest.png')).subarray(0, 2_000));
  });
  after(() => assertNothingRuns());

  test('X-ray, PNG and JPEG of the same picture: the same assessment, documents and pictures, status 0', async () => {
    const run = await chestAi([
      'analyze',
      '--json',
      '--sr',
      path('sr'),
      '--heatmap',
      path('heat'),
      ...['chest.dcm', 'chest.png', 'chest.jpg'].map(path),
    ]);
    assert.equal(run.code, 0, run.stderr);
    const results = objects<Analyzed>(run);
    for (const one of results) assertShape(one);
    assert.deepEqual(
      results.map(({ file, outcome }) => [file, outcome]),
      [
        [path('chest.dcm'), 'reported'],
        [path('chest.png'), 'reported'],
        [path('chest.jpg'), 'reported'],
      ],
    );
    const [dicom, png, jpeg] = results as [Analyzed, Analyzed, Analyzed];
    chestResult = dicom;
    assert.equal(dicom.studyInstanceUID, opacity.studyInstanceUID);
    assert.equal(png.studyInstanceUID, undefined);
    dicom.findings.forEach(({ name, probability }, index) => {
      assert.deepEqual([png.findings[index]!.name, jpeg.findings[index]!.name], [name, name]);
      assert.ok(
        Math.abs(png.findings[index]!.probability - probability) < 0.03,
        `${name}: DICOM ${probability}, PNG ${png.findings[index]!.probability}`,
      );
      assert.ok(
        Math.abs(jpeg.findings[index]!.probability - probability) < 0.1,
        `${name}: DICOM ${probability}, JPEG ${jpeg.findings[index]!.probability}`,
      );
    });
    assert.ok(
      dicom.findings.some((one) => one.decision === 'present'),
      'the opacity is seen, so that there is a place to point at',
    );

    // The documents: one text report and one with the place; every reader shows the findings that the command printed.
    const files = readdirSync(path('sr')).map((name) => join(path('sr'), name));
    const reports = files.map((file) => ({ file, report: readReport(readPart10(readFileSync(file)).dataSet) }));
    assert.deepEqual(reports.map(({ report }) => report.kind).sort(), ['measurement', 'text']);
    for (const { file, report } of reports) {
      assert.deepEqual(await validateDocument(readFileSync(file)).then(({ errors, warnings }) => ({ errors, warnings })), {
        errors: [],
        warnings: [],
      });
      assert.equal(report.studyInstanceUID, opacity.studyInstanceUID);
      const read = new Map(report.findings.map((one) => [one.concept.value, one]));
      assert.equal(read.size, dicom.findings.length);
      for (const { code, probability, decision } of dicom.findings) {
        assert.equal(read.get(code)?.decision, decision);
        assert.ok(
          Math.abs(read.get(code)!.probability - probability) <= 0.0005,
          `${code}: ${read.get(code)!.probability} in the document, ${probability} on the command line`,
        );
      }
    }
  });

  test('dsr2html, an independent SR reader, prints the same probabilities', async (t) => {
    assert.ok(chestResult, 'the test before has analysed chest.dcm');
    for (const name of readdirSync(path('sr'))) {
      const text = await dsr2html(join(path('sr'), name));
      if (text === undefined) return t.skip('dsr2html (Debian package dcmtk) is not installed');
      const report = readReport(readPart10(readFileSync(join(path('sr'), name))).dataSet);
      for (const { concept, probability } of report.findings) {
        const ours = chestResult.findings.find((one) => one.code === concept.value)!;
        assert.ok(text.includes(`${concept.meaning}`), concept.meaning);
        const shown = [...text.matchAll(/(\d+(?:\.\d+)?) %/g)].map(([, digits]) => Number(digits));
        assert.ok(
          shown.some((percent) => Math.abs(percent - ours.probability * 100) <= 0.05),
          `${concept.meaning} ${ours.probability} among ${shown.join(' ')}`,
        );
        assert.ok(shown.includes(Number((probability * 100).toFixed(6))));
      }
      assert.match(text, /not verified by a physician, not for diagnosis/i);
      if (report.kind === 'text') {
        for (const { decision } of chestResult.findings) assert.match(text, new RegExp(`: ${decision} \\(`, 'i'));
      }
    }
    return undefined;
  });

  test('a picture for each file and finding, in the proportions of the image, none written over another', async () => {
    const names = readdirSync(path('heat')).sort();
    assert.deepEqual(names.length, 3 * 2, `two findings of three files: ${names.join(' ')}`);
    const { width, height } = await sharp(path('chest.png')).metadata();
    for (const name of names) {
      const { format, width: w = 0, height: h = 0 } = await sharp(join(path('heat'), name)).metadata();
      assert.equal(format, 'png');
      const picture = h - legendHeight(w);
      assert.ok(Math.max(w, picture) > 512 && Math.max(w, picture) <= 1024, `reduced by a whole factor to at most 1024: ${w} × ${picture}`);
      assert.ok(Math.abs(w / picture - width! / height!) < 0.01, `${w} × ${picture}`);
      const { channels } = await sharp(join(path('heat'), name)).stats();
      assert.ok(
        channels.some((one) => one.stdev > 5),
        'something is drawn',
      );
    }
  });

  test('CT slices given together are one study', async () => {
    const run = await chestAi(['analyze', '--json', '--sr', path('sr-ct'), '--heatmap', path('heat-ct'), ...ctFiles]);
    assert.equal(run.code, 0, run.stderr);
    const results = objects<Analyzed>(run);
    assert.deepEqual(results.map((one) => one.file).sort(), [...ctFiles].sort());
    for (const one of results) {
      assertShape(one);
      assert.equal(one.studyInstanceUID, ct.studyInstanceUID);
      assert.equal(one.outcome, 'reported');
      assert.deepEqual(one.findings, results[0]!.findings);
    }
    const reports = readdirSync(path('sr-ct')).map((name) => readFileSync(join(path('sr-ct'), name)));
    assert.equal(reports.length, results[0]!.findings.some((one) => one.decision === 'present') ? 2 : 1);
    for (const bytes of reports) assert.deepEqual((await validateDocument(bytes)).errors, []);
    assert.ok(readdirSync(path('heat-ct')).length > 0);
  });

  test('what cannot be read fails with its reason, the others go on, status 1', async () => {
    const bad = ['text.dcm', 'empty.dcm', 'truncated.dcm', 'a-directory.dcm', 'missing.dcm', 'half.png'].map(path);
    const run = await chestAi(['analyze', '--json', ...bad, path('lateral.dcm'), path('chest.dcm')]);
    assert.equal(run.code, 1);
    const results = objects<Analyzed>(run);
    for (const one of results) assertShape(one);
    assert.deepEqual(
      results.map(({ file, outcome }) => [file, outcome]),
      [...bad.map((file) => [file, 'failed']), [path('lateral.dcm'), 'skipped'], [path('chest.dcm'), 'reported']],
    );
    const reasons = results.map((one) => one.reason ?? '');
    assert.match(reasons[3]!, /directory/);
    assert.match(reasons[4]!, /no such file/);
    assert.match(reasons[6]!, /lateral views only/);
    assert.equal(run.stderr, '');
  });

  test('for people: a line a file, and the notice', async () => {
    const run = await chestAi(['analyze', path('chest.dcm'), path('text.dcm')]);
    assert.equal(run.code, 1);
    assert.match(run.lines[0]!, /chest\.dcm {2}reported {2}.*\d % (present|absent|undetermined)/);
    assert.match(run.lines[1]!, /text\.dcm {2}failed {2}The DICOM file cannot be read/);
    assert.match(run.stdout, /Not for diagnosis/);
  });

  test('our own document is no image', async () => {
    const [name] = readdirSync(path('sr'));
    const run = await chestAi(['analyze', '--json', join(path('sr'), name!)]);
    assert.equal(run.code, 0);
    assert.equal(objects<Analyzed>(run)[0]!.outcome, 'skipped');
  });

  test('a folder that cannot be created gives a one-line error message', async () => {
    const run = await chestAi(['analyze', '--sr', path('text.dcm'), path('chest.dcm')]);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /^chest-ai: .*text\.dcm/);
    assert.doesNotMatch(run.stderr, /\n\s+at /, 'no stack for a mistake of the caller');
  });

  test('no file, or an unknown option, is refused with the usage', async () => {
    for (const args of [['analyze'], ['analyze', '--jsn', path('chest.dcm')]]) {
      const run = await chestAi(args);
      assert.equal(run.code, 1);
      assert.match(run.stderr, /error: .*--help/s);
    }
  });
});
