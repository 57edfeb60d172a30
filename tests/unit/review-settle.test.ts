import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { contentKeyOf, settleStudy, type PacsStudy, type StudyRecord } from '../../src/tasks/settle-study.js';

const images = { seriesInstanceUID: '1.2.1', instanceIds: ['a', 'b'], mainAttributes: { Modality: 'CR' } };
const report = { seriesInstanceUID: '1.2.9', instanceIds: ['r'], mainAttributes: { Modality: 'SR', StationName: 'ORTHANC-CHEST-AI' } };

function settle(series: PacsStudy['series'], record: Partial<StudyRecord>): Promise<string> {
  const study = { studyInstanceUID: '1.2' as StudyInstanceUID, isStable: true, series };
  const known: StudyRecord = { contentKey: contentKeyOf({ series: [images] }), outcome: 'reported', code: undefined, retryable: undefined, retriedKey: undefined, currentSeries: ['1.2.9'], ...record };
  return settleStudy('p', { routing: { rules: [] }, study: async () => study, arrivalOf: async () => ({}), record: async () => known }).then(({ state }) => state);
}

test('a reported study whose documents arrive is unchanged', async () => {
  assert.equal(await settle([images, report], {}), 'unchanged');
});

test('a study that was deleted with its documents and sent again is reported again', async () => {
  assert.equal(await settle([images], {}), 'ready');
});

test("somebody else's structured report is something new", async () => {
  const foreign = { seriesInstanceUID: '1.2.8', instanceIds: ['f'], mainAttributes: { Modality: 'SR', StationName: 'WS1' } };
  assert.equal(await settle([images, report, foreign], {}), 'ready');
});

test('a failure is tried once more when its document arrives only if it may have passed', async () => {
  assert.equal(await settle([images, report], { outcome: 'failed', code: 'pixels-unreadable' }), 'unchanged');
  assert.equal(await settle([images, report], { outcome: 'failed', code: 'pacs-error' }), 'ready');
});

test('a result without documents asks for none', async () => {
  assert.equal(await settle([images], { outcome: 'skipped', currentSeries: [] }), 'unchanged');
});
