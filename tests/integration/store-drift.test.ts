import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { placeOfAlarm, type RaisedAlarm } from '../../src/store/drift.js';
import type { Store } from '../../src/store/store.js';
import type { StudyStatisticsRow } from '../../src/store/study-statistics.js';
import { openEmptyStore, storeBackends } from '../support/store.js';

const day = (n: number): Date => new Date(Date.UTC(2026, 0, n, 12));
const row = (n: number, change: Partial<StudyStatisticsRow> = {}): StudyStatisticsRow => ({
  studyInstanceUID: `2.25.${n}`,
  network: 'xray',
  modelVersion: 'a',
  site: 'North',
  predictedAt: day(n),
  numbers: { 'input:mean': n / 10 },
  names: { 'tag:Modality': 'DX' },
  decisions: { pneumonia: 'present' },
  ...change,
});

for (const backend of storeBackends()) {
  describe(`drift on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    before(async () => void (store = await openEmptyStore(backend)));
    after(async () => {
      await store?.close();
      await backend.stop();
    });

    test('statistics of studies: once for study and version, by time, the first of a site, those of which there is a label', async () => {
      for (const one of [
        row(1),
        row(2),
        row(3, { site: 'South' }),
        row(4, { modelVersion: 'b' }),
        row(5, { network: 'ct' }),
        row(2, { predictedAt: day(6), numbers: { 'input:mean': 0.9 } }),
      ])
        await store.statistics.record(one);
      assert.deepEqual(
        (await store.statistics.since(day(4))).map(({ studyInstanceUID }) => studyInstanceUID),
        ['2.25.2', '2.25.5', '2.25.4'],
      );
      assert.deepEqual((await store.statistics.since(day(6)))[0], row(2, { predictedAt: day(6), numbers: { 'input:mean': 0.9 } }));
      const first = { site: 'North', network: 'xray' as const, before: day(6), limit: 10 };
      assert.deepEqual(
        (await store.statistics.first(first)).map(({ studyInstanceUID }) => studyInstanceUID),
        ['2.25.1', '2.25.4'],
      );
      assert.deepEqual(
        (await store.statistics.first({ ...first, modelVersion: 'b' })).map(({ studyInstanceUID }) => studyInstanceUID),
        ['2.25.4'],
      );
      await store.labels.setOrthancLabels([
        { studyInstanceUID: '2.25.1', finding: 'pneumonia', decision: 'present' },
        { studyInstanceUID: '2.25.99', finding: 'pneumonia', decision: 'absent' },
      ]);
      assert.deepEqual(
        (await store.statistics.labelled('a', day(1))).map(({ studyInstanceUID, decisions }) => [studyInstanceUID, decisions]),
        [['2.25.1', { pneumonia: 'present' }]],
      );
      assert.deepEqual(await store.statistics.labelled('a', day(2)), []);
      assert.deepEqual(
        (await store.labels.ofStudies(['2.25.1', '2.25.2'])).map(({ studyInstanceUID }) => studyInstanceUID),
        ['2.25.1'],
      );
    });

    test('an alarm lasts until a look finds the quantity back; acknowledged it stays so, raised again it asks anew', async () => {
      const alarm: RaisedAlarm = { site: 'South', network: 'xray', quantity: 'input:mean', detail: 'mean 0.3' };
      const all = new Set([placeOfAlarm(alarm)]);
      assert.deepEqual(await store.drift.record({ look: 1 }, [alarm], all, day(1)), { raised: [alarm], ended: [] });
      assert.deepEqual(await store.drift.report(), { look: 1 });
      const [raised] = await store.drift.alarms();
      assert.equal(await store.drift.acknowledge(raised!.id, 'anna', day(2)), true);
      assert.equal(await store.drift.acknowledge(raised!.id, 'otto', day(2)), false);
      assert.deepEqual((await store.drift.record({ look: 2 }, [{ ...alarm, detail: 'mean 0.2' }], all, day(3))).raised, []);
      assert.deepEqual(
        (await store.drift.alarms()).map(({ detail, acknowledgedBy, raisedAt, seenAt }) => [detail, acknowledgedBy, raisedAt, seenAt]),
        [['mean 0.2', 'anna', day(1), day(3)]],
      );
      // A week without studies of the site says nothing of it.
      assert.deepEqual((await store.drift.record({ look: 3 }, [], new Set(), day(4))).ended, []);
      assert.equal((await store.drift.alarms()).length, 1);
      assert.equal((await store.drift.record({ look: 4 }, [], all, day(5))).ended.length, 1);
      assert.deepEqual(await store.drift.alarms(), []);
      assert.equal((await store.drift.record({ look: 5 }, [alarm], all, day(6))).raised.length, 1);
      assert.deepEqual(
        (await store.drift.alarms()).map(({ id, acknowledgedBy, raisedAt }) => [id, acknowledgedBy, raisedAt]),
        [[raised!.id, null, day(6)]],
      );
    });

    test('sites are hashed with one key by all processes', async () => {
      const keys = await Promise.all([store.drift.siteKey(), store.drift.siteKey(), store.drift.siteKey()]);
      assert.equal(keys[0]!.length, 32);
      for (const key of keys) assert.deepEqual(key, keys[0]);
    });
  });
}
