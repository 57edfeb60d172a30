import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownDocumentsIn } from '../../src/reporting/own-documents.js';
import { reportStudy } from '../../src/reporting/report-story.js';
import type { ImageKind } from '../../src/serving/model.js';
import { memoryImage, memoryStudyUID, portsInMemory } from '../support/report-in-memory.js';

test('a skip that replaces a report is written, even where skips get no document', async () => {
  const study = [memoryImage(1)];
  const ports = portsInMemory(study);
  const first = await reportStudy({ studyInstanceUID: memoryStudyUID, arrival: {} }, ports);
  assert.equal(first.outcome, 'reported');
  study.splice(0, 1, memoryImage(2, { ViewPosition: 'LL' }));
  const second = await reportStudy({ studyInstanceUID: memoryStudyUID, arrival: {} }, ports);
  assert.equal(second.code, 'lateral-only');
  assert.deepEqual(
    ownDocumentsIn(study).current.map((one) => one.report.outcome.kind),
    ['skipped'],
  );
});

test('a skip that replaces nothing is not written where skips get no document', async () => {
  const study = [memoryImage(2, { ViewPosition: 'LL' })];
  assert.equal((await reportStudy({ studyInstanceUID: memoryStudyUID, arrival: {} }, portsInMemory(study))).documents.length, 0);
  assert.equal(study.length, 1);
});

test('frontal images beyond the limit are named in the document', async () => {
  const study = [memoryImage(1), memoryImage(2), memoryImage(3)];
  await reportStudy({ studyInstanceUID: memoryStudyUID, arrival: {} }, portsInMemory(study));
  const [document] = ownDocumentsIn(study).current;
  assert.ok(document?.report.algorithm.parameters.some((one) => one.startsWith('Left out') && one.endsWith('1.2.3.1.3')));
});

test('a dose report that a rule takes along makes no X-ray study of a CT', async () => {
  const kinds: ImageKind[] = [];
  const study = [
    memoryImage(1, { Modality: 'CT' }),
    memoryImage(2, { Modality: 'SR', SeriesInstanceUID: '1.2.3.2', SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.67', Rows: '', Columns: '' }),
  ];
  const result = await reportStudy({ studyInstanceUID: memoryStudyUID, arrival: {} }, portsInMemory(study, kinds));
  assert.equal(result.code, 'not-for-this-model');
  assert.deepEqual(kinds, ['ct']);
});
