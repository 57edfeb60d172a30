import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { Stopwatch } from '../../src/reporting/stopwatch.js';

describe('stopwatch', () => {
  let now = 0;
  beforeEach(() => {
    now = 1_000;
    mock.method(performance, 'now', () => now);
  });
  afterEach(() => mock.restoreAll());
  /** A step that ends when it is told to. */
  const step = (watch: Stopwatch, name: string) => {
    let finish!: (fail?: Error) => void;
    const work = new Promise<void>((resolve, reject) => (finish = (fail) => (fail ? reject(fail) : resolve())));
    const timed = watch.time(name, () => work);
    return async (fail?: Error) => {
      finish(fail);
      await timed;
    };
  };

  test('gives what the work gives, and its milliseconds', async () => {
    const watch = new Stopwatch();
    assert.equal(await watch.time('infer', async () => ((now += 12.34), 7)), 7);
    assert.deepEqual(watch.milliseconds, { infer: 12.3 });
  });

  test('steps of one name that overlap count once, from the first start to the last end', async () => {
    const watch = new Stopwatch();
    const first = step(watch, 'decode');
    now += 10;
    const second = step(watch, 'decode');
    now += 10;
    await first();
    now += 10;
    await second();
    assert.deepEqual(watch.milliseconds, { decode: 30 });
  });

  test('steps of one name that follow each other add up; the pause between does not count', async () => {
    const watch = new Stopwatch();
    for (const spent of [10, 20]) {
      const end = step(watch, 'store');
      now += spent;
      await end();
      now += 1_000;
    }
    assert.deepEqual(watch.milliseconds, { store: 30 });
  });

  test('steps of different names each have their own time', async () => {
    const watch = new Stopwatch();
    const outer = step(watch, 'retrieve');
    now += 5;
    const inner = step(watch, 'decode');
    now += 5;
    await inner();
    now += 5;
    await outer();
    assert.deepEqual(watch.milliseconds, { retrieve: 15, decode: 5 });
  });

  test('a step that fails has taken its time, and the failure comes through', async () => {
    const watch = new Stopwatch();
    const end = step(watch, 'retrieve');
    now += 8;
    await assert.rejects(end(new Error('broken')), /broken/);
    assert.deepEqual(watch.milliseconds, { retrieve: 8 });
    const again = step(watch, 'retrieve');
    now += 2;
    await again();
    assert.deepEqual(watch.milliseconds, { retrieve: 10 });
  });
});
