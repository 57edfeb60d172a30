import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelOverview } from '../../src/assessments/label-overview.js';
import { silentLog } from '../../src/log.js';
import { openStore } from '../../src/store/store.js';
import { temporaryDirectory } from '../support/orthanc.js';

test('issue 18: labels by finding, reader and site; who disagrees about a study is not told', async () => {
  const store = await openStore({ dataDir: temporaryDirectory('labels') }, silentLog);
  try {
    const give = (study: string, reader: string, finding: string, decision: 'present' | 'absent' | 'undetermined', uid: string) =>
      store.assessments.record({
        sopInstanceUID: uid,
        seriesInstanceUID: `${uid}.1`,
        studyInstanceUID: study,
        kind: 'assessment',
        reader,
        verified: false,
        adjudicates: false,
        origin: 'page',
        givenAt: new Date('2026-03-01T08:00:00Z'),
        findings: [{ name: finding, code: '1', scheme: 'SCT', meaning: finding, decision }],
        predecessors: [],
        withdrawn: [],
      });
    await give('1.1', 'anna', 'pneumonia', 'present', '9.1');
    await give('1.1', 'ben', 'pneumonia', 'absent', '9.2');
    await give('1.2', 'anna', 'pneumonia', 'present', '9.3');
    await give('1.2', 'anna', 'nodule', 'absent', '9.4');
    await give('1.3', 'ben', 'nodule', 'undetermined', '9.5');
    for (const [studyInstanceUID, site] of [
      ['1.1', 'Main'],
      ['1.2', 'Branch'],
    ] as const)
      await store.statistics.record({
        studyInstanceUID,
        network: 'xray',
        modelVersion: 'v',
        site,
        predictedAt: new Date(),
        numbers: {},
        names: {},
        decisions: {},
      });
    const overview = await labelOverview(store.labels);
    assert.deepEqual([overview.studies, overview.statements], [3, 5]);
    assert.deepEqual(overview.findings, [
      { name: 'nodule', present: 0, absent: 1, undetermined: 1, disagreed: 0 },
      { name: 'pneumonia', present: 1, absent: 0, undetermined: 0, disagreed: 1 },
    ]);
    assert.deepEqual(overview.readers, [
      { reader: 'anna', statements: 3, studies: 2 },
      { reader: 'ben', statements: 2, studies: 2 },
    ]);
    assert.deepEqual(
      [...overview.sites].sort((one, other) => (one.site < other.site ? -1 : 1)),
      [
        { site: '', studies: 1, labels: 0 },
        { site: 'Branch', studies: 1, labels: 2 },
        { site: 'Main', studies: 1, labels: 0 },
      ],
    );
    assert.deepEqual(overview.disagreements, [{ studyInstanceUID: '1.1', finding: 'pneumonia', present: 1, absent: 1 }]);
    await give('1.4', 'ben', 'nodule', 'present', '9.6');
    await give('1.4', 'carla', 'nodule', 'absent', '9.7');
    const listedFor = async (onlyAssessedBy?: string) =>
      (await labelOverview(store.labels, { onlyAssessedBy })).disagreements.map(({ studyInstanceUID }) => studyInstanceUID);
    assert.deepEqual(await listedFor(), ['1.1', '1.4'], 'for a reader who may adjudicate');
    assert.deepEqual(await listedFor('anna'), ['1.1'], 'a blind reader is not told of 1.4');
    assert.deepEqual(await listedFor('dora'), []);
    assert.doesNotMatch(JSON.stringify(overview.disagreements), /anna|ben/);
  } finally {
    await store.close();
  }
});
