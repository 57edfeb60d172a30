import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { registryOfStore } from '../../src/service/open-registry.js';
import { openStore } from '../../src/store/store.js';
import { changedStarter } from '../support/changed-starter.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { postgresMissing, startPostgres, type PrivatePostgres } from '../support/postgres.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, eventuallyOneResult, spawnService, type SpawnedService } from '../support/service.js';
import { limitHere } from '../support/machine-speed.js';

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
  const start = async (roles: string, dataDir = temporaryDirectory('process')): Promise<SpawnedService> => {
    const one = await spawnService(pacs.orthanc, { dataDir, environment: { DATABASE_URL: databaseUrl, ROLES: roles, ENGINE: 'onnx-cpu' } });
    running.add(one);
    return one;
  };
  const end = async (one: SpawnedService, how: 'kill' | 'end'): Promise<void> => {
    running.delete(one);
    await one[how]();
  };
  const urlOf = (one: SpawnedService): string => /orthanc-chest-ai: (\S+)/.exec(one.output())![1]!;
  const reportedBy = (one: SpawnedService): readonly string[] =>
    [...one.output().matchAll(/study reported {2}study=(\S+)/g)].map((match) => match[1]!);

  test('two watchers do not duplicate; each worker takes its part; a killed worker loses nothing; workers come and go', {
    timeout: 240_000,
  }, async () => {
    const [watcher, secondWatcher, web, victim, worker] = (await Promise.all(
      ['watch', 'watch', 'web', 'work', 'work'].map((roles) => start(roles)),
    )) as [SpawnedService, SpawnedService, SpawnedService, SpawnedService, SpawnedService];
    const studies = Array.from({ length: 12 }, (_, n) => chestStudy(`many ${n}`));
    await sendByCStore(
      studies.flatMap((one) => one.files),
      pacs.orthanc,
    );
    await eventually('both workers have reported', () => assert.ok(reportedBy(victim).length > 0 && reportedBy(worker).length > 0), {
      timeoutMs: 90_000,
    });
    await end(victim, 'kill');
    const killedAt = Date.now();
    const actorOfVictim = reportedBy(victim).length;
    // A new version comes in beside the old one, which then goes in order: a rolling change.
    const successor = await start('work');
    await end(worker, 'end');
    for (const { studyInstanceUID } of studies) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID, { timeoutMs: 90_000 });
    console.log(
      `of ${studies.length} studies the killed worker had done ${actorOfVictim}, the one that went in order ${reportedBy(worker).length}, its successor ${reportedBy(successor).length}; all done ${((Date.now() - killedAt) / 1000).toFixed(1)} s after the kill`,
    );
    assert.ok(Date.now() - killedAt < limitHere(90_000));

    const late = ['x', 'y'].map((name) => chestStudy(`many late ${name}`));
    await end(watcher, 'kill');
    await sendByCStore(
      late.flatMap((one) => one.files),
      pacs.orthanc,
    );
    for (const { studyInstanceUID } of late) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID, { timeoutMs: 60_000 });

    for (const one of [secondWatcher, web]) assert.deepEqual(reportedBy(one), [], 'who only watches or serves does not report');
    const store = await openStore({ databaseUrl }, silentLog);
    try {
      for (const { studyInstanceUID } of [...studies, ...late]) {
        // One that was killed between storing and recording is found when its lease of 30 s ends.
        await eventually(
          'it is recorded, once',
          async () => assert.equal((await store.results.ofStudy(studyInstanceUID)).length, 1, studyInstanceUID),
          { timeoutMs: 60_000 },
        );
        await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID);
      }
      await eventually(
        'no job is left',
        async () => {
          const { rows } = await store.sql.query<{ n: number }>({
            text: `SELECT count(*)::int AS n FROM chest_ai_jobs.job WHERE state IN ('active', 'created', 'failed')`,
          });
          assert.equal(rows[0]!.n, 0);
        },
        { timeoutMs: 60_000 },
      );
      assert.equal((await store.accounts.list()).length, 1, 'five starts made one first account');
    } finally {
      await store.close();
    }
    // Only the process that serves people has a login; health is told by all.
    assert.equal((await fetch(`${urlOf(web)}/login`)).status, 200);
    assert.equal((await fetch(`${urlOf(successor)}/health`)).status, 200);
    assert.equal((await fetch(`${urlOf(successor)}/api/results`)).status, 401);
  });

  test('H2: a model promoted while studies flow is taken up by every worker, each with a DATA_DIR of its own, and so is a rollback; no study is lost or reported twice', {
    timeout: 240_000,
  }, async () => {
    for (const one of [...running]) await end(one, 'end');
    const workers = await Promise.all(['watch,work', 'work'].map((roles) => start(roles)));
    // As the page, the command line or a training process of another machine does it.
    const own = await openStore({ databaseUrl }, silentLog);
    const registry = registryOfStore({ dataDir: temporaryDirectory('promoter') }, own);
    const starter = await registry.load((await registry.aliases())!.champion);
    const second = await registry.add(changedStarter(starter, '2026-11-24'));
    const studies = Array.from({ length: 16 }, (_, n) => chestStudy(`rolling ${n}`));
    await sendByCStore(
      studies.slice(0, 8).flatMap((one) => one.files),
      pacs.orthanc,
    );
    await eventually('each worker has reported', () => assert.ok(workers.every((one) => reportedBy(one).length > 0)), {
      timeoutMs: 90_000,
    });
    const flowing = sendByCStore(
      studies.slice(8, 12).flatMap((one) => one.files),
      pacs.orthanc,
    );
    await registry.promote(second.version, { by: 'test', why: 'test', at: new Date() }, starter.version);
    await flowing;
    // A fast machine reports twelve studies before a worker has seen the promotion.
    await eventually(
      'both workers have the new model',
      () => assert.ok(workers.every((one) => one.output().includes(`before=${starter.version}`))),
      {
        timeoutMs: 60_000,
      },
    );
    await sendByCStore(
      studies.slice(12).flatMap((one) => one.files),
      pacs.orthanc,
    );
    const devices: string[] = [];
    for (const { studyInstanceUID } of studies) {
      const { report } = await eventually('one current result', () => assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID), {
        timeoutMs: 90_000,
      });
      devices.push(report.algorithm.deviceUID);
    }
    const store = await openStore({ databaseUrl }, silentLog);
    try {
      for (const { studyInstanceUID } of studies)
        await eventually('recorded once', async () => assert.equal((await store.results.ofStudy(studyInstanceUID)).length, 1), {
          timeoutMs: 60_000,
        });
    } finally {
      await store.close();
    }
    const by = (deviceUID: string): number => devices.filter((one) => one === deviceUID).length;
    console.log(`${by(starter.deviceUID)} of ${studies.length} studies by the first model, ${by(second.deviceUID)} by the second`);
    assert.ok(by(starter.deviceUID) > 0 && by(second.deviceUID) > 0 && by(starter.deviceUID) + by(second.deviceUID) === studies.length);
    const late = chestStudy('rolling, late');
    await sendByCStore(late.files, pacs.orthanc);
    assert.equal((await eventuallyOneResult(pacs.dicomWeb, late.studyInstanceUID)).report.algorithm.deviceUID, second.deviceUID);
    await registry.rollback({ by: 'test', why: 'test', at: new Date() });
    await own.close();
    await eventually('both workers are back', () => assert.ok(workers.every((one) => one.output().includes(`before=${second.version}`))), {
      timeoutMs: 60_000,
    });
    const after = chestStudy('rolling, after');
    await sendByCStore(after.files, pacs.orthanc);
    assert.equal((await eventuallyOneResult(pacs.dicomWeb, after.studyInstanceUID)).report.algorithm.deviceUID, starter.deviceUID);
  });
});
