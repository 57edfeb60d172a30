import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import type { PacsStudy, ReportPorts, ResultIndex, StoryPorts } from '../../src/reporting/ports.js';
import { report as reportJob } from '../../src/reporting/report-story.js';
import { contentKeyOf, sameContent, checkReadiness, recordArrival } from '../../src/reporting/study-intake.js';

const images = { seriesInstanceUID: '1.2.1', instanceIds: ['a', 'b'], mainAttributes: { Modality: 'CR' } };
const report = { seriesInstanceUID: '1.2.9', instanceIds: ['r'], mainAttributes: { Modality: 'SR', StationName: 'ORTHANC-CHEST-AI' } };

interface StudyRecord {
  readonly contentKey?: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly retriedKey?: string;
  readonly currentSeries?: readonly string[];
  readonly isErased?: boolean;
  readonly isRequested?: boolean | undefined;
}

/** @returns the state of a study with these series, if the index has this record of it */
async function readinessOf(series: PacsStudy['series'], record: StudyRecord): Promise<string> {
  const study = { studyInstanceUID: '1.2' as StudyInstanceUID, isStable: true, series };
  const {
    contentKey = contentKeyOf({ series: [images] }),
    outcome = 'reported',
    code,
    retryable,
    retriedKey,
    currentSeries = ['1.2.9'],
    isErased = false,
    isRequested,
  } = record;
  const index = {
    erasures: { isErased: async () => isErased },
    studies: { find: async () => ({ contentKey, retriedKey }) },
    requests: { find: async () => (isRequested === undefined ? undefined : { isOpen: isRequested }) },
    results: {
      currentResult: async () => ({
        outcome,
        code,
        retryable,
        documents: currentSeries.map((seriesInstanceUID) => ({ seriesInstanceUID })),
      }),
    },
  } as unknown as ResultIndex;
  const studies = { study: async () => study, arrivalOf: async () => ({}) };
  return (await checkReadiness('p', studies, index, { rules: [] })).state;
}

test('a study whose data were erased is not analysed, whatever arrives', async () => {
  assert.equal(await readinessOf([images], { isErased: true }), 'erased');
  assert.equal(await readinessOf([images, report], { contentKey: '', outcome: '', isErased: true }), 'erased');
});

test('a reported study whose documents arrive is unchanged', async () => {
  assert.equal(await readinessOf([images, report], {}), 'unchanged');
});

test('a study that was deleted with its documents and sent again is reported again', async () => {
  assert.equal(await readinessOf([images], {}), 'ready');
});

test('a structured report of another system is something new', async () => {
  const foreign = { seriesInstanceUID: '1.2.8', instanceIds: ['f'], mainAttributes: { Modality: 'SR', StationName: 'WS1' } };
  assert.equal(await readinessOf([images, report, foreign], {}), 'ready');
});

test('a failure is tried once more when its document arrives only if it may be temporary', async () => {
  assert.equal(await readinessOf([images, report], { outcome: 'failed', code: 'pixels-unreadable' }), 'unchanged');
  assert.equal(await readinessOf([images, report], { outcome: 'failed', code: 'pacs-error' }), 'ready');
});

test('a result without documents needs none to be unchanged', async () => {
  assert.equal(await readinessOf([images], { outcome: 'skipped', currentSeries: [] }), 'unchanged');
});

test('D12: whether a failure is tried again depends on the failure itself, not on its code', async () => {
  assert.equal(await readinessOf([images, report], { outcome: 'failed', code: 'timed-out', retryable: false }), 'unchanged');
  assert.equal(await readinessOf([images, report], { outcome: 'failed', code: 'pixels-unreadable', retryable: true }), 'ready');
});

test('D12: a failure is tried once more for the same images, and not again', async () => {
  const contentKey = contentKeyOf({ series: [images] });
  assert.equal(
    await readinessOf([images, report], { outcome: 'failed', code: 'pacs-error', retryable: true, retriedKey: contentKey }),
    'unchanged',
  );
  assert.equal(
    await readinessOf([images, report], { outcome: 'failed', code: 'pacs-error', retryable: true, retriedKey: 'of other images' }),
    'ready',
  );
});

