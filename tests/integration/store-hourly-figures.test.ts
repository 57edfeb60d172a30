import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { storeBackends } from '../support/store.js';

const now = new Date('2026-01-15T12:20:00Z');
const hour = 3_600_000;

for (const backend of storeBackends()) {
  describe(`figures of each hour on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    before(async () => {
      store = await openStore(await backend.location(), silentLog);
    });
    after(async () => {
      await store?.close();
      await backend.stop();
    });
    let n = 0;
    const add = (at: Date, outcome: string, ms: number): Promise<unknown> =>
      store.sql.query({
        text: `INSERT INTO chest_ai.result (result_id, study_instance_uid, created_at, outcome, priority, input_key, findings, documents, is_current, timings_ms)
          VALUES ($1, $2, $3, $4, 5, 'k', '[]', '[]', false, $5)`,
        values: [`r${++n}`, `1.2.${n}`, at, outcome, JSON.stringify({ decode: ms / 4, infer: (ms * 3) / 4 })],
      });

    test('usability 12: studies, durations, failures and the longest queue of each hour; an hour that is over is not lost', async () => {
      for (let index = 1; index <= 20; index++) await add(new Date(now.getTime() - 3 * hour), 'reported', index * 100);
      await add(new Date(now.getTime() - 60_000), 'failed', 5);
      await add(new Date(now.getTime() - 60_000), 'skipped', 5);
      await store.hourlyFigures.record(now, 4);
      await store.hourlyFigures.record(now, 9);
      await store.hourlyFigures.record(now, 2);
      const figures = await store.hourlyFigures.last(24, now);
      assert.equal(figures.length, 24);
      const { hour: at, ...present } = figures.at(-1)!;
      assert.equal(at.toISOString(), '2026-01-15T12:00:00.000Z');
      assert.deepEqual(present, { reported: 0, skipped: 1, failed: 1, medianMs: null, p95Ms: null, maxWaiting: 9 });
      const before = figures.at(-4)!;
      assert.deepEqual([before.reported, before.medianMs, before.p95Ms, before.maxWaiting], [20, 1_050, 1_905, 0]);
      assert.deepEqual([figures[0]!.reported, figures[0]!.maxWaiting], [0, 0]);
      await add(new Date(now.getTime() + 30 * 60_000), 'reported', 200);
      await store.hourlyFigures.record(new Date(now.getTime() + hour), 0);
      const later = await store.hourlyFigures.last(2, new Date(now.getTime() + hour));
      assert.deepEqual(
        later.map(({ reported, maxWaiting }) => [reported, maxWaiting]),
        [
          [1, 9],
          [0, 0],
        ],
        'results after the last record of an hour count; its longest queue stays',
      );
    });

    test('usability 12: figures older than asked for are removed', async () => {
      await store.hourlyFigures.prune(new Date(now.getTime() - hour));
      const figures = await store.hourlyFigures.last(24, now);
      assert.equal(figures.at(-4)!.reported, 0);
      assert.equal(figures.at(-1)!.maxWaiting, 9);
    });
  });
}
