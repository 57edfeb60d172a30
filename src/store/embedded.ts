import { chmodSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { asFault, Fault } from '../errors.js';
import type { Log } from '../log.js';
import { makeFolder } from '../lib/make-folder.js';
import { closeFolder } from '../lib/private-files.js';
import { databaseFault } from './database-fault.js';
import { lockDirectory, type DirectoryLock } from './directory-lock.js';
import { EmbeddedDatabaseDied, GuardedPGlite } from './guarded-pglite.js';
import type { Connection, Executor, QueryResult, Row, Statement } from './sql.js';

/**
 * PostgreSQL needs room for one more log segment (16 MB), or it aborts. Below this we do not even ask it to
 * write: an orderly "disk full" instead of a crash and a recovery.
 */
const reserveBytes = 24 * 1024 * 1024;
/** Single-user PostgreSQL has no checkpointer and no autovacuum: without these the log grows for ever. */
const upkeepIntervalMs = 5 * 60_000;
/** Autovacuum's own rule, a fifth of a table and more than a handful: a vacuum stops this process while it runs (1 s for 100,000 results). */
const tablesToVacuum = `SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables
  WHERE n_dead_tup > 1000 + n_live_tup / 5 OR n_mod_since_analyze > 1000 + n_live_tup / 5`;
/** PGlite answers within the queue of microtasks: without a pause a chain of statements would stop timers, requests and signals until its end. */
const turnEveryMs = 10;
/** Shared buffers of 128 MB, the default, only cost memory here: 300 MB against 175 MB for the process. */
const settings = ['shared_buffers=16MB', 'min_wal_size=32MB', 'max_wal_size=64MB'];

/** PostgreSQL as WASM in this process, files below `dataDir`/database. One process at a time. */
export class EmbeddedConnection implements Connection {
  readonly kind = 'embedded';
  #pglite: Promise<GuardedPGlite> | undefined;
  #closed = false;
  #wrote = false;
  #upkeep: NodeJS.Timeout | undefined;
  #lastTurn = performance.now();

  private constructor(
    readonly name: string,
    private readonly lock: DirectoryLock,
    private readonly log: Log,
  ) {}

  /** @throws Fault `config-invalid` (in use by another process, not writable), `disk-full`, `database-unavailable` */
  static async open(dataDir: string, log: Log): Promise<EmbeddedConnection> {
    const directory = join(dataDir, 'database');
    const lock = await prepare(dataDir, directory);
    const connection = new EmbeddedConnection(directory, lock, log);
    try {
      await connection.#instance();
    } catch (thrown) {
      lock.release();
      throw thrown;
    }
    connection.#upkeep = setInterval(() => {
      connection.keepUp().catch((thrown: unknown) => log.warn('maintenance of the embedded database failed', { reason: String(thrown) }));
    }, upkeepIntervalMs);
    connection.#upkeep.unref();
    return connection;
  }

  query<R = Row>(statement: Statement): Promise<QueryResult<R>> {
    return this.#run(!isReading(statement.text), (pglite) => pglite.query<R>(statement.text, [...(statement.values ?? [])]));
  }

  queryArrays(statement: Statement): Promise<QueryResult<unknown[]>> {
    return this.#run(!isReading(statement.text), (pglite) =>
      pglite.query<unknown[]>(statement.text, [...(statement.values ?? [])], { rowMode: 'array' }),
    );
  }

  async script(text: string): Promise<void> {
    // Inside a transaction even if the script brings its own BEGIN and COMMIT, which then only warn: if a statement
    // fails, nobody else's gets between it and the ROLLBACK.
    await this.#run(true, (pglite) => pglite.transaction((transaction) => transaction.exec(text)));
  }

  transaction<T>(work: (transaction: Executor) => Promise<T>): Promise<T> {
    return this.#run(true, (pglite) =>
      pglite.transaction((transaction) =>
        work({
          query: <R>(statement: Statement) => transaction.query<R>(statement.text, [...(statement.values ?? [])]),
          queryArrays: (statement) => transaction.query<unknown[]>(statement.text, [...(statement.values ?? [])], { rowMode: 'array' }),
        }),
      ),
    );
  }

  /** Shortens what recovery after a kill has to replay, and clears dead rows where there are many. */
  async keepUp(): Promise<void> {
    if (!this.#wrote || this.#closed) return;
    const { rows } = await this.query<{ name: string }>({ text: tablesToVacuum });
    // One statement at a time: between two of them the process gets to its other work.
    for (const { name } of rows) for (const what of ['VACUUM', 'ANALYZE']) await this.query({ text: `${what} ${name}` });
    await this.query({ text: 'CHECKPOINT' });
    this.#wrote = false;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#upkeep);
    const pglite = await this.#pglite?.catch(() => undefined);
    if (pglite && !pglite.dead) await pglite.close();
    this.lock.release();
  }

  async #run<T>(writes: boolean, ask: (pglite: GuardedPGlite) => Promise<T>): Promise<T> {
    const pglite = await this.#instance();
    if (writes) {
      this.#refuseWhenFull();
      this.#wrote = true;
    }
    try {
      const answer = await ask(pglite);
      await this.#letOthersWork();
      return answer;
    } catch (thrown) {
      if (!pglite.dead && !(thrown instanceof EmbeddedDatabaseDied)) throw databaseFault(thrown);
      this.#refuseWhenFull();
      throw new Fault('database-unavailable', 'the embedded database has stopped and starts again', {}, { cause: thrown });
    }
  }

  async #letOthersWork(): Promise<void> {
    if (performance.now() - this.#lastTurn < turnEveryMs) return;
    await nextTurn();
    this.#lastTurn = performance.now();
  }

  /**
   * The running database; started again if it has died. At most one is started at a time: two on one directory would destroy it.
   * A failed start is tried again by the next caller.
   */
  async #instance(): Promise<GuardedPGlite> {
    for (;;) {
      if (this.#closed) throw new Fault('database-unavailable', 'the database is closed');
      const awaited = this.#pglite;
      const current = await awaited;
      if (current && !current.dead) return current;
      // Another caller that waited for the same one has started a new one meanwhile: that one counts.
      if (this.#closed || this.#pglite !== awaited) continue;
      if (current) this.log.warn('the embedded database has stopped; starting it again', { directory: this.name });
      const starting = this.#start();
      this.#pglite = starting;
      // All waiting callers get the failure; the next caller gets a new attempt.
      starting.catch(() => {
        if (this.#pglite === starting) this.#pglite = undefined;
      });
      return starting;
    }
  }

  async #start(): Promise<GuardedPGlite> {
    this.#refuseWhenFull();
    const pglite = new GuardedPGlite(this.name, {
      startParams: [...GuardedPGlite.defaultStartParams, ...settings.flatMap((setting) => ['-c', setting])],
    });
    try {
      await pglite.waitReady;
      pglite.createPrivateFilesOnly();
      closeFolder(this.name);
      return pglite;
    } catch (thrown) {
      // One that has started and is of no use must not go on beside the next.
      if (pglite.ready && !pglite.dead) await pglite.close().catch(() => undefined);
      this.#refuseWhenFull();
      await sleep(1_000);
      const detail = `the embedded database does not start (${String(thrown)}); if this stays, restore DATA_DIR from a backup. Without one, remove the directory and run chest-ai rebuild: that recreates the results, but accounts, tokens and the audit log are lost`;
      throw new Fault('database-unavailable', detail, { source: this.name }, { cause: thrown });
    }
  }

  #refuseWhenFull(): void {
    const { bavail, bsize } = statfsSync(this.name);
    if (bavail * bsize >= reserveBytes) return;
    throw new Fault(
      'disk-full',
      `${Math.floor((bavail * bsize) / 1e6)} MB are free, the embedded database needs ${reserveBytes / 1024 / 1024} MB`,
      { source: this.name },
    );
  }
}

/** Reading needs no room on disk, so results can be shown while it is full. */
function isReading(text: string): boolean {
  return /^\s*(select|show|explain)\b/i.test(text);
}

async function prepare(dataDir: string, directory: string): Promise<DirectoryLock> {
  try {
    makeFolder(directory, 0o700);
    // While the database is created, its files have other modes: meanwhile the mode of the folder excludes other accounts.
    chmodSync(directory, 0o700);
    return await lockDirectory(join(dataDir, 'database.lock'));
  } catch (thrown) {
    throw asFault(thrown, 'config-invalid', { source: dataDir });
  }
}
