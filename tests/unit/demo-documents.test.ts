import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FilePacs } from '../../src/commands/file-pacs.js';
import { loadConfig, projectRoot } from '../../src/config.js';
import { textOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { silentLog } from '../../src/log.js';
import { reportStudy } from '../../src/reporting/report-story.js';
import { sampleStudies, type SampleStudy } from '../../src/samples/sample-studies.js';
import { openAnalyser, type Analyser } from '../../src/service/open-analyser.js';
import { differencesOf, documentOutline } from '../support/document-outline.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const fixtures = join(projectRoot, 'tests/fixtures/documents');
/** Writes the expected files instead of comparing with them: for a release that changes documents on purpose. */
const isWriting = process.env['WRITE_DOCUMENT_FIXTURES'] === '1';

/** What the story makes of one study: outcome, and an outline of each document in the order in which viewers list them. */
interface ExpectedDocuments {
  readonly title: string;
  readonly outcome: string;
  readonly code?: string | undefined;
  readonly documents: Readonly<Record<string, readonly string[]>>;
}

async function documentsOf(sample: SampleStudy, analyser: Analyser): Promise<ExpectedDocuments> {
  const pacs = new FilePacs(
    sample.files.map((bytes, index) => ({
      file: `${index}.dcm`,
      dataSet: readPart10(bytes, { untilPixelData: true }).dataSet,
      read: async () => bytes,
    })),
  );
  const result = await reportStudy(
    { studyInstanceUID: sample.studyInstanceUID, arrival: {} },
    {
      pacs,
      reader: analyser.reader,
      model: () => analyser.model,
      settings: { ...analyser.settings, softwareVersion: '<version>' },
      clock: { now: () => new Date('2026-01-02T03:04:05Z') },
      log: silentLog,
    },
  );
  const documents: Record<string, readonly string[]> = {};
  for (const { sopInstanceUID, kind } of result.documents) {
    const { dataSet } = readPart10(pacs.stored.get(`${sopInstanceUID}.dcm`)!);
    const name = kind === 'heat-map' ? `heat map ${textOf(dataSet, 'InstanceNumber')}` : kind;
    documents[name] = documentOutline(dataSet);
  }
  return { title: sample.title, outcome: result.outcome, code: result.code, documents };
}

describe('documents', () => {
  let analyser: Analyser;
  before(async () => {
    const base = loadConfig({ MODEL_DIR: twoFindingModel });
    const config = { ...base, dataDir: temporaryDirectory('demo-documents'), engine: { ...base.engine, prefer: 'onnx-cpu' as const } };
    analyser = await openAnalyser(config, silentLog);
  });
  after(() => analyser.close());

  test("documents of the demo's studies keep their content", async () => {
    const differences: string[] = [];
    for (const [index, sample] of sampleStudies().entries()) {
      const actual = JSON.parse(JSON.stringify(await documentsOf(sample, analyser))) as ExpectedDocuments;
      const file = join(fixtures, `demo-study-${index + 1}.json`);
      if (isWriting) {
        mkdirSync(fixtures, { recursive: true });
        writeFileSync(file, `${JSON.stringify(actual, null, 1)}\n`);
        continue;
      }
      const expected = JSON.parse(readFileSync(file, 'utf8')) as ExpectedDocuments;
      assert.deepEqual(
        [actual.title, actual.outcome, actual.code, Object.keys(actual.documents)],
        [expected.title, expected.outcome, expected.code, Object.keys(expected.documents)],
      );
      for (const [name, outline] of Object.entries(actual.documents))
        differences.push(...differencesOf(outline, expected.documents[name]!).map((one) => `${sample.title}, ${name}: ${one}`));
    }
    assert.deepEqual(differences, []);
  });
});
