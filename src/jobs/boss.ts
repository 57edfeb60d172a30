import PgBoss from 'pg-boss';
import type { Log } from '../log.js';
import type { Connection } from '../store/sql.js';

/** PostgreSQL schema of pg-boss: its own, so that its tables can be dropped without touching the index. */
export const bossSchema = 'chest_ai_jobs';

/**
 * pg-boss on our database. It makes the tables (and migrates them with its releases), the queues and the jobs.
 * Its policy `stately` gives the unique index that keeps one waiting and one active job for each key, whatever
 * any process does.
 *
 * Not used, and why (10.4.2): `fetch` gives nothing at all while the first job in line has an active twin, so one
 * long study would hold up all others; `work` polls twice a second at best and cannot run a batch side by side;
 * `fail` knows one delay for all faults, in whole seconds; `supervise` would archive parked jobs and give up waiting
 * ones after two weeks. Those four are in job-table.ts, on pg-boss's table.
 */
export async function startBoss(connection: Connection, log: Log): Promise<PgBoss> {
  const boss = new PgBoss({
    schema: bossSchema,
    supervise: false,
    schedule: false,
    db: {
      executeSql: async (text, values?: unknown[]) => {
        if (values?.length) return connection.query({ text, values });
        // Without values pg-boss may send several statements, but then never looks at rows; the one-statement
        // questions that it asks without values are these.
        if (/^\s*select\b/i.test(text)) return connection.query({ text });
        await connection.script(text);
        return { rows: [] };
      },
    },
  });
  boss.on('error', (error) => log.error('pg-boss', { reason: error.message }));
  await alone(connection, async () => {
    await boss.start();
    // In the order in which jobs are fetched: without it each fetch sorts the whole queue, half a second for 45,000 embedded jobs.
    await connection.query({
      text: `CREATE INDEX IF NOT EXISTS job_in_line ON ${bossSchema}.job (name, priority DESC, created_on, id) WHERE state = 'created'`,
    });
    await connection.query({
      text: `CREATE INDEX IF NOT EXISTS job_parked ON ${bossSchema}.job (name, singleton_key) WHERE state = 'failed'`,
    });
  });
  return boss;
}

/** Makes a queue unless it is there. One at a time: each holds a connection while it asks for another. */
export async function createQueue(boss: PgBoss, connection: Connection, queue: string): Promise<void> {
  await alone(connection, () => boss.createQueue(queue, { name: queue, policy: 'stately' }));
}

/**
 * Processes that start together make tables in turn. pg-boss takes a lock of its own, but asks whether its schema
 * is there before: the backend that has to wait remembers the "no" and fails (seen on PostgreSQL 15).
 */
async function alone(connection: Connection, work: () => Promise<void>): Promise<void> {
  if (connection.kind === 'embedded') return work();
  await connection.transaction(async (transaction) => {
    await transaction.query({ text: 'SELECT pg_advisory_xact_lock(hashtext($1))', values: [bossSchema] });
    await work();
  });
}
