import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../../src/log.js';
import { PostgresqlConnection } from '../../../src/store/postgresql.js';
import { chestStudy } from '../../support/chest-study.js';
import { temporaryDirectory, withOrthanc } from '../../support/orthanc.js';
import { startPostgres } from '../../support/postgres.js';
import { sendByCStore } from '../../support/send.js';
import { eventuallyOneResult, spawnService, type SpawnedService } from '../../support/service.js';

/*
 * Two processes of an earlier release on one PostgreSQL are replaced by this one, one after the other, while studies arrive:
 * each study has one current result then, each of the PACS's studies one report, and no job has failed.
 *
 *   git archive COMMIT | tar -x -C CHECKOUT, its packages installed, compiled: 0.2.0 is commit 079f9ea
 *   node dist/tests/oracles/store/rolling-upgrade.js CHECKOUT [STUDIES]
 */
const [checkout, count = '60'] = process.argv.slice(2) as [string, string?];
const studies = Array.from({ length: Number(count) }, (_, index) => chestStudy(`rolling upgrade ${index}`));
const postgres = await startPostgres();
const processes: (SpawnedService & { readonly release: string })[] = [];
try {
  const url = await postgres.createDatabase();
  await withOrthanc(async ({ orthanc, dicomWeb }) => {
    const folders = [temporaryDirectory('rolling-a'), temporaryDirectory('rolling-b')] as const;
    const start = async (dataDir: string, program?: string): Promise<SpawnedService> => {
      const one = await spawnService(orthanc, {
        dataDir,
        // The models of former releases are read by this one, not the other way round.
        environment: { DATABASE_URL: url, ENGINE: 'onnx-cpu', ...(program ? { MODEL_DIR: resolve(checkout, 'models/starter') } : {}) },
        ...(program ? { program } : {}),
      });
      processes.push({ ...one, release: program ? 'former' : 'present' });
      return one;
    };
    const former = resolve(checkout, 'dist/src/cli.js');
    const [first, second] = [await start(folders[0], former), await start(folders[1], former)];
    console.log('two processes of the former release run');

    let sent = 0;
    const sending = (async () => {
      for (const { files } of studies) {
        await sendByCStore(files, orthanc);
        sent++;
        await sleep(500);
      }
    })();
    const until = async (share: number): Promise<void> => {
      while (sent < studies.length * share) await sleep(50);
    };
    await until(0.25);
    await first.end();
    await start(folders[0]);
    console.log(`the first is replaced, after ${sent} studies`);
    await until(0.6);
    await second.end();
    await start(folders[1]);
    console.log(`the second is replaced, after ${sent} studies`);
    await sending;

    for (const { studyInstanceUID } of studies) await eventuallyOneResult(dicomWeb, studyInstanceUID, { timeoutMs: 120_000 });
    const connection = await PostgresqlConnection.open(url, silentLog);
    const { rows } = await connection.query<{ study: string; outcome: string; current: number }>({
      text: `SELECT study_instance_uid AS study, min(outcome) AS outcome, count(*)::int AS current FROM chest_ai.result WHERE is_current GROUP BY 1`,
    });
    assert.deepEqual([rows.length, rows.filter(({ current, outcome }) => current !== 1 || outcome !== 'reported')], [studies.length, []]);
    const failed = await connection.query<{ n: number }>({
      text: `SELECT count(*)::int AS n FROM chest_ai_jobs.job WHERE state = 'failed'`,
    });
    await connection.close();
    const errors = processes.flatMap(({ release, output }) =>
      output()
        .split('\n')
        .filter((line) => / error /.test(line))
        .map((line) => `${release}: ${line}`),
    );
    console.log(
      `${studies.length} studies, each with one current result; ${failed.rows[0]!.n} failed jobs, ${errors.length} errors in the logs`,
    );
    for (const line of errors) console.log(line.slice(0, 300));
    if (failed.rows[0]!.n > 0) process.exitCode = 1;
  });
} finally {
  for (const one of processes) await one.kill();
  await postgres.stop();
}
