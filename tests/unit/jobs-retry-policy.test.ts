import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../src/errors.js';
import { failureOf } from '../../src/jobs/failure.js';
import { defaultRetryPolicy as policy, delayBeforeRetry, growingDelay } from '../../src/jobs/retry-policy.js';

test('the delay doubles up to the longest, with jitter between half and all of it', () => {
  assert.deepEqual(
    [1, 2, 3, 7, 40].map((n) => growingDelay(n, policy, () => 1)),
    [1_000, 2_000, 4_000, 60_000, 60_000],
  );
  assert.equal(
    growingDelay(3, policy, () => 0),
    2_000,
  );
});

test('a transient fault is retried up to its limit, a fault of the infrastructure without limit, other faults never', () => {
  const passing = failureOf(new Fault('engine-failed', 'x'));
  assert.ok(delayBeforeRetry(passing, { 'engine-failed': 4 }, policy));
  assert.equal(delayBeforeRetry(passing, { 'engine-failed': 5 }, policy), undefined);
  assert.ok(delayBeforeRetry(passing, { 'engine-failed': 1, 'pacs-unreachable': 300 }, policy));
  for (const code of ['pacs-unreachable', 'database-unavailable', 'disk-full', 'destination-unavailable'] as const) {
    const delayMs = delayBeforeRetry(failureOf(new Fault(code, 'x')), { [code]: 10_000 }, policy)!;
    assert.ok(delayMs >= 30_000 && delayMs <= 60_000);
  }
  assert.equal(delayBeforeRetry(failureOf(new Fault('dicom-unreadable', 'x')), {}, policy), undefined);
});

test('a bug is not tried again, and its text is not kept', () => {
  const failure = failureOf(new TypeError('cannot read DOE^JOHN'));
  assert.equal(failure.code, 'bug');
  assert.doesNotMatch(JSON.stringify(failure), /DOE/);
  assert.equal(delayBeforeRetry(failure, { bug: 1 }, policy), undefined);
});
