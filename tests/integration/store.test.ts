import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { getTableConfig } from 'drizzle-orm/pg-core';
import { silentLog } from '../../src/log.js';
import { migrate } from '../../src/store/migrate.js';
import { migrations } from '../../src/store/migrations/all.js';
import type { NewResult } from '../../src/store/results.js';
import { tables } from '../../src/store/schema.js';
import { openStore, type Store } from '../../src/store/store.js';
import { isFault } from '../support/fault.js';
import { openEmptyStore, storeBackends } from '../support/store.js';

const nextMigration = Math.max(...migrations.map(({ id }) => id)) + 1;
/** Tables that repositories address in SQL, without drizzle. */
const plainTables = /^(model_alias|model_change|model_version|model_file|retraining_state|schedule_state|hourly_figure)\./;
const study = (n: number) => `2.25.${1000 + n}`;

function result(n: number, more: Partial<NewResult> = {}): NewResult {
  return { resultId: `result-${n}`, studyInstanceUID: study(n), outcome: 'reported', inputKey: `images-${n}`, ...more };
}

for (const backend of storeBackends()) {
  describe(`store on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    before(async () => void (store = await openEmptyStore(backend)));
    after(async () => {
      await store?.close();
      await backend.stop();
    });

    test('cursor moves forward only, unless it is reset', async () => {
      assert.equal(await store.cursors.read('pacs'), undefined);
      await store.cursors.advance('pacs', 10);
      await store.cursors.advance('pacs', 7);
      assert.deepEqual(await store.cursors.read('pacs'), { pacs: 'pacs', lastSeq: 10, marks: [] });
      await store.cursors.advance('pacs', 9_007_199_254_740_991);
      assert.equal((await store.cursors.read('pacs'))?.lastSeq, 9_007_199_254_740_991);
      await store.cursors.reset('pacs');
      assert.equal((await store.cursors.read('pacs'))?.lastSeq, 0);
      assert.equal(await store.cursors.read('other'), undefined);
    });

    test('a study keeps its first time and its state when it is seen again', async () => {
      const first = new Date('2026-01-01T10:00:00.123Z');
      const second = new Date('2026-01-01T10:05:00.456Z');
      await store.studies.seen({ studyInstanceUID: study(1), orthancId: 'o1', at: first, remoteAet: 'CR1', calledAet: 'PACS' });
      await store.studies.setState(study(1), 'queued', first);
      const row = await store.studies.seen({ studyInstanceUID: study(1), orthancId: 'o1', at: second });
      assert.deepEqual(row, {
        studyInstanceUID: study(1),
        orthancId: 'o1',
        firstSeenAt: first,
        lastSeenAt: second,
        remoteAet: 'CR1',
        calledAet: 'PACS',
        state: 'queued',
        stateSince: first,
        contentKey: null,
        retriedKey: null,
      });
      assert.deepEqual(
        (await store.studies.inState('queued')).map((one) => one.studyInstanceUID),
        [study(1)],
      );
      assert.deepEqual(await store.studies.unknownOf([study(1), study(2)]), [study(2)]);
      assert.deepEqual(await store.studies.countByState(), { arriving: 0, queued: 1, done: 0, failed: 0 });
      await store.studies.setDone(study(1), 'these images', second);
      const { state, stateSince, contentKey } = (await store.studies.find(study(1)))!;
      assert.deepEqual({ state, stateSince, contentKey }, { state: 'done', stateSince: second, contentKey: 'these images' });
    });

    test('a result comes back as it was recorded', async () => {
      const given: Required<Omit<NewResult, 'triage'>> = {
        isReanalysis: false,
        resultId: 'whole',
        studyInstanceUID: '2.25.77',
        createdAt: new Date('2026-02-03T04:05:06.789Z'),
        outcome: 'reported',
        code: 'c',
        reason: 'Grund – 理由',
        rule: 'chest',
        priority: 3,
        modelVersion: 'm1',
        engine: 'onnx-cpu',
        inputKey: 'k',
        retryable: false,
        predecessorResultId: 'none',
        findings: [{ name: 'pneumonia', code: '233604007', scheme: 'SCT', meaning: 'Pneumonia', probability: 0.25, decision: 'absent' }],
        otherFindings: [
          {
            name: 'pneumonia',
            code: '233604007',
            scheme: 'SCT',
            meaning: 'Pneumonia',
            probability: 0.5,
            decision: 'undetermined',
            modelVersion: 'm2',
          },
        ],
        documents: [{ sopInstanceUID: '2.25.1', seriesInstanceUID: '2.25.2', kind: 'text-sr' }],
        timingsMs: { retrieve: 12, infer: 43.5 },
      };
      assert.equal(await store.results.recordResult(given), true);
      assert.deepEqual(await store.results.find('whole'), { ...given, isCurrent: true });
    });

    test('a newer result becomes current; recording one again changes no content and makes it current again; exactly one is current', async () => {
      const uid = '2.25.5';
      assert.equal(await store.results.recordResult(result(50, { studyInstanceUID: uid })), true);
      assert.equal(await store.results.recordResult(result(51, { studyInstanceUID: uid, predecessorResultId: 'result-50' })), true);
      assert.equal((await store.results.currentResult(uid))?.resultId, 'result-51');
      assert.equal(await store.results.restoreResult(result(50, { studyInstanceUID: uid, reason: 'changed' })), false);
      assert.equal((await store.results.currentResult(uid))?.resultId, 'result-51');
      assert.equal(await store.results.recordResult(result(50, { studyInstanceUID: uid, reason: 'changed' })), false);
      assert.equal((await store.results.currentResult(uid))?.resultId, 'result-50');
      assert.equal((await store.results.find('result-50'))?.reason, null);
      assert.equal((await store.results.ofStudy(uid)).filter((row) => row.isCurrent).length, 1);
    });

    test('a chain recorded backwards, as a rebuild may do, ends with its last one current', async () => {
      const uid = '2.25.6';
      await store.results.restoreResult(result(62, { studyInstanceUID: uid, predecessorResultId: 'result-61' }));
      await store.results.restoreResult(result(61, { studyInstanceUID: uid, predecessorResultId: 'result-60' }));
      await store.results.restoreResult(result(60, { studyInstanceUID: uid }));
      assert.equal((await store.results.currentResult(uid))?.resultId, 'result-62');
    });

    test('twenty recordings of one study at once leave one current', async () => {
      const uid = '2.25.8';
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.results.recordResult(result(800 + (n % 10), { studyInstanceUID: uid }))),
      );
      const rows = await store.results.ofStudy(uid);
      assert.equal(rows.length, 10);
      assert.equal(rows.filter((row) => row.isCurrent).length, 1);
    });

    test('listing goes by page, outcome and UID prefix, and shows what routing passed over', async () => {
      const at = new Date('2026-03-01T00:00:00.000Z');
      for (let n = 0; n < 25; n++) {
        const outcome = n % 5 === 0 ? ('skipped' as const) : ('reported' as const);
        const why = outcome === 'skipped' ? { code: 'no-rule', reason: 'modality is MR', rule: 'none' } : {};
        await store.results.recordResult(
          result(n, { resultId: `page-${String(n).padStart(2, '0')}`, studyInstanceUID: `1.9.${n}`, createdAt: at, outcome, ...why }),
        );
      }
      const seen: string[] = [];
      for (let before: string | undefined; ; ) {
        const page = await store.results.listResults({ studyPrefix: '1.9.', limit: 10, ...(before && { before }) });
        seen.push(...page.results.map((row) => row.resultId));
        if (!page.next) break;
        before = page.next;
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 25 }, (_, n) => `page-${String(24 - n).padStart(2, '0')}`),
      );
      const skipped = await store.results.listResults({ outcome: 'skipped', studyPrefix: '1.9.' });
      assert.deepEqual(
        skipped.results.map((row) => row.reason),
        Array(5).fill('modality is MR'),
      );
      assert.equal((await store.results.listResults({ studyPrefix: '1.9.1' })).results.length, 11);
      assert.equal((await store.results.listResults({ studyPrefix: '%' })).results.length, 0);
      await assert.rejects(store.results.listResults({ before: 'nonsense' }), isFault('request-invalid'));
      assert.equal((await store.results.countByOutcome()).skipped, 5);
      assert.deepEqual(await store.results.withoutResult(['1.9.1', '1.9.99']), ['1.9.99']);
    });

    test('a delivery counts its attempts and stays delivered', async () => {
      await store.results.recordResult(result(90));
      await store.deliveries.plan('result-90', [
        { destination: 'WS1', kind: 'modality' },
        { destination: 'hub', kind: 'peer' },
      ]);
      await store.deliveries.failed('result-90', 'WS1', 'destination-unavailable');
      await store.deliveries.plan('result-90', [{ destination: 'WS1', kind: 'modality' }]);
      const at = new Date('2026-01-02T03:04:05.006Z');
      await store.deliveries.delivered('result-90', 'WS1', at);
      await store.deliveries.failed('result-90', 'WS1', 'destination-unavailable');
      assert.deepEqual((await store.deliveries.ofResult('result-90'))[0], {
        resultId: 'result-90',
        destination: 'WS1',
        kind: 'modality',
        state: 'delivered',
        attempts: 2,
        lastErrorCode: null,
        deliveredAt: at,
      });
      assert.deepEqual(
        (await store.deliveries.outstanding()).map((row) => row.destination),
        ['hub'],
      );
    });

    test('the tables are those that drizzle describes, and none has room for a patient', async () => {
      const { rows } = await store.sql.query<{ table: string; column: string }>({
        text: `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns WHERE table_schema = 'chest_ai' AND table_name <> 'migration'`,
      });
      const inDatabase = rows.map(({ table, column }) => `${table}.${column}`).sort();
      const described = Object.values(tables).flatMap((table) => {
        const { name, columns } = getTableConfig(table);
        return columns.map((column) => `${name}.${column.name}`);
      });
      assert.deepEqual(
        inDatabase.filter((column) => !plainTables.test(column)),
        described.sort(),
      );
      const forbidden =
        /patient|birth|sex|age$|accession|physician|operator|address|phone|(person|family|given)_?name|description|study_(id|date)/;
      // Keyed hashes, by which a silent trial counts patients and reports are matched to studies; see radiology-reports.test.ts.
      const keyedHash = /^(?:radiology_report|identified_study)\.(?:accession|accession_issuer|patient|patient_issuer)_keys?$/;
      assert.deepEqual(
        inDatabase.filter((column) => forbidden.test(column) && !keyedHash.test(column)),
        ['trial_study.patient_key'],
      );
    });

    test('migrations run once and in order, also by two processes at once', async () => {
      const more = [
        ...migrations,
        {
          id: nextMigration,
          name: 'test',
          sql: 'CREATE TABLE chest_ai.from_test (id integer);\nINSERT INTO chest_ai.from_test VALUES (1);\n',
        },
      ];
      await Promise.all([migrate(store.sql, silentLog, more), migrate(store.sql, silentLog, more), migrate(store.sql, silentLog, more)]);
      const { rows } = await store.sql.query<{ n: number }>({ text: 'SELECT count(*)::int AS n FROM chest_ai.from_test' });
      assert.equal(rows[0]?.n, 1);
      await assert.rejects(migrate(store.sql, silentLog), isFault('config-invalid'));
    });

    test('a migration that fails leaves nothing behind', async () => {
      const fresh = await openEmptyStore(backend);
      const bad = [...migrations, { id: nextMigration, name: 'bad', sql: 'CREATE TABLE chest_ai.half (id integer);\nSELECT 1/0;\n' }];
      await assert.rejects(migrate(fresh.sql, silentLog, bad), /division by zero/);
      const { rows } = await fresh.sql.query({ text: `SELECT 1 FROM information_schema.tables WHERE table_name = 'half'` });
      assert.equal(rows.length, 0);
      await fresh.close();
    });
  });
}

describe('store locations', () => {
  test('a server that is not there is a fault that names it without its password', async () => {
    await assert.rejects(openStore({ databaseUrl: 'postgres://u:secret@127.0.0.1:9/db' }, silentLog), (thrown) => {
      isFault('database-unavailable', { retryable: true })(thrown);
      assert.doesNotMatch(String(thrown), /secret/);
      return true;
    });
  });
});
