import type { Log } from '../log.js';
import { cursorsIn, type Cursors } from './cursors.js';
import { openDatabase } from './database.js';
import { deliveriesIn, type Deliveries } from './deliveries.js';
import { EmbeddedConnection } from './embedded.js';
import { migrate } from './migrate.js';
import { PostgresqlConnection } from './postgresql.js';
import { resultsIn, type Results } from './results.js';
import type { Connection } from './sql.js';
import { studiesIn, type Studies } from './studies.js';

/** Where the index lives: files below a folder, or a PostgreSQL server. */
export type StoreLocation = { readonly dataDir: string } | { readonly databaseUrl: string };

/** The index over the PACS. It can be deleted and made again from Orthanc; only the queue of jobs is more than an index. */
export interface Store {
  readonly kind: Connection['kind'];
  /** For log lines: a directory, or host and database. */
  readonly name: string;
  readonly cursors: Cursors;
  readonly studies: Studies;
  readonly results: Results;
  readonly deliveries: Deliveries;
  /** Plain SQL on the same database, for the job queues. */
  readonly sql: Connection;
  close(): Promise<void>;
}

/**
 * Opens the database and brings it to this release's schema.
 *
 * @throws Fault `config-invalid` (held by another process, refused by the server, written by a later release),
 *   `database-unavailable`, `disk-full`
 */
export async function openStore(location: StoreLocation, log: Log): Promise<Store> {
  const connection =
    'databaseUrl' in location ? await PostgresqlConnection.open(location.databaseUrl, log) : await EmbeddedConnection.open(location.dataDir, log);
  try {
    await migrate(connection, log);
  } catch (thrown) {
    await connection.close();
    throw thrown;
  }
  const database = openDatabase(connection);
  return {
    kind: connection.kind,
    name: connection.name,
    cursors: cursorsIn(database),
    studies: studiesIn(database),
    results: resultsIn(database),
    deliveries: deliveriesIn(database),
    sql: connection,
    close: () => connection.close(),
  };
}
