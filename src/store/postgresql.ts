import pg from 'pg';
import type { Log } from '../log.js';
import { checkServer } from './check-server.js';
import { databaseFault } from './database-fault.js';
import type { Connection, Executor, QueryResult, Row, Statement } from './sql.js';

export interface PostgresqlOptions {
  /** The server ends a statement that takes longer; default 60 s. */
  readonly statementTimeoutMs?: number;
  /** A connection that does not answer for longer is given up; default 5 s more than the server allows. */
  readonly queryTimeoutMs?: number;
}

/** Enough for jobs, heartbeats and a few web requests of one process; 64 processes stay below 1000. */
const poolSize = 8;

/** A PostgreSQL server, shared by any number of processes. */
export class PostgresqlConnection implements Connection {
  readonly kind = 'postgresql';

  private constructor(
    readonly name: string,
    private readonly pool: pg.Pool,
  ) {}

  /** @throws Fault `database-unavailable`, `config-invalid` (refused credentials, no such database) */
  static async open(
    databaseUrl: string,
    log: Log,
    { statementTimeoutMs = 60_000, queryTimeoutMs = statementTimeoutMs + 5_000 }: PostgresqlOptions = {},
  ): Promise<PostgresqlConnection> {
    const pool = new pg.Pool({
      connectionString: databaseUrl,
      max: poolSize,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      // Idle connections do not prevent the end of a command's process.
      allowExitOnIdle: true,
      // The server itself ends what takes too long, so that the connection is free again and no lock stays.
      statement_timeout: statementTimeoutMs,
      // A server that vanished must not block a job for the hours until TCP notices.
      query_timeout: queryTimeoutMs,
      idle_in_transaction_session_timeout: 60_000,
      application_name: 'chest-ai',
    });
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    pool.on('error', (error) => log.warn('a database connection was lost', { reason: error.message }));
    const connection = new PostgresqlConnection(describe(databaseUrl), pool);
    try {
      const asked = "SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding";
      const { rows } = await connection.query<{ readonly version: string; readonly encoding: string }>({ text: asked });
      checkServer({ versionNumber: rows[0]!.version, encoding: rows[0]!.encoding });
    } catch (thrown) {
      await pool.end();
      throw thrown;
    }
    return connection;
  }

  query<R = Row>(statement: Statement): Promise<QueryResult<R>> {
    return faulted(ask<R>(this.pool, statement));
  }

  queryArrays(statement: Statement): Promise<QueryResult<unknown[]>> {
    return faulted(askArrays(this.pool, statement));
  }

  async script(text: string): Promise<void> {
    await this.#withClient(async (client) => {
      try {
        await client.query(text);
      } catch (thrown) {
        // A script may contain BEGIN: the pool would give the open transaction to the next caller.
        await rollBack(client, thrown);
        throw thrown;
      }
    });
  }

  transaction<T>(work: (transaction: Executor) => Promise<T>): Promise<T> {
    return this.#withClient(async (client) => {
      await client.query('BEGIN');
      try {
        const result = await work({
          query: <R>(statement: Statement) => ask<R>(client, statement),
          queryArrays: (statement) => askArrays(client, statement),
        });
        await client.query('COMMIT');
        return result;
      } catch (thrown) {
        await rollBack(client, thrown);
        throw thrown;
      }
    });
  }

  async close(): Promise<void> {
    if (!this.pool.ending) await this.pool.end();
  }

  async #withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let broken: Error | undefined;
    let busy = false;
    let client: pg.PoolClient | undefined;
    const onError = (error: Error) => (broken = error);
    try {
      client = await this.pool.connect();
      client.on('error', onError);
      return await work(client);
    } catch (thrown) {
      busy = isClientTimeout(thrown) || thrown instanceof RollbackFailed;
      throw databaseFault(broken ?? (thrown instanceof RollbackFailed ? thrown.cause : thrown));
    } finally {
      client?.off('error', onError);
      // A connection whose statement still runs, or whose transaction is still open, is closed: the next one would wait for it.
      client?.release(broken ?? busy);
    }
  }
}

/** The transaction could not be ended: `cause` is why it was to be. */
class RollbackFailed extends Error {}

/** @throws RollbackFailed with the reason as its cause */
async function rollBack(client: pg.PoolClient, reason: unknown): Promise<void> {
  // After a timeout on our side the statement still runs on the server: ROLLBACK would queue behind it.
  if (isClientTimeout(reason)) return;
  await client.query('ROLLBACK').catch(() => {
    throw new RollbackFailed('the transaction could not be rolled back', { cause: reason });
  });
}

/** node-postgres tells it by text only (8.23.1, lib/client.js); drivers above wrap it, so causes are followed. */
function isClientTimeout(thrown: unknown): boolean {
  for (let current = thrown, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    if (/query read timeout/i.test(current.message)) return true;
  }
  return false;
}

type Client = pg.Pool | pg.PoolClient;

async function ask<R>(client: Client, statement: Statement): Promise<QueryResult<R>> {
  const { rows } = await client.query({ text: statement.text, values: [...(statement.values ?? [])] });
  return { rows: rows as R[] };
}

async function askArrays(client: Client, statement: Statement): Promise<QueryResult<unknown[]>> {
  const { rows } = await client.query<unknown[]>({ text: statement.text, values: [...(statement.values ?? [])], rowMode: 'array' });
  return { rows };
}

async function faulted<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    throw databaseFault(thrown);
  }
}

/** Host and database without user and password. */
function describe(databaseUrl: string): string {
  try {
    const { host, pathname } = new URL(databaseUrl);
    return `${host || 'local socket'}${pathname}`;
  } catch {
    return 'postgresql';
  }
}
