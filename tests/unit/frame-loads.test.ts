import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { FrameLoads, type FrameLoader } from '../../src/web/image/frame-loads.js';

interface Pending {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(reason: unknown): void;
}

function pending(): Pending {
  const functions: Partial<Pending> = {};
  const promise = new Promise<void>((resolve, reject) => Object.assign(functions, { resolve, reject }));
  return { ...functions, promise } as Pending;
}

/** Frames that arrive when the test says so. */
function controlledLoader() {
  const unfinished = new Map<string, Pending>();
  const started: string[] = [];
  const cancelled: string[] = [];
  const loader: FrameLoader = {
    load(imageId) {
      started.push(imageId);
      const known = unfinished.get(imageId) ?? pending();
      unfinished.set(imageId, known);
      return known.promise;
    },
    cancel(imageId) {
      const load = unfinished.get(imageId);
      if (!load) return;
      cancelled.push(imageId);
      unfinished.delete(imageId);
      load.reject(new DOMException('cancelled', 'AbortError'));
    },
  };
  const finish = async (imageId: string, error?: Error): Promise<void> => {
    const load = unfinished.get(imageId);
    assert.ok(load, `${imageId} is loading`);
    unfinished.delete(imageId);
    if (error) load.reject(error);
    else load.resolve();
    await nextTurn();
  };
  return { loader, finish, started, cancelled, isLoading: (imageId: string) => unfinished.has(imageId) };
}

function start() {
  const controlled = controlledLoader();
  const loads = new FrameLoads(controlled.loader);
  const drawn: string[] = [];
  const request = (imageId: string, keepsOldest = true): Promise<boolean> =>
    loads.request(imageId, keepsOldest, async () => void drawn.push(imageId));
  return { ...controlled, loads, drawn, request };
}

test('a slow slice that arrives after the next one is not drawn', async () => {
  const { request, finish, drawn, cancelled } = start();
  const [slow, next] = [request('10'), request('11')];
  await finish('11');
  assert.equal(await next, true);
  assert.equal(await slow, false);
  assert.deepEqual(drawn, ['11']);
  assert.deepEqual(cancelled, ['10'], 'and its load is ended');
});

test('slices that arrive in order are all drawn; between the oldest and the newest the others are cancelled', async () => {
  const { request, finish, drawn, cancelled } = start();
  const results = ['1', '2', '3', '4'].map((one) => request(one));
  assert.deepEqual(cancelled, ['2', '3']);
  await finish('1');
  await finish('4');
  assert.deepEqual(await Promise.all(results), [true, false, false, true]);
  assert.deepEqual(drawn, ['1', '4']);
});

test('another stack cancels every load of the one before', async () => {
  const { request, finish, drawn, cancelled } = start();
  const old = ['a1', 'a2'].map((one) => request(one));
  const next = request('b1', false);
  assert.deepEqual(cancelled, ['a1', 'a2']);
  await finish('b1');
  assert.deepEqual(await Promise.all([...old, next]), [false, false, true]);
  assert.deepEqual(drawn, ['b1']);
});

test('a slice that was cancelled and is requested again is loaded and drawn', async () => {
  const { request, finish, drawn, started } = start();
  const first = ['1', '2', '3'].map((one) => request(one));
  const again = request('2');
  await finish('2');
  assert.equal(await again, true);
  assert.deepEqual(drawn, ['2']);
  assert.equal(started.filter((one) => one === '2').length, 2);
  assert.deepEqual(await Promise.all(first), [false, false, false]);
});

test('the error of the newest request is thrown, that of an older one is not', async () => {
  const { request, finish, drawn } = start();
  const [older, newest] = [request('1'), request('2')];
  await finish('1', new Error('gone'));
  assert.equal(await older, false);
  const failed = assert.rejects(newest, /no such slice/);
  await finish('2', new Error('no such slice'));
  await failed;
  const [before, last] = [request('3'), request('4')];
  const refused = assert.rejects(last, /no such slice/);
  await finish('4', new Error('no such slice'));
  await refused;
  assert.equal(await before, false, 'what was requested before is not shown in its place');
  assert.deepEqual(drawn, []);
});

test('loads ahead run two at a time, and a request ends them', async () => {
  const { loads, request, finish, started, cancelled, drawn } = start();
  loads.loadAhead(['1', '2', '3', '4']);
  await finish('1');
  assert.deepEqual(started, ['1', '2', '3']);
  const wanted = request('2');
  assert.deepEqual(cancelled, ['3'], 'the one that is requested goes on');
  await finish('2');
  assert.equal(await wanted, true);
  assert.deepEqual(drawn, ['2']);
  assert.deepEqual(started, ['1', '2', '3', '2']);
});

test('after closing nothing is drawn, and nothing loads any more', async () => {
  const { loads, request, drawn, cancelled, isLoading, started } = start();
  loads.loadAhead(['8', '9']);
  const open = request('1');
  loads.loadAhead(['2', '3']);
  loads.close();
  assert.equal(await open, false);
  assert.deepEqual(cancelled.toSorted(), ['1', '2', '3', '8', '9']);
  assert.ok(!['1', '2', '3', '8', '9'].some(isLoading));
  assert.equal(await request('4'), false);
  assert.ok(!started.includes('4'));
  assert.deepEqual(drawn, []);
});

test('a drawing that is under way when the stage closes is not reported as drawn', async () => {
  const { loads, finish } = start();
  const drawing = pending();
  const open = loads.request('1', true, () => drawing.promise);
  await finish('1');
  loads.close();
  drawing.resolve();
  assert.equal(await open, false);
});
