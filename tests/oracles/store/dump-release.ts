import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../src/config.js';
import { startJobs } from '../../../src/jobs/jobs.js';
import { defineQueue } from '../../../src/jobs/queue.js';
import { silentLog } from '../../../src/log.js';
import { migrate } from '../../../src/store/migrate.js';
import { index0001 } from '../../../src/store/migrations/0001-index.js';
import { PostgresqlConnection } from '../../../src/store/postgresql.js';
import { startPostgres } from '../../support/postgres.js';

/*
 * Writes tests/fixtures/store/0.1.0.sql: the database as release 0.1.0 leaves it, two studies and one job in it, by pg_dump.
 * node dist/tests/oracles/store/dump-release.js
 */
const postgres = await startPostgres();
try {
  const url = await postgres.createDatabase();
  const connection = await PostgresqlConnection.open(url, silentLog);
  await migrate(connection, silentLog, [index0001]);
  await connection.script(`
INSERT INTO chest_ai.orthanc_cursor VALUES ('http://orthanc:8042', 4711, '2026-01-02T03:04:05Z');
INSERT INTO chest_ai.study VALUES ('2.25.1', 'a-b', '2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z', 'CR1', 'PACS', 'done', '2026-01-02T03:04:07Z', 'key');
INSERT INTO chest_ai.study VALUES ('2.25.2', 'c-d', '2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z', NULL, NULL, 'queued', '2026-01-02T03:04:07Z', NULL);
INSERT INTO chest_ai.result VALUES ('r0', '2.25.1', '2026-01-02T03:04:07Z', 'failed', 'pixels-unreadable', 'x', 'chest', 0, 'm', 'onnx-cpu', 'k', '[]', '[]', NULL, false, '{}');
INSERT INTO chest_ai.result VALUES ('r1', '2.25.1', '2026-01-02T03:04:08Z', 'reported', NULL, NULL, 'chest', 0, 'm', 'onnx-cpu', 'k', '[{"name":"pneumonia","code":"233604007","scheme":"SCT","meaning":"Pneumonia","probability":0.5,"decision":"undetermined"}]', '[{"sopInstanceUID":"2.25.8","seriesInstanceUID":"2.25.9","kind":"text"}]', 'r0', true, '{"infer":5}');
INSERT INTO chest_ai.delivery VALUES ('r1', 'WS1', 'modality', 'failing', 3, 'destination-unavailable', NULL);`);
  const store = { sql: connection, kind: 'postgresql' } as unknown as Parameters<typeof startJobs>[0];
  const jobs = await startJobs(store, silentLog);
  await jobs.send(defineQueue<{ pacsStudyId: string }>('settle-study'), { pacsStudyId: 'c-d' }, { key: 'c-d' });
  await jobs.stop();
  await connection.close();
  const dump = execFileSync('pg_dump', ['--inserts', '--no-owner', '--no-privileges', '--schema=chest_ai', '--schema=chest_ai_jobs', url], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  // Statements only: settings of the session, and what psql alone understands, stay out.
  const kept = dump.split('\n').filter((line) => !/^(SET |SELECT pg_catalog\.set_config|--|\\)/.test(line) && line.trim() !== '');
  writeFileSync(join(projectRoot, 'tests/fixtures/store/0.1.0.sql'), `${kept.join('\n')}\n`);
} finally {
  await postgres.stop();
}
