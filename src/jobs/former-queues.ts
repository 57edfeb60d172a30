import type { Log } from '../log.js';
import type { Connection } from '../store/sql.js';
import { bossSchema } from './boss.js';

/**
 * Moves the jobs of queues that an earlier release named otherwise, in whatever state they are, and removes those queues. May be
 * repeated. An active job keeps its lease, so that it is taken over when that ends. Where the queue has a job of the same key and
 * state already, the newer one stays.
 */
export async function takeOverFormerQueues(connection: Connection, queue: string, formerNames: readonly string[], log: Log): Promise<void> {
  if (formerNames.length === 0) return;
  const moved = await connection.transaction(async (transaction) => {
    await transaction.query({ text: 'SELECT pg_advisory_xact_lock(hashtext($1))', values: [bossSchema] });
    const { rows: former } = await transaction.query({
      text: `SELECT name FROM ${bossSchema}.queue WHERE name = ANY($1::text[])`,
      values: [formerNames],
    });
    if (former.length === 0) return 0;
    await transaction.query({
      text: `DELETE FROM ${bossSchema}.job f USING ${bossSchema}.job j
        WHERE f.name = ANY($2::text[]) AND j.name = $1 AND j.state = f.state AND j.singleton_key = f.singleton_key`,
      values: [queue, formerNames],
    });
    // A queue may have had several names: of the jobs of one key and state that these have, the newest stays.
    await transaction.query({
      text: `DELETE FROM ${bossSchema}.job f USING ${bossSchema}.job g
        WHERE f.name = ANY($1::text[]) AND g.name = ANY($1::text[]) AND f.name <> g.name AND f.state = g.state
          AND f.singleton_key = g.singleton_key AND (f.created_on, f.id) < (g.created_on, g.id)`,
      values: [formerNames],
    });
    const { rows } = await transaction.query({
      text: `UPDATE ${bossSchema}.job SET name = $1 WHERE name = ANY($2::text[]) RETURNING id`,
      values: [queue, formerNames],
    });
    for (const name of formerNames)
      await transaction.query({
        text: `SELECT ${bossSchema}.delete_queue($1) WHERE EXISTS (SELECT 1 FROM ${bossSchema}.queue WHERE name = $1)`,
        values: [name],
      });
    return rows.length;
  });
  if (moved > 0) log.info('jobs of a queue that had another name in an earlier release are taken over', { queue, jobs: moved });
}
