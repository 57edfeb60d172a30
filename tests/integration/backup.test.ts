import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { verifyAudit } from '../../src/audit/verify.js';
import { projectRoot } from '../../src/config.js';
import { startJobs } from '../../src/jobs/jobs.js';
import { silentLog } from '../../src/log.js';
import { intakeQueue } from '../../src/reporting/queues.js';
import { EmbeddedConnection } from '../../src/store/embedded.js';
import { migrations } from '../../src/store/migrations/all.js';
import { PostgresqlConnection } from '../../src/store/postgresql.js';
import { openStore, type Store } from '../../src/store/store.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { storeBackends } from '../support/store.js';

async function fill(store: Store): Promise<{ readonly seq: number; readonly hash: string }> {
  await store.cursors.advance('pacs', 99);
  await store.results.recordResult({ resultId: 'kept', studyInstanceUID: '2.25.1', outcome: 'reported', inputKey: 'k' });
  await store.accounts.add({ name: 'anna', origin: 'local', roles: ['reader'], passwordHash: 'x' });
  for (let n = 0; n < 20; n++)
    await store.audit.append({ actor: 'anna', action: 'study.view', subject: { studyInstanceUID: `2.25.${n}` } });
  return (await store.audit.last())!;
}

async function assertWhole(store: Store, head: { readonly seq: number; readonly hash: string }): Promise<void> {
  assert.equal((await store.cursors.read('pacs'))?.lastSeq, 99);
  assert.equal((await store.results.currentResult('2.25.1'))?.resultId, 'kept');
  assert.deepEqual((await store.accounts.find('anna'))?.roles, ['reader']);
  assert.deepEqual(await verifyAudit(store.audit, head), { intact: true, entries: 20, head: { seq: head.seq, hash: head.hash } });
  await assert.rejects(store.sql.query({ text: 'DELETE FROM chest_ai.audit_entry' }), /only appended to/, 'the lock came along');
  await store.audit.append({ actor: 'anna', action: 'study.view' });
  assert.equal((await verifyAudit(store.audit, head)).intact, true);
}

/** What readers stated, as release 0.2.0 stored it. */
const readerStatements = `
INSERT INTO chest_ai.verdict VALUES
  ('2.25.91', '2.25.92', '2.25.93', 'verdict', 'anna', false, true, 'page', '2026-05-01T10:00:00Z',
   '[{"name": "pneumonia", "code": "233604007", "scheme": "SCT", "meaning": "Pneumonia", "decision": "present", "judgement": "confirmed"}]', '["2.25.90"]'),
  ('2.25.94', '2.25.95', '2.25.93', 'verified-report', 'Berg^Ida', true, false, 'pacs', NULL, '[]', '[]');
INSERT INTO chest_ai.label VALUES
  ('2.25.93', 'pneumonia', '2.25.91', 'page', 'anna', 'present', false, true, '2026-05-01T10:00:00Z'),
  ('2.25.93', 'effusion', '2.25.96', 'verdict', 'ben', 'absent', false, false, NULL);
`;

async function assertReaderStatements(store: Store): Promise<void> {
  const [report, given, ...others] = await store.assessments.ofStudy('2.25.93');
  assert.deepEqual(
    [report?.kind, report?.verified, given?.kind, given?.reader, given?.adjudicates, given?.origin, given?.predecessors, others.length],
    ['verified-report', true, 'assessment', 'anna', true, 'page', ['2.25.90'], 0],
  );
  assert.deepEqual(
    given!.findings.map(({ name, decision, comparison }) => [name, decision, comparison]),
    [['pneumonia', 'present', 'confirmed']],
  );
  const { rows } = await store.sql.query<{ finding: string; source: string; adjudicates: boolean }>({
    text: "SELECT finding, source, adjudicates FROM chest_ai.label WHERE study_instance_uid = '2.25.93' ORDER BY finding",
  });
  assert.deepEqual(rows, [
    { finding: 'effusion', source: 'assessment', adjudicates: false },
    { finding: 'pneumonia', source: 'page', adjudicates: true },
  ]);
}

