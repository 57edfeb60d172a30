import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { compareStudies, type KnownStudy } from '../../src/reporting/compare-studies.js';
import type { PacsSeries } from '../../src/reporting/ports.js';
import { contentKeyOf } from '../../src/reporting/study-intake.js';

const images: PacsSeries = { seriesInstanceUID: '1.1', instanceIds: ['a', 'b'], mainAttributes: { Modality: 'CR' } };
const report: PacsSeries = {
  seriesInstanceUID: '1.9',
  instanceIds: ['r'],
  mainAttributes: { Modality: 'SR', StationName: 'ORTHANC-CHEST-AI' },
};
const known: KnownStudy = {
  studyInstanceUID: '1',
  pacsStudyId: 'p',
  contentKey: contentKeyOf({ series: [images], fileOf: new Map() }),
  documentSeries: ['1.9'],
  assessmentSeries: [],
};

async function compare(
  study: KnownStudy,
  found: readonly PacsSeries[] | undefined,
  ids: readonly string[] = found ? [study.pacsStudyId] : [],
): Promise<readonly string[]> {
  const did: string[] = [];
  await compareStudies(
    [study],
    { seriesOfStudies: async () => new Map(found ? [[study.pacsStudyId, found]] : []), findStudies: async () => ids },
    {
      queue: { intake: async ({ pacsStudyId }) => void did.push(`intake of ${pacsStudyId}`) },
      events: { onOtherDocuments: async (uid) => void did.push(`assessments of ${uid}`) },
      remove: async (uid) => void did.push(`remove ${uid}`),
    },
    silentLog,
  );
  return did;
}

test('a study that has not changed: nothing is done', async () => {
  assert.deepEqual(await compare(known, [images, report]), []);
});

test('H1: an image is deleted: the study is queued for intake', async () => {
  assert.deepEqual(await compare(known, [{ ...images, instanceIds: ['a'] }, report]), ['intake of p']);
});

test('M3: the documents of its result are missing: the study is queued for intake', async () => {
  assert.deepEqual(await compare(known, [images]), ['intake of p']);
});

test('D6: the study is deleted: it is removed from the index', async () => {
  assert.deepEqual(await compare(known, undefined), ['remove 1']);
});

test('D6: the study has another id, of a corrected patient: that one is queued for intake', async () => {
  assert.deepEqual(await compare(known, undefined, ['q']), ['intake of q']);
});

test('two studies with one UID: neither is queued', async () => {
  assert.deepEqual(await compare(known, undefined, ['q', 'r']), []);
});

test('D6: one of two assessments of a series is deleted: the assessments are read again', async () => {
  const assessments: PacsSeries = {
    seriesInstanceUID: '1.8',
    instanceIds: ['v'],
    mainAttributes: { Modality: 'SR', StationName: 'CHEST-AI-READER' },
  };
  const study = { ...known, contentKey: contentKeyOf({ series: [images, assessments] }) };
  assert.deepEqual(await compare({ ...study, assessmentSeries: ['1.8'] }, [images, report, assessments]), []);
  assert.deepEqual(await compare({ ...study, assessmentSeries: ['1.8', '1.8'] }, [images, report, assessments]), ['assessments of 1']);
  assert.deepEqual(await compare({ ...study, assessmentSeries: ['1.7'] }, [images, report, assessments]), ['assessments of 1']);
});
