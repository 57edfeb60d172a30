import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { followDeletedStudy } from '../../src/reporting/follow-deleted-study.js';
import type { FailedStudyJob, ResultIndex, StudyQueue } from '../../src/reporting/ports.js';
import { unlessMoved } from '../../src/reporting/unless-moved.js';

const job = { pacsStudyId: 'old', studyInstanceUID: '1.2' };

/** @returns ids that were queued for intake, or the code of the fault */
async function outcomeWith(found: readonly string[], code: 'pacs-not-found' | 'pixels-unreadable'): Promise<readonly string[] | string> {
  const queued: string[] = [];
  try {
    await unlessMoved(job, { findStudies: async () => found }, { intake: async ({ pacsStudyId }) => void queued.push(pacsStudyId) }, () =>
      Promise.reject(new Fault(code, 'HTTP 404')),
    );
    return queued;
  } catch (error) {
    return (error as Fault).code;
  }
}

test('a report of a study that has another id now has not failed: intake of the other id goes on', async () => {
  assert.deepEqual(await outcomeWith(['new'], 'pacs-not-found'), ['new']);
});

test('while the PACS has a study under two ids and answers 404, the report has not failed', async () => {
  assert.deepEqual(await outcomeWith(['old', 'new'], 'pacs-not-found'), ['new']);
});

test('a report fails if an image is missing in a study whose id is the same, and for every other reason', async () => {
  assert.equal(await outcomeWith(['old'], 'pacs-not-found'), 'pacs-not-found');
  assert.equal(await outcomeWith([], 'pacs-not-found'), 'pacs-not-found');
  assert.equal(await outcomeWith(['new'], 'pixels-unreadable'), 'pixels-unreadable');
});

test('failed jobs of an id that the PACS no longer has run once more, also if the index has the study under its new id', async () => {
  const failed: readonly FailedStudyJob[] = [
    { id: '1', code: 'pacs-not-found', pacsStudyId: 'old', studyInstanceUID: '1.2' },
    { id: '2', code: 'pacs-not-found', pacsStudyId: 'new', studyInstanceUID: '1.2' },
    { id: '3', code: 'destination-refused', pacsStudyId: undefined, studyInstanceUID: undefined },
  ];
  const retried: string[] = [];
  const queue = { failedJobs: async () => failed, retryFailedJob: async (id: string) => void retried.push(id) } as unknown as StudyQueue;
  const index = { studies: { ofOrthancId: async () => undefined } } as unknown as Pick<ResultIndex, 'studies'>;
  await followDeletedStudy('old', { findStudies: async () => ['new'] }, index, queue, { onStudyChanged: async () => undefined }, silentLog);
  assert.deepEqual(retried, ['1']);
});