for (const backend of storeBackends()) {
  describe(`on ${backend.name}`, { skip: backend.missing }, () => {
    after(() => backend.stop());

    test('a backup as docs/guide/backup.md says, restored, is whole', async () => {
      const location = await backend.location();
      const store = await openStore(location, silentLog);
      const head = await fill(store);
      if ('databaseUrl' in location) {
        const dump = join(temporaryDirectory('backup'), 'chest-ai.dump');
        // While the service has it open.
        execFileSync('pg_dump', ['--format=custom', `--file=${dump}`, location.databaseUrl]);
        await store.close();
        const other = await backend.location();
        assert.ok('databaseUrl' in other);
        execFileSync('pg_restore', [`--dbname=${other.databaseUrl}`, dump]);
        const restored = await openStore(other, silentLog);
        await assertWhole(restored, head).finally(() => restored.close());
      } else {
        await store.close();
        const copy = temporaryDirectory('restored');
        cpSync(location.dataDir, copy, { recursive: true });
        const restored = await openStore({ dataDir: copy }, silentLog);
        await assertWhole(restored, head).finally(() => restored.close());
      }
    });

    for (const [release, known] of [
      ['0.1.0', 1],
      ['0.2.0', 5],
    ] as const) {
      test(`a database that release ${release} left when it was killed is brought to this release, with all that is in it`, async () => {
        const location = await backend.location();
        const connection =
          'databaseUrl' in location
            ? await PostgresqlConnection.open(location.databaseUrl, silentLog)
            : await EmbeddedConnection.open(location.dataDir, silentLog);
        await connection.script(readFileSync(join(projectRoot, `tests/fixtures/store/${release}.sql`), 'utf8'));
        const { rows } = await connection.query<{ n: number; pacs: string }>({
          text: 'SELECT count(*)::int AS n, (SELECT min(pacs) FROM chest_ai.orthanc_cursor) AS pacs FROM chest_ai.migration',
        });
        assert.equal(rows[0]!.n, known, 'the fixture is of that release');
        if (release !== '0.1.0') await connection.script(readerStatements);
        await connection.script(
          "INSERT INTO chest_ai.study (study_instance_uid, orthanc_id, first_seen_at, last_seen_at, state, state_since) VALUES ('2.25.7', 'o7', now(), now(), 'parked', now())",
        );
        await connection.close();

        const store = await openStore(location, silentLog);
        try {
          const applied = await store.sql.query<{ id: number }>({ text: 'SELECT id FROM chest_ai.migration ORDER BY id' });
          assert.deepEqual(
            applied.rows.map(({ id }) => id),
            migrations.map(({ id }) => id).sort((a, b) => a - b),
          );
          assert.ok((await store.cursors.read(rows[0]!.pacs))!.lastSeq > 0);
          const { studyInstanceUID } = chestStudy('release reported');
          assert.equal((await store.studies.find(studyInstanceUID))?.state, 'done');
          assert.equal((await store.studies.find('2.25.7'))?.state, 'failed', 'release 0.2.0 called it parked');
          if (release !== '0.1.0') await assertReaderStatements(store);
          const [only, ...others] = await store.results.ofStudy(studyInstanceUID);
          assert.deepEqual(
            [only!.outcome, only!.isCurrent, only!.documents.some(({ kind }) => kind === 'text'), others.length],
            ['reported', true, true, 0],
          );
          // Nobody knows who has read it: it is listed, and does not wait.
          const listed = (await store.worklist.page({ order: 'urgency', overdueSince: new Date() })).rows;
          const shown = listed.find((one) => one.studyInstanceUID === studyInstanceUID)?.reading;
          assert.deepEqual([shown?.waits, shown?.readAt, shown?.urgency], [false, null, 0]);
          assert.ok(only!.findings.every(({ name, probability }) => name !== '' && probability > 0 && probability < 1));
          // A log of entries that were written before stays whole, and goes on.
          const entries = release === '0.1.0' ? 0 : 2;
          assert.deepEqual(
            [(await store.accounts.list()).length, (await verifyAudit(store.audit)).entries],
            [entries === 0 ? 0 : 1, entries],
          );
          await store.audit.append({ actor: 'service', action: 'service.start', outcome: 'intended' });
          assert.deepEqual([(await verifyAudit(store.audit)).intact, (await verifyAudit(store.audit)).entries], [true, entries + 1]);
          // What waited when that release was killed is done by this one.
          const jobs = await startJobs(store, silentLog);
          const done = new Set<string>();
          await jobs.work(intakeQueue, async ({ payload }) => void done.add(payload.pacsStudyId));
          await eventually('both are done', () => assert.equal(done.size, 2));
          assert.ok(!(await jobs.stats()).some(({ queue }) => intakeQueue.formerNames.includes(queue)), 'the former queue is removed');
          await jobs.stop();
        } finally {
          await store.close();
        }
      });
    }
  });
}
