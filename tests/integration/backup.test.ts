import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { verifyAudit } from '../../src/audit/verify.js';
import { projectRoot } from '../../src/config.js';
import { startJobs } from '../../src/jobs/jobs.js';
import { defineQueue } from '../../src/jobs/queue.js';
import { silentLog } from '../../src/log.js';
import { EmbeddedConnection } from '../../src/store/embedded.js';
import { migrations } from '../../src/store/migrations/all.js';
import { PostgresqlConnection } from '../../src/store/postgresql.js';
import { openStore, type Store } from '../../src/store/store.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { storeBackends } from '../support/store.js';

async function fill(store: Store): Promise<{ readonly seq: number; readonly hash: string }> {
  await store.cursors.advance('pacs', 99);
  await store.results.recordResult({ resultId: 'kept', studyInstanceUID: '2.25.1', outcome: 'reported', inputKey: 'k' });
  await store.accounts.add({ name: 'anna', origin: 'local', roles: ['reader'], passwordHash: 'x' });
  for (let n = 0; n < 20; n++) await store.audit.append({ actor: 'anna', action: 'study.view', subject: { studyInstanceUID: `2.25.${n}` } });
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

    test('a database that release 0.1.0 left is brought to this release, with all that is in it', async () => {
      const location = await backend.location();
      const connection = 'databaseUrl' in location ? await PostgresqlConnection.open(location.databaseUrl, silentLog) : await EmbeddedConnection.open(location.dataDir, silentLog);
      await connection.script(readFileSync(join(projectRoot, 'tests/fixtures/store/0.1.0.sql'), 'utf8'));
      const { rows } = await connection.query<{ n: number }>({ text: 'SELECT count(*)::int AS n FROM chest_ai.migration' });
      assert.equal(rows[0]!.n, 1, 'the fixture is of the first release');
      await connection.close();

      const store = await openStore(location, silentLog);
      try {
        const applied = await store.sql.query<{ id: number }>({ text: 'SELECT id FROM chest_ai.migration ORDER BY id' });
        assert.deepEqual(applied.rows.map(({ id }) => id), migrations.map(({ id }) => id).sort((a, b) => a - b));
        assert.equal((await store.cursors.read('http://orthanc:8042'))?.lastSeq, 4711);
        assert.equal((await store.studies.find('2.25.2'))?.state, 'queued');
        const current = await store.results.currentResult('2.25.1');
        assert.equal(current?.resultId, 'r1');
        assert.equal(current.findings[0]?.probability, 0.5);
        assert.equal((await store.results.ofStudy('2.25.1')).length, 2);
        assert.deepEqual((await store.deliveries.outstanding()).map((one) => [one.destination, one.attempts]), [['WS1', 3]]);
        await store.audit.append({ actor: 'service', action: 'service.start' });
        // The job that waited is done by this release.
        const jobs = await startJobs(store, silentLog);
        const done = new Promise<string>((resolve) => void jobs.work(defineQueue<{ pacsStudyId: string }>('settle-study'), async ({ payload }) => resolve(payload.pacsStudyId)));
        assert.equal(await done, 'c-d');
        await jobs.stop();
      } finally {
        await store.close();
      }
    });
  });
}
