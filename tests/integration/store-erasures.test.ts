import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { tablesByOtherColumns, tablesByStudy, tablesWithoutStudies } from '../../src/store/erasures.js';
import type { NewResult } from '../../src/store/results.js';
import type { Store } from '../../src/store/store.js';
import { eventually } from '../support/eventually.js';
import { openEmptyStore, storeBackends } from '../support/store.js';

const at = new Date('2026-03-01T12:00:00.000Z');
const [erased, other] = ['1.2.826.0.1.3680043.9.1', '1.2.826.0.1.3680043.9.2'] as const;

function resultOf(studyInstanceUID: string): NewResult {
  return {
    resultId: `result of ${studyInstanceUID}`,
    studyInstanceUID,
    createdAt: at,
    outcome: 'reported',
    inputKey: 'k',
    rule: 'chest',
    documents: [{ sopInstanceUID: `${studyInstanceUID}.1`, seriesInstanceUID: `${studyInstanceUID}.0`, kind: 'text' }],
  };
}

/** A row in every table that names studies, as the stories write it. */
async function recordEverything(store: Store, studyInstanceUID: string): Promise<void> {
  await store.studies.seen({ studyInstanceUID, orthancId: `orthanc id of ${studyInstanceUID}`, at });
  await store.results.recordResult(resultOf(studyInstanceUID));
  await store.deliveries.plan(`result of ${studyInstanceUID}`, [{ destination: 'PACS2', kind: 'modality' }]);
  await store.messages.plan({
    messageId: `message ${studyInstanceUID}`,
    channel: 'ris',
    studyInstanceUID,
    resultId: `result of ${studyInstanceUID}`,
    isCorrection: false,
    findings: [],
  });
  await store.assessments.record({
    sopInstanceUID: `${studyInstanceUID}.5`,
    seriesInstanceUID: `${studyInstanceUID}.4`,
    studyInstanceUID,
    kind: 'assessment',
    reader: 'anna',
    verified: false,
    adjudicates: false,
    origin: 'page',
    givenAt: at,
    findings: [{ name: 'pneumonia', code: '1', scheme: 'SCT', meaning: 'Pneumonia', decision: 'present' }],
    withdrawn: [],
    predecessors: [],
  });
  await store.shadow.record({
    studyInstanceUID,
    modelVersion: 'c',
    inputKey: 'k',
    championVersion: 'm',
    predictedAt: at,
    outcome: 'reported',
    findings: [],
    championFindings: [],
  });
  await store.statistics.record({
    studyInstanceUID,
    network: 'xray',
    modelVersion: 'm',
    site: 's',
    predictedAt: at,
    numbers: {},
    names: {},
    decisions: {},
  });
  const [running] = await store.backfills.list(1);
  await store.backfills.addStudies(running!.id, [studyInstanceUID]);
  await store.studyChanges.record(studyInstanceUID);
  await store.requests.open(studyInstanceUID, at);
  for (const text of [
    `INSERT INTO chest_ai.trial_study (backfill_id, study_instance_uid, model_version, orthanc_id, outcome, findings, reported_findings, patient_key, groups)
      SELECT min(id), $1, 'm', 'o', 'reported', '[]', '[]', 'k', '{}' FROM chest_ai.backfill`,
    `INSERT INTO chest_ai.identified_study (study_instance_uid, checked_at) VALUES ($1, now())`,
    `INSERT INTO chest_ai.discordance (study_instance_uid, finding, kind, probability, gap, result_id, report_key, found_at)
      VALUES ($1, 'pneumonia', 'report-silent', 0.9, 0.9, 'r', 'k', now())`,
    `INSERT INTO chest_ai.radiology_report (report_key, source, content_key, state, patient_keys, stated_study_uid, study_instance_uid, received_at, wait_until, findings)
      VALUES ('report of ' || length($1) || right($1, 1), 'hl7', 'k', 'matched', '[]', $1, $1, now(), now(), '[]')
      ON CONFLICT (report_key) DO UPDATE SET stated_study_uid = $1, study_instance_uid = $1, state = 'matched'`,
  ])
    await store.sql.query({ text, values: [studyInstanceUID] });
}

