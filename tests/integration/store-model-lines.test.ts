import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { openRegistry } from '../../src/registry/registry.js';
import { EmbeddedConnection } from '../../src/store/embedded.js';
import { migrate } from '../../src/store/migrate.js';
import { migrations } from '../../src/store/migrations/all.js';
import { PostgresqlConnection } from '../../src/store/postgresql.js';
import { openStore } from '../../src/store/store.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { storeBackends } from '../support/store.js';
import { tinyCandidate } from '../support/tiny-model.js';

const reason = { by: 'test', why: 'because', at: new Date('2026-11-29T02:00:00Z') };
const beforeLines = migrations.filter(({ id }) => id < 30);

for (const backend of storeBackends())
  describe(`model lines in the store on ${backend.name}`, { skip: backend.missing }, () => {
    after(() => backend.stop());

    test('a database of an earlier release comes forward: findings name their version, and all belongs to the default line', async () => {
      const location = await backend.location();
      const connection =
        'databaseUrl' in location
          ? await PostgresqlConnection.open(location.databaseUrl, silentLog)
          : await EmbeddedConnection.open(location.dataDir, silentLog);
      await migrate(connection, silentLog, beforeLines);
      const findings = ['pneumonia', 'covid-19'].map((name) => ({
        name,
        code: 'c',
        scheme: 's',
        meaning: 'm',
        probability: 0.1,
        decision: 'absent',
      }));
      const insert = `INSERT INTO chest_ai.result (result_id, study_instance_uid, created_at, outcome, priority, model_version, input_key, findings, documents, is_current, timings_ms)
        VALUES ($1, $2, now(), $3, 0, $4, 'k', $5::jsonb, '[]', true, '{}')`;
      await connection.query({ text: insert, values: ['a', '2.25.1', 'reported', '3f2a91c0d4e7', JSON.stringify(findings)] });
      await connection.query({ text: insert, values: ['b', '2.25.2', 'skipped', null, '[]'] });
      await connection.query({
        text: `INSERT INTO chest_ai.study_statistics (study_instance_uid, network, model_version, site, predicted_at, numbers, names, decisions)
          VALUES ('2.25.1', 'xray', '3f2a91c0d4e7', 'site', now(), '{}', '{}', '{}')`,
      });
      await connection.query({
        text: `INSERT INTO chest_ai.model_version (version, added_at) VALUES ('3f2a91c0d4e7', now())`,
      });
      await connection.query({
        text: `INSERT INTO chest_ai.model_file (version, name, part, content) VALUES ('3f2a91c0d4e7', 'CARD.md', 0, $1)`,
        values: [Buffer.from('card')],
      });
      await connection.query({ text: `INSERT INTO chest_ai.model_change (id, record) VALUES ('gate-1', '{}')` });
      await connection.close();

      const store = await openStore(location, silentLog);
      try {
        assert.deepEqual(
          (await store.results.find('a'))?.findings,
          findings.map((one) => ({ ...one, modelVersion: '3f2a91c0d4e7' })),
        );
        assert.deepEqual((await store.results.find('b'))?.findings, []);
        assert.deepEqual((await store.results.find('a'))?.otherFindings, []);
        assert.equal((await store.worklist.page({ present: 'any' })).rows.length, 0);
        assert.equal((await store.statistics.since(new Date(0))).length, 1);
        assert.equal((await store.ofLine('other').statistics.since(new Date(0))).length, 0);
        assert.deepEqual(await store.models.versions(), ['3f2a91c0d4e7']);
        assert.equal(Buffer.from((await store.models.version('3f2a91c0d4e7'))!.get('CARD.md')!).toString(), 'card');
        assert.deepEqual(await store.ofLine('other').models.versions(), []);
        assert.equal((await store.models.changes()).length, 1);
      } finally {
        await store.close();
      }
    });

    test('lines share nothing: versions, aliases, records, what retraining remembers, drift reports and alarms', async () => {
      const store = await openStore(await backend.location(), silentLog);
      try {
        const [first, other] = [store.ofLine('default'), store.ofLine('other')];
        const registries = [
          openRegistry(temporaryDirectory('first'), first.models),
          openRegistry(temporaryDirectory('other'), other.models),
        ] as const;
        const [a, b, c] = [
          await registries[0].add(tinyCandidate(1)),
          await registries[1].add(tinyCandidate(1)),
          await registries[1].add(tinyCandidate(2)),
        ];
        await registries[0].putFirst(a.version, reason);
        await registries[1].putFirst(b.version, reason);
        await registries[1].promote(c.version, reason);
        assert.deepEqual([(await registries[0].aliases())?.champion, (await registries[1].aliases())?.champion], [a.version, c.version]);
        await registries[1].rollback(reason);
        assert.equal((await registries[0].history()).length, 1);
        assert.deepEqual((await first.models.versions()).toSorted(), [a.version]);
        assert.deepEqual((await other.models.versions()).toSorted(), [b.version, c.version].toSorted());

        await first.retraining.keepFirst('patient-key', 'one');
        assert.equal(await other.retraining.keepFirst('patient-key', 'two'), 'two');
        assert.equal(await first.retraining.read('patient-key'), 'one');

        const alarm = { site: 's', network: 'xray' as const, quantity: 'q', detail: 'd' };
        await first.drift.record({ of: 'first' }, [alarm], new Set(), new Date());
        await other.drift.record({ of: 'other' }, [alarm], new Set(), new Date());
        assert.deepEqual([await first.drift.report(), await other.drift.report()], [{ of: 'first' }, { of: 'other' }]);
        assert.deepEqual((await first.drift.alarmsOfAllLines()).map(({ line }) => line).toSorted(), ['default', 'other']);
        const [raised] = await other.drift.alarms();
        assert.ok(await store.drift.acknowledge(raised!.id, 'reader', new Date()));
        assert.equal((await first.drift.alarms())[0]?.acknowledgedAt, null);
        assert.deepEqual(await first.drift.siteKey(), await other.drift.siteKey(), 'sites have the same names in all lines');
      } finally {
        await store.close();
      }
    });
  });
