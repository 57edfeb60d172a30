import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventOf } from '../../src/audit/event-codes.js';
import { namesOfAction, presentAction } from '../../src/store/former-actions.js';

test('audit actions of release 0.2.0 have the event codes of their present names', () => {
  for (const [former, present] of [
    ['verdict.give', 'assessment.give'],
    ['verdict.found', 'assessment.found'],
    ['answer.ask', 'upload.analyze'],
    ['work.retry', 'job.retry'],
  ] as const) {
    assert.equal(presentAction(former), present);
    assert.deepEqual(eventOf(former), eventOf(present));
  }
  assert.equal(eventOf('verdict.give').id.value, '110103');
  assert.equal(eventOf('answer.ask').id.value, '110107');
});

test('a search for an action or an object finds the entries of release 0.2.0 as well', () => {
  assert.deepEqual(namesOfAction('assessment'), ['assessment', 'verdict']);
  assert.deepEqual(namesOfAction('verdict'), ['verdict', 'assessment']);
  assert.deepEqual(namesOfAction('assessment.give'), ['assessment.give', 'verdict.give']);
  assert.ok(namesOfAction('upload.analyze').includes('answer.ask'));
  assert.deepEqual(namesOfAction('study.view'), ['study.view']);
  assert.deepEqual(namesOfAction('constructor'), ['constructor']);
});
