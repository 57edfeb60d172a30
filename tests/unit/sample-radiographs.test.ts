import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FilePacs } from '../../src/commands/file-pacs.js';
import { loadConfig, projectRoot } from '../../src/config.js';
import { numberOf, textOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { splitExamples } from '../../src/dataset/split.js';
import { silentLog } from '../../src/log.js';
import { reportStudy } from '../../src/reporting/report-story.js';
import { readRadiographIndex, sampleRadiographs } from '../../src/samples/radiographs.js';
import { openAnalyser, type Analyser } from '../../src/service/open-analyser.js';
import { temporaryDirectory } from '../support/orthanc.js';

const folder = join(projectRoot, 'radiographs');
const { radiographs } = await readRadiographIndex(folder);
const studies = await sampleRadiographs(folder);

describe('published radiographs of the demo', () => {
  test('each is a CR image of 8 bits with a synthetic header that names its origin', () => {
    const uids = new Set<string>();
    for (const [index, { files, studyInstanceUID }] of studies.entries()) {
      const { dataSet, pixelData } = readPart10(files[0]!);
      const { image, file } = radiographs[index]!;
      assert.match(textOf(dataSet, 'PatientName')!, /^(NIH|HANNOVER)\^IMAGE /, file);
      assert.equal(textOf(dataSet, 'PatientBirthDate') ?? '', '', file);
      assert.match(textOf(dataSet, 'DerivationDescription')!, new RegExp(image.replace('.', '\\.')));
      assert.match(textOf(dataSet, 'ImageComments')!, /ChestX-ray14|CC BY 3\.0/);
      assert.equal(pixelData?.kind, 'native');
      assert.equal(numberOf(dataSet, 'BitsStored'), 8);
      uids.add(studyInstanceUID);
    }
    assert.equal(uids.size, radiographs.length);
  });

  test('the folder holds the listed files and their attribution, 2 MB at most', () => {
    const files = readdirSync(folder).sort();
    assert.deepEqual(files, ['README.md', 'index.json', ...radiographs.map(({ file }) => file)].sort());
    assert.ok(files.reduce((sum, file) => sum + readFileSync(join(folder, file)).length, 0) < 2e6);
    const attribution = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const words of ['Wang X, Peng Y', 'Winther HB', 'CC BY 3.0']) assert.ok(attribution.includes(words), words);
  });

  test('excluded patients and what is bound to them are used for nothing', () => {
    const example = (number: number, patient: string) => ({ key: `key${number}`, patient, source: 'north', view: 'PA', labels: [] });
    const examples = Array.from({ length: 40 }, (_, index) => example(index, `north/${Math.floor(index / 2)}`));
    const { parts } = splitExamples(examples, { seed: 1, shares: { validation: 0.2, calibration: 0.2 }, exclude: ['north/3', 'north/7'] });
    assert.deepEqual(
      parts.flatMap((part, index) => (part === 'excluded' ? [index] : [])),
      [6, 7, 14, 15],
    );
  });
});

describe('the model that ships', () => {
  let analyser: Analyser;
  before(async () => {
    const base = loadConfig({});
    const config = { ...base, dataDir: temporaryDirectory('radiographs'), engine: { ...base.engine, prefer: 'onnx-cpu' as const } };
    analyser = await openAnalyser(config, silentLog);
  });
  after(() => analyser.close());

  test('reports no finding as present in a radiograph that radiologists read as normal', async () => {
    const present: string[] = [];
    for (const [index, { files, studyInstanceUID }] of studies.entries()) {
      if (!radiographs[index]!.healthy) continue;
      const bytes = files[0]!;
      const { dataSet } = readPart10(bytes, { untilPixelData: true });
      const { outcome, findings } = await reportStudy(
        { studyInstanceUID, arrival: {} },
        {
          pacs: new FilePacs([{ file: radiographs[index]!.file, dataSet, read: async () => bytes }]),
          reader: analyser.reader,
          model: () => analyser.model,
          settings: { ...analyser.settings, softwareVersion: '<version>' },
          clock: { now: () => new Date('2026-01-02T03:04:05Z') },
          log: silentLog,
        },
      );
      assert.notEqual(outcome, 'failed');
      for (const { name, decision } of findings) if (decision === 'present') present.push(`${radiographs[index]!.file}: ${name}`);
    }
    assert.deepEqual(present, []);
  });
});
