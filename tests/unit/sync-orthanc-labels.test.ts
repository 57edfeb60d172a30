import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { syncOrthancLabels, type OrthancLabel } from '../../src/assessments/sync-orthanc-labels.js';

async function sync(
  inUse: Readonly<Record<string, readonly string[]>> | undefined,
): Promise<{ readonly done: boolean; readonly kept: readonly OrthancLabel[]; readonly asked: readonly string[] }> {
  let kept: readonly OrthancLabel[] = [];
  const asked: string[] = [];
  const done = await syncOrthancLabels({
    labels: async () => inUse && Object.keys(inUse),
    studiesLabelled: async (label) => (asked.push(label), inUse?.[label] ?? []),
    findings: ['pneumonia', 'covid-19'],
    replace: async (labels) => ((kept = labels), { added: labels.length, removed: 0 }),
    log: silentLog,
  });
  return { done, kept, asked };
}

test('an Orthanc before 1.12 has no labels, and says so', async () =>
  assert.deepEqual(await sync(undefined), { done: false, kept: [], asked: [] }));

test('a label says present, "no-" before it absent; others are nobody\'s finding and are not asked for', async () => {
  const { kept, asked } = await sync({
    pneumonia: ['1.1', '1.1'],
    'no-covid-19': ['1.1', '1.2'],
    teaching: ['1.3'],
    'no-teaching': ['1.3'],
  });
  assert.deepEqual(kept, [
    { studyInstanceUID: '1.1', finding: 'pneumonia', decision: 'present' },
    { studyInstanceUID: '1.1', finding: 'covid-19', decision: 'absent' },
    { studyInstanceUID: '1.2', finding: 'covid-19', decision: 'absent' },
  ]);
  assert.deepEqual(asked, ['pneumonia', 'no-covid-19']);
});

test('a study that carries a label and its opposite says nothing', async () => {
  assert.deepEqual((await sync({ pneumonia: ['1.1', '1.2'], 'no-pneumonia': ['1.2'] })).kept, [
    { studyInstanceUID: '1.1', finding: 'pneumonia', decision: 'present' },
  ]);
});

test('labels in capital letters mean the same findings', async () => {
  const { kept, asked } = await sync({ Pneumonia: ['1.1'], pneumonia: ['1.1', '1.2'], 'NO-COVID-19': ['1.3'], Pneumonias: ['1.4'] });
  assert.deepEqual(kept, [
    { studyInstanceUID: '1.1', finding: 'pneumonia', decision: 'present' },
    { studyInstanceUID: '1.2', finding: 'pneumonia', decision: 'present' },
    { studyInstanceUID: '1.3', finding: 'covid-19', decision: 'absent' },
  ]);
  assert.deepEqual(asked, ['Pneumonia', 'pneumonia', 'NO-COVID-19']);
});
