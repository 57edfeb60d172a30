import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retrieveStudies } from '../../src/archive/retrieve-studies.js';
import { Fault } from '../../src/errors.js';

const days = { since: '20260102', until: '20260102', modalities: ['CR', 'DX', 'CT'] };

async function collect(offered: readonly { readonly studyInstanceUID: string }[], fails: (uid: string) => boolean = () => false) {
  const retrieved: string[] = [];
  const found = [];
  let fault: unknown;
  try {
    for await (const day of retrieveStudies(days, {
      query: async () => offered,
      countInstances: async (uid) => (retrieved.includes(uid) ? 1 : 0),
      retrieve: async (uid) => {
        if (fails(uid)) throw new Fault('pacs-error', 'refused');
        retrieved.push(uid);
      },
      pace: async () => undefined,
    }))
      found.push(day);
  } catch (error) {
    fault = error;
  }
  return { retrieved, day: found[0]!, fault };
}

test('what is no UID in an answer is left out and named, and the other studies are retrieved', async () => {
  const hostile = ['*', '1.2.3?', '1.2\\\\1.3', '../../studies/x', '', '1.2.3\u001b[31m', 'x'.repeat(400)];
  const { retrieved, day, fault } = await collect([...hostile, '1.2.3'].map((studyInstanceUID) => ({ studyInstanceUID })));
  assert.equal(fault, undefined);
  assert.deepEqual(retrieved, ['1.2.3']);
  assert.equal(day.failed.length, hostile.length);
  for (const { studyInstanceUID, fault: one } of day.failed) {
    assert.match(studyInstanceUID, /^[\w.%~-]+$/);
    assert.equal(one.code, 'pacs-malformed');
  }
});

test('three failures in a row end the run, a success between them does not', async () => {
  const studies = ['1', '2', '3', '4', '5', '6'].map((studyInstanceUID) => ({ studyInstanceUID }));
  const ended = await collect(studies, (uid) => ['2', '3', '4'].includes(uid));
  assert.ok(ended.fault instanceof Fault && ended.fault.code === 'pacs-error');
  assert.deepEqual(ended.retrieved, ['1']);
  const went = await collect(studies, (uid) => ['2', '3', '5', '6'].includes(uid));
  assert.equal(went.fault, undefined);
  assert.deepEqual(went.retrieved, ['1', '4']);
});
