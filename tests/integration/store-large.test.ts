import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ResultQuery } from '../../src/store/results.js';
import type { Store } from '../../src/store/store.js';
import { openEmptyStore, storeBackends } from '../support/store.js';
import { limitHere } from '../support/machine-speed.js';

const count = 100_000;

for (const backend of storeBackends()) {
  describe(`${count} results on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    before(async () => {
      store = await openEmptyStore(backend);
      await store.sql.query({
        text: `INSERT INTO chest_ai.result SELECT 'r' || n, '1.2.' || n % 1000 || '.' || n, now() - n * interval '1 second',
          CASE WHEN n % 50 = 0 THEN 'failed' WHEN n % 3 = 0 THEN 'skipped' ELSE 'reported' END, NULL, NULL, 'rule', 0, 'm', 'e', 'k' || n,
          '[]', '[]', NULL, true, '{}' FROM generate_series(1, ${count}) n`,
      });
    });
    after(async () => {
      await store?.close();
      await backend.stop();
    });

    test('pages come quickly wherever they are', async () => {
      const queries: Record<string, ResultQuery> = {
        'first page': {},
        'rare outcome': { outcome: 'failed' },
        'narrow prefix': { studyPrefix: '1.2.777.' },
        'one study': { studyPrefix: '1.2.777.50777' },
        'wide prefix': { studyPrefix: '1.2.' },
        'prefix without a match': { studyPrefix: '1.3.' },
        'far down': { before: Buffer.from(JSON.stringify([Date.now() - 90_000_000, 'r'])).toString('base64url') },
        'current only': { currentOnly: true },
      };
      const figures: string[] = [];
      for (const [name, query] of Object.entries(queries)) {
        const times: number[] = [];
        for (let n = 0; n < 7; n++) {
          const from = performance.now();
          await store.results.listResults(query);
          times.push(performance.now() - from);
        }
        times.sort((a, b) => a - b);
        figures.push(`${name} ${times[3]!.toFixed(1)}`);
        assert.ok(times[3]! < limitHere(250), `${name}: ${times[3]} ms`);
      }
      const from = performance.now();
      const counts = await store.results.countByOutcome();
      figures.push(`counts ${(performance.now() - from).toFixed(1)}`);
      assert.equal(counts.failed, 2_000);
      console.log(`${backend.name}, ${count} results, median ms: ${figures.join(', ')}`);
    });
  });
}
