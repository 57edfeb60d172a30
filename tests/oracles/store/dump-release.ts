import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { projectRoot } from '../../../src/config.js';
import { silentLog } from '../../../src/log.js';
import { PostgresqlConnection } from '../../../src/store/postgresql.js';
import { chestStudy } from '../../support/chest-study.js';
import { eventually } from '../../support/eventually.js';
import { temporaryDirectory, withOrthanc } from '../../support/orthanc.js';
import { startPostgres } from '../../support/postgres.js';
import { sendByCStore } from '../../support/send.js';
import { eventuallyOneResult, spawnService } from '../../support/service.js';

/*
 * Writes tests/fixtures/store/RELEASE.sql: the database as the program of that release leaves it when it is killed with one study
 * reported and the work on another begun, by pg_dump.
 *
 *   git archive COMMIT | tar -x -C CHECKOUT, its packages installed, compiled: 0.1.0 is commit 8e59ab7, 0.2.0 is 079f9ea
 *   node dist/tests/oracles/store/dump-release.js CHECKOUT RELEASE
 */
const [checkout, release] = process.argv.slice(2) as [string, string];
const postgres = await startPostgres();
try {
  const url = await postgres.createDatabase();
  await withOrthanc(async ({ orthanc, dicomWeb }) => {
    const service = await spawnService(orthanc, {
      program: resolve(checkout, 'dist/src/cli.js'),
      dataDir: temporaryDirectory('release'),
      environment: { DATABASE_URL: url, ENGINE: 'onnx-cpu' },
    });
    const connection = await PostgresqlConnection.open(url, silentLog);
    const reported = chestStudy('release reported');
    await sendByCStore(reported.files, orthanc);
    await eventuallyOneResult(dicomWeb, reported.studyInstanceUID, { timeoutMs: 120_000 });
    const jobs = async (): Promise<number> =>
      (
        await connection.query<{ n: number }>({
          text: `SELECT count(*)::int AS n FROM chest_ai_jobs.job WHERE state IN ('created', 'active')`,
        })
      ).rows[0]!.n;
    await eventually(
      'nothing is left to do',
      async () => {
        if ((await jobs()) > 0) throw new Error('there is');
      },
      { timeoutMs: 60_000 },
    );
    await sendByCStore(chestStudy('release waiting').files, orthanc);
    await eventually(
      'a job',
      async () => {
        if ((await jobs()) === 0) throw new Error('none');
      },
      { timeoutMs: 60_000, intervalMs: 5 },
    );
    await service.kill();
    await connection.close();
  });
  const dump = execFileSync('pg_dump', ['--inserts', '--no-owner', '--no-privileges', '--schema=chest_ai', '--schema=chest_ai_jobs', url], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  // Statements only: settings of the session, and what psql alone understands, stay out.
  const kept = dump.split('\n').filter((line) => !/^(SET |SELECT pg_catalog\.set_config|--|\\)/.test(line) && line.trim() !== '');
  writeFileSync(join(projectRoot, `tests/fixtures/store/${release}.sql`), `${kept.join('\n')}\n`);
} finally {
  await postgres.stop();
}
