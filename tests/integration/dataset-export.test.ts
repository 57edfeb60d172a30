import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import sharp from 'sharp';
import { readManifest } from '../../src/dataset/manifest.js';
import { parseCells } from '../../src/dataset/csv-cells.js';
import { textOf, type DataSet } from '../../src/dicom/data-set.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import type { ExportReport } from '../../src/retraining/export-dataset.js';
import { silentLog } from '../../src/log.js';
import { openStore } from '../../src/store/store.js';
import { storeLocation } from '../../src/store/store-location.js';
import { chestAi } from '../support/chest-ai-command.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { phantomStudy } from '../support/phantom-study.js';
import { sendByCStore } from '../support/send.js';
import { configFor } from '../support/service.js';
import { validateDocument } from '../support/validate-document.js';

const count = 16;

describe('export of a de-identified data set', () => {
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('export');
  const studies = Array.from({ length: count }, (_, number) => phantomStudy(number));
  /** A screenshot, and an image that states burned-in text. */
  const [screenshot, annotated] = [phantomStudy(100), phantomStudy(101)];
  const out = (name: string): string => join(dataDir, name);
  const run = (args: readonly string[]) =>
    chestAi(
      args,
      {
        DATA_DIR: dataDir,
        ORTHANC_URL: pacs.orthanc.url,
        ORTHANC_USERNAME: pacs.orthanc.username,
        ORTHANC_PASSWORD: pacs.orthanc.password,
      },
      240_000,
    );
  before(async () => {
    const changed = (file: Uint8Array, attributes: DataSet): Uint8Array => {
      const { dataSet, pixelData } = readPart10(file);
      assert.ok(pixelData?.kind === 'native');
      return writePart10({ ...dataSet, PixelData: pixelData.bytes, ...attributes });
    };
    await sendByCStore(
      [
        ...studies.map(({ file }) => file),
        changed(screenshot.file, { ConversionType: 'DF' }),
        changed(annotated.file, { BurnedInAnnotation: 'YES' }),
      ],
      pacs.orthanc,
    );
    const store = await openStore(storeLocation(configFor(pacs.orthanc, { dataDir })), silentLog);
    await store.labels.setOrthancLabels(
      [...studies, screenshot, annotated].map(({ studyInstanceUID, diseased }) => ({
        studyInstanceUID,
        finding: 'pneumonia',
        decision: diseased ? 'present' : 'absent',
      })),
    );
    await store.close();
  });

  test('issue 18: DICOM: no identifier is left, UIDs agree within the set, burned-in text is left out and listed, dciodvfy is content', async () => {
    const done = await run(['dataset', 'export', '--out', out('dicom'), '--shift-dates', '--json']);
    assert.equal(done.code, 0, done.stderr);
    const report = JSON.parse(done.stdout) as ExportReport;
    assert.deepEqual([report.images, report.patients, report.findings], [count, count, ['pneumonia']]);
    assert.deepEqual(
      report.burnedIn.map(({ studyInstanceUID, exported }) => [studyInstanceUID, exported]).sort(),
      [
        [screenshot.studyInstanceUID, false],
        [annotated.studyInstanceUID, false],
      ].sort(),
    );
    const files = readdirSync(join(out('dicom'), 'images'));
    assert.equal(files.length, count);
    const everything = Buffer.concat([
      ...files.map((name) => readFileSync(join(out('dicom'), 'images', name))),
      readFileSync(join(out('dicom'), 'labels.csv')),
      readFileSync(join(out('dicom'), 'manifest.jsonl')),
    ]).toString('latin1');
    for (const [number, { studyInstanceUID }] of studies.entries())
      for (const secret of [`PHANTOM^${number}`, `RETRAINING-${number}`, studyInstanceUID]) assert.ok(!everything.includes(secret), secret);
    const first = readPart10(readFileSync(join(out('dicom'), 'images', files[0]!))).dataSet;
    assert.equal(textOf(first, 'PatientIdentityRemoved'), 'YES');
    assert.match(textOf(first, 'PatientID')!, /^P[0-9A-F]{16}$/);
    assert.notEqual(textOf(first, 'StudyDate'), '20260102');
    assert.match(textOf(first, 'StudyDate')!, /^\d{8}$/);
    const problems = async (bytes: Uint8Array): Promise<readonly string[]> => (await validateDocument(bytes, 'image')).errors;
    const before = new Set(await problems(studies[0]!.file));
    assert.deepEqual(
      (await problems(readFileSync(join(out('dicom'), 'images', files[0]!)))).filter((error) => !before.has(error)),
      [],
    );
    const again = await run(['dataset', 'export', '--out', out('dicom')]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /expected an empty folder or one that does not exist/);
  });

  test('issue 18: PNG with labels.csv, and train learns from the exported set as it stands', async () => {
    const done = await run(['dataset', 'export', '--out', out('png'), '--format', 'png', '--include-suspected', '--json']);
    assert.equal(done.code, 0, done.stderr);
    const report = JSON.parse(done.stdout) as ExportReport;
    assert.equal(report.images, count + 1, 'the suspected one is exported and listed');
    assert.ok(report.burnedIn.some(({ studyInstanceUID, exported }) => studyInstanceUID === screenshot.studyInstanceUID && exported));
    const [header, ...rows] = parseCells(readFileSync(join(out('png'), 'labels.csv'), 'utf8'), 'labels.csv').map(({ cells }) => cells);
    assert.deepEqual(header, ['file', 'patient', 'split', 'view', 'source', 'pneumonia']);
    assert.equal(rows.length, count + 1);
    const { entries } = await readManifest(out('png'));
    for (const [file, patient, , , , pneumonia] of rows) {
      const entry = entries.find((one) => one.file === file)!;
      assert.deepEqual([entry.patient, entry.labels.includes('pneumonia') ? '1' : '0'], [patient, pneumonia]);
      assert.equal((await sharp(join(out('png'), file!)).metadata()).format, 'png');
    }
    const present = [...studies, screenshot].filter(({ diseased }) => diseased).length;
    assert.equal(rows.filter((row) => row[5] === '1').length, present);
    // The same pseudonyms as in the other export.
    const dicom = await readManifest(out('dicom'));
    for (const { patient } of dicom.entries) assert.ok(entries.some((one) => one.patient === patient));

    const trained = await run([
      'train',
      '--dataset',
      out('png'),
      ...['--size', '32', '--epochs', '1', '--batch-size', '4', '--augment', 'none', '--validation', '0.3', '--calibration', '0', '--json'],
    ]);
    assert.equal(trained.code, 0, trained.stderr);
    assert.match((JSON.parse(trained.stdout.trim().split('\n').at(-1)!) as { modelVersion: string }).modelVersion, /^[0-9a-f]{12}$/);
  });
});
