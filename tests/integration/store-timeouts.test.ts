import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { PostgresqlConnection } from '../../src/store/postgresql.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { postgresMissing, startPostgres, type PrivatePostgres } from '../support/postgres.js';

describe('D21: a statement that takes too long', { skip: postgresMissing() }, () => {
  let postgres: PrivatePostgres;
  before(async () => void (postgres = await startPostgres()));
  after(() => postgres.stop());

  const running = async (connection: PostgresqlConnection): Promise<number> =>
    (
      await connection.query<{ n: number }>({
        text: `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`,
      })
    ).rows[0]!.n;

  test('D21: is ended by the server, in a transaction and alone; it is a fault that passes, and nothing waits for it', async () => {
    const connection = await PostgresqlConnection.open(await postgres.createDatabase(), silentLog, { statementTimeoutMs: 300 });
    try {
      const passes = isFault('database-unavailable', { retryable: true });
      await assert.rejects(connection.query({ text: 'SELECT pg_sleep(600)' }), passes);
      await assert.rejects(
        connection.transaction((transaction) => transaction.query({ text: 'SELECT pg_sleep(600)' })),
        passes,
      );
      await assert.rejects(connection.script('BEGIN; SELECT pg_sleep(600)'), passes);
      assert.equal(await running(connection), 0);
      const all = await Promise.all(
        Array.from({ length: 20 }, () =>
          connection.transaction((transaction) => transaction.query<{ one: number }>({ text: 'SELECT 1 AS one' })),
        ),
      );
      assert.ok(all.every(({ rows }) => rows[0]!.one === 1));
    } finally {
      await connection.close();
    }
  });

  test('D21: a connection that does not answer in time is closed, not given to the next caller', async () => {
    // As if the server were out of reach: it would go on for an hour.
    const connection = await PostgresqlConnection.open(await postgres.createDatabase(), silentLog, {
      statementTimeoutMs: 3_600_000,
      queryTimeoutMs: 1_000,
    });
    try {
      // More than the pool has: each would leave a busy connection behind.
      for (let round = 0; round < 2; round++) {
        const busy = await Promise.allSettled(
          Array.from({ length: 8 }, () => connection.transaction((transaction) => transaction.query({ text: 'SELECT pg_sleep(600)' }))),
        );
        for (const one of busy) assert.ok(one.status === 'rejected' && isFault('database-unavailable', { retryable: true })(one.reason));
      }
      await Promise.all(Array.from({ length: 16 }, () => connection.transaction((transaction) => transaction.query({ text: 'SELECT 1' }))));
      await eventually('the server has noticed', async () => {
        await connection.query({
          text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`,
        });
        assert.equal(await running(connection), 0);
      });
    } finally {
      await connection.close();
    }
  });
});
