import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { compareStudies, type KnownStudy } from '../../src/reporting/compare-studies.js';
import { contentKeyOf, type PacsSeries } from '../../src/reporting/study-intake.js';

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
  verdictSeries: [],
};

async function compare(
  study: KnownStudy,
  held: readonly PacsSeries[] | undefined,
  ids: readonly string[] = held ? [study.pacsStudyId] : [],
): Promise<readonly string[]> {
  const did: string[] = [];
  await compareStudies([study], {
    seriesOfStudies: async () => new Map(held ? [[study.pacsStudyId, held]] : []),
    findStudies: async () => ids,
    enqueueStudy: async (id) => void did.push(`look at ${id}`),
    enqueueVerdicts: async (uid) => void did.push(`assessments of ${uid}`),
    forget: async (uid) => void did.push(`forget ${uid}`),
    log: silentLog,
  });
  return did;
}

test('a study that is as it was: nothing is done', async () => {
  assert.deepEqual(await compare(known, [images, report]), []);
});

test('H1: an image is deleted: the study is looked at', async () => {
  assert.deepEqual(await compare(known, [{ ...images, instanceIds: ['a'] }, report]), ['look at p']);
});

test('M3: the documents of its result are missing: the study is looked at', async () => {
  assert.deepEqual(await compare(known, [images]), ['look at p']);
});

test('D6: the study is gone: it is forgotten', async () => {
  assert.deepEqual(await compare(known, undefined), ['forget 1']);
});

test('D6: the study has another id, of a corrected patient: it is looked at there', async () => {
  assert.deepEqual(await compare(known, undefined, ['q']), ['look at q']);
});

test('two studies under one UID: neither is touched', async () => {
  assert.deepEqual(await compare(known, undefined, ['q', 'r']), []);
});

test('D6: one of two assessments of a series is deleted: the assessments are read again', async () => {
  const assessments: PacsSeries = {
    seriesInstanceUID: '1.8',
    instanceIds: ['v'],
    mainAttributes: { Modality: 'SR', StationName: 'CHEST-AI-READER' },
  };
  const study = { ...known, contentKey: contentKeyOf({ series: [images, assessments] }) };
  assert.deepEqual(await compare({ ...study, verdictSeries: ['1.8'] }, [images, report, assessments]), []);
  assert.deepEqual(await compare({ ...study, verdictSeries: ['1.8', '1.8'] }, [images, report, assessments]), ['assessments of 1']);
  assert.deepEqual(await compare({ ...study, verdictSeries: ['1.7'] }, [images, report, assessments]), ['assessments of 1']);
});