for (const backend of storeBackends()) {
  describe(`erasing of studies, on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    before(async () => {
      store = await openEmptyStore(backend);
      const request = {
        since: '20260101',
        until: '20260101',
        rule: null,
        model: null,
        perHour: 1,
        hours: null,
        shadow: false,
        createdBy: 'test',
      };
      assert.ok(await store.backfills.create(request, at));
    });
    after(async () => {
      await store?.close();
      await backend.stop();
    });

    const columns = async (): Promise<readonly { readonly table: string; readonly column: string; readonly type: string }[]> =>
      (
        await store.sql.query<{ table: string; column: string; type: string }>({
          text: `SELECT table_name AS "table", column_name AS "column", data_type AS type FROM information_schema.columns WHERE table_schema = 'chest_ai'`,
        })
      ).rows;

    /** Every row of the schema in which the text stands, by table. */
    async function tablesWith(text: string): Promise<readonly string[]> {
      const found: string[] = [];
      for (const table of new Set((await columns()).map((one) => one.table))) {
        const { rows } = await store.sql.query<{ n: number }>({
          text: `SELECT count(*)::int AS n FROM chest_ai.${table} AS one WHERE position($1 IN one::text) > 0`,
          values: [text],
        });
        if (rows[0]!.n > 0) found.push(table);
      }
      return found.sort();
    }

    test('erasing knows every table; a table that names studies or documents is erased', async () => {
      const known = [...tablesByStudy, ...tablesByOtherColumns, ...Object.keys(tablesWithoutStudies)];
      const all = await columns();
      assert.deepEqual([...new Set(all.map((one) => one.table))].sort(), [...known].sort());
      const naming = all.filter(({ column }) => /study|series|sop_|instance_uid|patient|orthanc_id|result_id/.test(column));
      const erasedTables: readonly string[] = [...tablesByStudy, ...tablesByOtherColumns];
      assert.deepEqual(
        naming.filter(({ table }) => !erasedTables.includes(table)).map(({ table, column }) => `${table}.${column}`),
        ['erased_study.study_hash'],
      );
      assert.deepEqual(
        all
          .filter(({ column }) => column === 'study_instance_uid')
          .map((one) => one.table)
          .sort(),
        [...tablesByStudy, 'study_change', 'radiology_report'].sort(),
      );
      const { rows } = await store.sql.query<{ table: string }>({
        text: `SELECT DISTINCT event_object_table AS "table" FROM information_schema.triggers WHERE trigger_schema = 'chest_ai' AND event_manipulation = 'INSERT'`,
      });
      assert.deepEqual(rows.map((one) => one.table).sort(), [...tablesByStudy, 'delivery', 'study_change', 'radiology_report'].sort());
    });

    test('everything of a study is erased, nothing of another, and nothing comes back', async () => {
      await store.retraining.write('labels', [`${erased} pneumonia present`, `${other} pneumonia absent`]);
      await store.retraining.write('test-lock', { patients: [] });
      for (const study of [erased, other]) await recordEverything(store, study);
      const tables = [...tablesByStudy, ...tablesByOtherColumns].sort();
      assert.deepEqual(await tablesWith(erased), tables);
      const before = await store.erasures.count([erased]);
      assert.deepEqual(
        Object.entries(before).filter(([, n]) => n === 0),
        [],
      );
      assert.equal(await store.erasures.isErased(erased), false);
      await store.erasures.mark([erased], at);
      assert.equal(await store.erasures.isErased(erased), true);
      assert.equal(await store.erasures.isErased(other), false);
      assert.deepEqual(await store.erasures.erase([erased]), before);
      assert.deepEqual(await tablesWith(erased), []);
      assert.deepEqual(await tablesWith(other), tables);
      // A job that is in progress goes on.
      await recordEverything(store, erased);
      assert.deepEqual(await tablesWith(erased), []);
      const [backfill] = await store.backfills.list(1);
      assert.deepEqual([backfill!.found, backfill!.skipped], [2, 1]);
      // The other processes learn which pictures to remove, without the UID.
      const changes = (await store.studyChanges.after(0, 100)).map((one) => one.studyInstanceUID);
      assert.deepEqual(
        changes.map((one) => (one === other ? one : one.replace(/^erased-[0-9a-f]{20}$/, 'erased'))),
        ['erased', other, 'erased', 'erased'],
      );
      assert.deepEqual(
        Object.values(await store.erasures.erase([erased])).filter((n) => n > 0),
        [],
      );
    });

    test('a study that is allowed again is recorded again', async () => {
      assert.equal(await store.erasures.unmark([erased, other]), 1);
      assert.equal(await store.erasures.isErased(erased), false);
      await store.results.recordResult(resultOf(erased));
      assert.equal((await store.results.ofStudy(erased)).length, 1);
    });

    test('what a transaction records that began before the mark is erased too', {
      ...(backend.name === 'embedded' ? { skip: 'one connection: no transaction runs beside another' } : {}),
    }, async () => {
      const study = '1.2.826.0.1.3680043.9.3';
      const order: string[] = [];
      let marked: Promise<void> | undefined;
      await store.sql.transaction(async (transaction) => {
        await transaction.query({
          text: `INSERT INTO chest_ai.label (study_instance_uid, finding, origin, source, reader, decision, verified, adjudicates) VALUES ($1, 'f', 'o', 'page', 'r', 'present', false, false)`,
          values: [study],
        });
        marked = store.erasures.mark([study], at).then(() => void order.push('marked'));
        await eventually('the mark waits', async () => {
          const { rows } = await transaction.query({ text: `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted` });
          assert.equal(rows.length, 1);
        });
        order.push('recorded');
      });
      await marked;
      assert.deepEqual(order, ['recorded', 'marked']);
      assert.equal((await store.erasures.erase([study]))['label'], 1);
      assert.deepEqual(await tablesWith(study), []);
    });

    test('superseded documents: of finished studies only, and the index lists what the PACS still contains', async () => {
      const study = '1.2.826.0.1.3680043.9.4';
      await store.studies.seen({ studyInstanceUID: study, orthancId: 'o4', at });
      const documents = ['a', 'b'].map((one) => ({ sopInstanceUID: `${study}.${one}`, seriesInstanceUID: `${study}.0`, kind: 'text' }));
      await store.results.recordResult({ ...resultOf(study), documents });
      const later = new Date(at.getTime() + 1);
      const query = { before: new Date(at.getTime() + 2), limit: 10 };
      assert.deepEqual(await store.supersededDocuments.studies(query), []);
      await store.results.recordResult({ ...resultOf(study), resultId: 'second', createdAt: later });
      assert.deepEqual(await store.supersededDocuments.studies(query), [], 'not done yet');
      await store.studies.setDone(study, 'content');
      assert.deepEqual(await store.supersededDocuments.studies(query), [study]);
      assert.deepEqual(await store.supersededDocuments.studies({ ...query, before: at }), []);
      assert.deepEqual(await store.supersededDocuments.studies({ ...query, after: study }), []);
      await store.supersededDocuments.retain(study, [`${study}.b`]);
      const [current, superseded] = await store.results.ofStudy(study);
      assert.deepEqual(superseded!.documents, documents.slice(1));
      assert.equal(current!.documents.length, 1, 'the current result keeps its documents whatever the list says');
      await store.supersededDocuments.retain(study, []);
      assert.deepEqual(await store.supersededDocuments.studies(query), []);
    });
  });
}
