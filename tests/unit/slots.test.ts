import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Slots, type SlotLane } from '../../src/http/slots.js';

/** Work that ends when it is told to. */
function work(slots: Slots, lane: SlotLane, started: string[], name: string): { readonly done: Promise<void>; end(): void } {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const done = slots.use(async () => {
    started.push(name);
    await ended;
  }, lane);
  return { done, end };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('M8: slots of one PACS', () => {
  test('M8: viewers leave one slot free, reporting may use all', async () => {
    const started: string[] = [];
    const slots = new Slots(4);
    const viewers = Array.from({ length: 9 }, (_, n) => work(slots, 'viewer', started, `v${n}`));
    await nextTurn();
    assert.deepEqual([slots.inUse, started.length], [3, 3]);
    const report = work(slots, 'reports', started, 'r');
    await nextTurn();
    assert.ok(started.includes('r') && slots.inUse === 4);
    report.end();
    for (const one of viewers) {
      one.end();
      await one.done;
      assert.ok(slots.inUse <= 4);
    }
    const reports = Array.from({ length: 6 }, (_, n) => work(slots, 'reports', started, `r${n}`));
    await nextTurn();
    assert.equal(slots.inUse, 4);
    for (const one of reports) one.end();
    await Promise.all([report, ...reports].map((one) => one.done));
    assert.equal(slots.inUse, 0);
  });

  test('M8: with one slot the lanes take turns', async () => {
    const started: string[] = [];
    const slots = new Slots(1);
    const all = [
      ...Array.from({ length: 3 }, (_, n) => work(slots, 'viewer', started, `v${n}`)),
      ...Array.from({ length: 3 }, (_, n) => work(slots, 'reports', started, `r${n}`)),
    ];
    for (const one of all) one.end();
    await Promise.all(all.map((one) => one.done));
    assert.deepEqual(started, ['v0', 'r0', 'v1', 'r1', 'v2', 'r2']);
  });

  test('a failure frees its slot', async () => {
    const slots = new Slots(1);
    await assert.rejects(
      slots.use(() => Promise.reject(new Error('x'))),
      /x/,
    );
    assert.equal(await slots.use(async () => 1, 'viewer'), 1);
    assert.equal(slots.inUse, 0);
  });
});
