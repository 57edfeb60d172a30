import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventOf } from '../../src/audit/event-codes.js';
import { presentAction, storedActions } from '../../src/store/audit-actions.js';

test('entries of releases up to 0.2.0 have the event codes of the present names', () => {
  for (const [former, present] of [
    ['verdict.give', 'assessment.give'],
    ['verdict.view', 'assessment.view'],
    ['verdict.found', 'assessment.found'],
    ['answer.ask', 'file.analyze'],
    ['work.retry', 'job.retry'],
  ] as const) {
    assert.equal(presentAction(former), present);
    assert.deepEqual(eventOf(former), eventOf(present), former);
  }
  assert.equal(eventOf('file.analyze').id.meaning, 'Import');
  assert.equal(presentAction('study.view'), 'study.view');
});

test('a filter by an action or an object finds the entries under its former name, and the other way round', () => {
  const cases: readonly (readonly [filter: string, stored: readonly string[]])[] = [
    ['assessment', ['assessment', 'verdict']],
    ['verdict', ['assessment', 'verdict']],
    ['assessment.give', ['assessment.give', 'verdict.give']],
    ['verdict.give', ['assessment.give', 'verdict.give']],
    ['file.analyze', ['answer.ask', 'file.analyze']],
    ['file', ['answer.ask', 'file']],
    ['job.retry', ['job.retry', 'work.retry']],
    ['study', ['study']],
  ];
  for (const [filter, stored] of cases) assert.deepEqual([...storedActions(filter)].sort(), stored, filter);
});
