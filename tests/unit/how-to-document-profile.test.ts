import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FilePacs } from '../../src/commands/file-pacs.js';
import { loadConfig } from '../../src/config.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { silentLog } from '../../src/log.js';
import { reportStudy } from '../../src/reporting/report-story.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { openAnalyser, type Analyser } from '../../src/service/open-analyser.js';
import { documentProfiles, profileNames, type DocumentProfile } from '../../src/sr/document-profile.js';
import { readReport } from '../../src/sr/read-report.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { twoFindingModel } from '../support/two-finding-model.js';

/** What CONTRIBUTING.md tells somebody to add to documentProfiles: a TID 1500 document for every report, regions as TID 1410, and heat maps. */
const everything: DocumentProfile = { measurementReports: 'always', regionTemplate: '1410', heatMaps: true };

/** The first study of the demo in which the starter finds something with a region. */
const sample = sampleStudies()[1]!;

let analyser: Analyser;
before(async () => {
  const base = loadConfig({ MODEL_DIR: twoFindingModel });
  const config = { ...base, dataDir: temporaryDirectory('how-to-profile'), engine: { ...base.engine, prefer: 'onnx-cpu' as const } };
  analyser = await openAnalyser(config, silentLog);
});
after(() => analyser.close());

/** The kinds of the documents of the demo's study that contains a finding with a region, checked by the service before it stored them. */
async function kindsWith(profile: DocumentProfile): Promise<readonly string[]> {
  const pacs = new FilePacs(
    sample.files.map((bytes, index) => ({
      file: `${index}.dcm`,
      dataSet: readPart10(bytes, { untilPixelData: true }).dataSet,
      read: async () => bytes,
    })),
  );
  const { documents } = await reportStudy(
    { studyInstanceUID: sample.studyInstanceUID, arrival: {} },
    {
      pacs,
      reader: analyser.reader,
      model: () => analyser.model,
      settings: { ...analyser.settings, profile },
      clock: { now: () => new Date('2026-01-02T03:04:05Z') },
      log: silentLog,
    },
  );
  for (const { sopInstanceUID, kind } of documents) {
    const { dataSet } = readPart10(pacs.stored.get(`${sopInstanceUID}.dcm`)!);
    if (kind !== 'heat-map') assert.ok(readReport(dataSet).findings.length > 0, kind);
  }
  return [...new Set(documents.map(({ kind }) => kind))].sort();
}

test('the documents of an added profile are those that its entry states', async () => {
  assert.deepEqual(await kindsWith(everything), ['heat-map', 'measurement', 'text']);
  assert.deepEqual(await kindsWith({ ...everything, heatMaps: false }), ['measurement', 'text']);
  assert.deepEqual(await kindsWith({ ...everything, measurementReports: 'never', heatMaps: false }), ['text']);
});

test('report.profile accepts every entry of documentProfiles, and no other name', () => {
  const file = join(temporaryDirectory('how-to-profile-settings'), 'settings.json');
  const profileOf = (profile: string): string => {
    writeFileSync(file, JSON.stringify({ report: { profile } }));
    return loadConfig({ CONFIG_FILE: file }).report.profile;
  };
  assert.deepEqual(Object.keys(documentProfiles).map(profileOf), [...profileNames]);
  assert.throws(() => profileOf('no-such-profile'), /profile/);
});
