import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Semaphore, SemaphoreFull, type SemaphoreLimits } from '../../src/lib/semaphore.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Callers that note their start; `end` ends the turn of one. */
function callers(limits: SemaphoreLimits) {
  const semaphore = new Semaphore(limits);
  const started: string[] = [];
  const releases = new Map<string, () => void>();
  const call = async (key: string, name: string, signal?: AbortSignal): Promise<void> => {
    releases.set(name, await semaphore.acquire(key, signal));
    started.push(name);
  };
  const end = async (name: string): Promise<void> => {
    releases.get(name)!();
    await nextTurn();
  };
  return { semaphore, started, call, end };
}

test('callers wait in the order of arrival, and one whose key has reached its limit lets others pass', async () => {
  const { semaphore, started, call, end } = callers({ maxActive: 3, maxActiveOf: () => 2 });
  for (const name of ['a1', 'a2', 'a3', 'b1', 'b2']) void call(name[0]!, name);
  await nextTurn();
  assert.deepEqual(started, ['a1', 'a2', 'b1']);
  await end('b1');
  assert.deepEqual(started, ['a1', 'a2', 'b1', 'b2']);
  await end('a1');
  assert.deepEqual(started.at(-1), 'a3');
  for (const name of ['a2', 'a3', 'b2']) await end(name);
  assert.equal(semaphore.active, 0);
});

test('with alternating keys no key waits for all callers of another', async () => {
  const { started, call, end } = callers({ maxActive: 1, alternateKeys: true });
  for (const name of ['a1', 'a2', 'a3', 'b1', 'b2']) void call(name[0]!, name);
  for (const name of ['a1', 'b1', 'a2', 'b2', 'a3']) {
    await nextTurn();
    assert.equal(started.at(-1), name);
    await end(name);
  }
});

test('more than the maximum of waiting callers, of all or of one key, are refused at once', async () => {
  const { call, end, semaphore } = callers({ maxActive: 1, maxWaiting: 3, maxWaitingOfKey: 2 });
  for (const name of ['a1', 'a2', 'a3']) void call('a', name);
  await nextTurn();
  await assert.rejects(call('a', 'a4'), SemaphoreFull);
  void call('b', 'b1');
  await assert.rejects(call('c', 'c1'), SemaphoreFull);
  for (const name of ['a1', 'a2', 'a3', 'b1']) await end(name);
  assert.equal(semaphore.active, 0);
});

test('a caller that gives up while it waits leaves its place, and one that ends twice frees one place', async () => {
  const { call, end, started, semaphore } = callers({ maxActive: 1, maxWaiting: 1 });
  void call('a', 'a1');
  const leaving = new AbortController();
  const left = call('a', 'a2', leaving.signal);
  leaving.abort(new Error('gone'));
  await assert.rejects(left, /gone/);
  void call('a', 'a3');
  await end('a1');
  await end('a1');
  assert.deepEqual([started, semaphore.active], [['a1', 'a3'], 1]);
  await assert.rejects(call('a', 'a4', AbortSignal.abort(new Error('before'))), /before/);
  await end('a3');
  assert.equal(semaphore.active, 0);
});

test('work that fails frees its place', async () => {
  const semaphore = new Semaphore({ maxActive: 1 });
  await assert.rejects(
    semaphore.use(() => Promise.reject(new Error('x'))),
    /x/,
  );
  assert.equal(await semaphore.use(async () => 1), 1);
});
