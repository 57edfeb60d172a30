import PgBoss from 'pg-boss';
import type { Log } from '../log.js';
import type { Connection } from '../store/sql.js';

/** PostgreSQL schema of pg-boss: its own, so that its tables can be dropped without touching the index. */
export const bossSchema = 'chest_ai_jobs';

/**
 * pg-boss on our database. It creates the tables, the queues and the jobs. Its policy `stately` has a unique index
 * that allows one waiting and one active job for each key.
 *
 * Four of its functions are replaced by job-table.ts, on pg-boss's table (10.4.2): `fetch` returns nothing while the first
 * waiting job has an active job of the same key, so that one long study would delay all others; `work` polls twice a second at
 * most and does not run a batch concurrently; `fail` has one delay for all faults, in whole seconds; `supervise` archives failed
 * jobs and discards waiting ones after two weeks. docs/decisions/0005-job-queue.md says why this is not pg-boss 12.
 */
export async function startBoss(connection: Connection, log: Log): Promise<PgBoss> {
  const boss = new PgBoss({
    schema: bossSchema,
    supervise: false,
    schedule: false,
    db: {
      executeSql: async (text, values?: unknown[]) => {
        if (values?.length) return connection.query({ text, values });
        // Without values pg-boss may send several statements, of which it reads no rows. Where it reads rows, it sends one SELECT.
        if (/^\s*select\b/i.test(text)) return connection.query({ text });
        await connection.script(text);
        return { rows: [] };
      },
    },
  });
  boss.on('error', (error) => log.error('pg-boss', { reason: error.message }));
  await exclusively(connection, async () => {
    await boss.start();
    // In the order in which jobs are fetched: without it each fetch sorts the whole queue, 0.5 s for 45,000 jobs of the embedded database.
    await connection.query({
      text: `CREATE INDEX IF NOT EXISTS job_in_line ON ${bossSchema}.job (name, priority DESC, created_on, id) WHERE state = 'created'`,
    });
    await connection.query({
      text: `CREATE INDEX IF NOT EXISTS job_failed ON ${bossSchema}.job (name, singleton_key) WHERE state = 'failed'`,
    });
    // Its name in releases up to 0.2.0.
    await connection.query({ text: `DROP INDEX IF EXISTS ${bossSchema}.job_parked` });
  });
  return boss;
}

/** Creates a queue unless it exists. One call at a time: each has a connection while it waits for another. */
export async function createQueue(boss: PgBoss, connection: Connection, queue: string): Promise<void> {
  await exclusively(connection, () => boss.createQueue(queue, { name: queue, policy: 'stately' }));
}

/**
 * Processes that start together create the tables one after the other. pg-boss has a lock of its own, but checks for its schema
 * before it takes the lock: the backend that had to wait still believes that there is none and fails (seen on PostgreSQL 15).
 */
async function exclusively(connection: Connection, work: () => Promise<void>): Promise<void> {
  if (connection.kind === 'embedded') return work();
  await connection.transaction(async (transaction) => {
    await transaction.query({ text: 'SELECT pg_advisory_xact_lock(hashtext($1))', values: [bossSchema] });
    await work();
  });
}
