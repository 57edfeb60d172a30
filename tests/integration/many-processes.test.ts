import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { openStore } from '../../src/store/store.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { postgresMissing, startPostgres, type PrivatePostgres } from '../support/postgres.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, eventuallyOneResult, spawnService, type SpawnedService } from '../support/service.js';

describe('several processes on one PostgreSQL', { skip: postgresMissing() }, () => {
  const running = new Set<SpawnedService>();
  let postgres: PrivatePostgres;
  let databaseUrl: string;
  // Before useOrthanc, which checks at its end that nothing is left running.
  after(async () => {
    for (const one of running) await one.kill();
    await postgres?.stop();
  });
  const pacs = useOrthanc();
  before(async () => {
    postgres = await startPostgres();
    databaseUrl = await postgres.createDatabase();
  });
  const start = async (roles: string): Promise<SpawnedService> => {
    const one = await spawnService(pacs.orthanc, { dataDir: temporaryDirectory('process'), environment: { DATABASE_URL: databaseUrl, ROLES: roles, ENGINE: 'onnx-cpu' } });
    running.add(one);
    return one;
  };
  const end = async (one: SpawnedService, how: 'kill' | 'end'): Promise<void> => {
    running.delete(one);
    await one[how]();
  };
  const urlOf = (one: SpawnedService): string => /orthanc-chest-ai: (\S+)/.exec(one.output())![1]!;
  const reportedBy = (one: SpawnedService): readonly string[] => [...one.output().matchAll(/study reported {2}study=(\S+)/g)].map((match) => match[1]!);

  test('two watchers do not duplicate; each worker takes its part; a killed worker loses nothing; workers come and go', { timeout: 240_000 }, async () => {
    const [watcher, secondWatcher, web, victim, worker] = await Promise.all(['watch', 'watch', 'web', 'work', 'work'].map(start)) as [SpawnedService, SpawnedService, SpawnedService, SpawnedService, SpawnedService];
    const studies = Array.from({ length: 12 }, (_, n) => chestStudy(`many ${n}`));
    await sendByCStore(studies.flatMap((one) => one.files), pacs.orthanc);
    await eventually('both workers have reported', () => assert.ok(reportedBy(victim).length > 0 && reportedBy(worker).length > 0), { timeoutMs: 90_000 });
    await end(victim, 'kill');
    const killedAt = Date.now();
    const doneByVictim = reportedBy(victim).length;
    // A new version comes in beside the old one, which then goes in order: a rolling change.
    const successor = await start('work');
    await end(worker, 'end');
    for (const { studyInstanceUID } of studies) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID, { timeoutMs: 90_000 });
    console.log(`of ${studies.length} studies the killed worker had done ${doneByVictim}, the one that went in order ${reportedBy(worker).length}, its successor ${reportedBy(successor).length}; all done ${((Date.now() - killedAt) / 1000).toFixed(1)} s after the kill`);
    assert.ok(Date.now() - killedAt < 90_000);

    const late = ['x', 'y'].map((name) => chestStudy(`many late ${name}`));
    await end(watcher, 'kill');
    await sendByCStore(late.flatMap((one) => one.files), pacs.orthanc);
    for (const { studyInstanceUID } of late) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID, { timeoutMs: 60_000 });

    for (const one of [secondWatcher, web]) assert.deepEqual(reportedBy(one), [], 'who only watches or serves does not report');
    const store = await openStore({ databaseUrl }, silentLog);
    try {
      for (const { studyInstanceUID } of [...studies, ...late]) {
        // One that was killed between storing and recording is found when its lease of 30 s ends.
        await eventually('it is recorded, once', async () => assert.equal((await store.results.ofStudy(studyInstanceUID)).length, 1, studyInstanceUID), { timeoutMs: 60_000 });
        await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID);
      }
      await eventually('no job is left', async () => {
        const { rows } = await store.sql.query<{ n: number }>({ text: `SELECT count(*)::int AS n FROM chest_ai_jobs.job WHERE state IN ('active', 'created', 'failed')` });
        assert.equal(rows[0]!.n, 0);
      }, { timeoutMs: 60_000 });
      assert.equal((await store.accounts.list()).length, 1, 'five starts made one first account');
    } finally {
      await store.close();
    }
    // Only the process that serves people has a login; health is told by all.
    assert.equal((await fetch(`${urlOf(web)}/login`)).status, 200);
    assert.equal((await fetch(`${urlOf(successor)}/health`)).status, 200);
    assert.equal((await fetch(`${urlOf(successor)}/api/results`)).status, 401);
  });
});