test('an open request repeats what the rules or a failure have answered, and not what the images have', async () => {
  const states = async (record: StudyRecord): Promise<readonly string[]> =>
    Promise.all([true, false, undefined].map((isRequested) => readinessOf([images, report], { ...record, isRequested })));
  for (const code of ['no-rule', 'ignored-by-rule'])
    assert.deepEqual(await states({ outcome: 'skipped', code }), ['ready', 'unchanged', 'unchanged'], code);
  assert.deepEqual(await states({ outcome: 'failed', code: 'pixels-unreadable' }), ['ready', 'unchanged', 'unchanged']);
  assert.deepEqual(await states({ outcome: 'skipped', code: 'not-frontal-chest' }), ['unchanged', 'unchanged', 'unchanged']);
  assert.deepEqual(await states({ outcome: 'reported' }), ['unchanged', 'unchanged', 'unchanged']);
});

test('D14: the same instances in other files are other content; a key of an earlier release is compared by its instances', () => {
  const series = [images];
  const before = contentKeyOf({
    series,
    fileOf: new Map([
      ['a', 'f1'],
      ['b', 'f2'],
    ]),
  });
  const after = contentKeyOf({
    series,
    fileOf: new Map([
      ['a', 'f1'],
      ['b', 'f3'],
    ]),
  });
  assert.equal(sameContent(before, before), true);
  assert.equal(sameContent(before, after), false);
  assert.equal(sameContent(contentKeyOf({ series }), after), true);
  assert.equal(sameContent(contentKeyOf({ series: [{ ...images, instanceIds: ['a'] }] }), after), false);
  assert.equal(sameContent(undefined, after), false);
});

test('a second job for the same images plans the messages and leaves the study done, though intake had put it into the queue again', async () => {
  const contentKey = contentKeyOf({ series: [images] });
  const did: string[] = [];
  const index = {
    erasures: { isErased: async () => false },
    requests: { find: async () => undefined },
    studies: { find: async () => ({ contentKey }), setDone: async () => void did.push('done') },
    results: { currentResult: async () => ({ outcome: 'reported', documents: [{ seriesInstanceUID: '1.2.9' }] }) },
  };
  const study = { studyInstanceUID: '1.2' as StudyInstanceUID, isStable: true, series: [images, report] };
  const ports = {
    index,
    studies: { study: async () => study, arrivalOf: async () => ({}) },
    settings: { routing: { rules: [] } },
    events: { onIndexed: async (uid: string) => void did.push(`messages of ${uid} are planned`) },
  } as unknown as StoryPorts & ReportPorts;
  await reportJob({ pacsStudyId: 'p', studyInstanceUID: '1.2', contentKey }, ports);
  assert.deepEqual(did, ['messages of 1.2 are planned', 'done'], 'the first job may have been killed between the two');
});

test('training pictures stay if only the documents of a study are missing, and go if its images changed', async () => {
  const before = contentKeyOf({ series: [images] });
  const changedBy = async (contentKey: string): Promise<boolean> => {
    let isChanged = false;
    const studies = { find: async () => ({ contentKey: before }), seen: async () => undefined, setState: async () => undefined };
    const arrived = {
      state: 'ready',
      studyInstanceUID: '1.2' as StudyInstanceUID,
      arrival: {},
      contentKey,
      priority: 0,
      hasOtherDocuments: false,
      isRetry: false,
    } as const;
    await recordArrival('p', arrived, { studies } as unknown as ResultIndex, { onStudyChanged: async () => void (isChanged = true) });
    return isChanged;
  };
  assert.equal(await changedBy(before), false);
  assert.equal(await changedBy(contentKeyOf({ series: [{ ...images, instanceIds: ['a'] }] })), true);
});
