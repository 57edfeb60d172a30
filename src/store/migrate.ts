import { createHash } from 'node:crypto';
import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import { migrations as all, type Migration } from './migrations/all.js';
import type { Connection } from './sql.js';

/** A number that no other program on the same database uses. */
const advisoryLock = 0x0c4e57a1;

/**
 * Brings the database to this program's schema, in one transaction: all or nothing. If two processes start
 * together, an advisory lock makes the second one wait; it then has nothing left to do.
 *
 * @throws Fault `config-invalid` if the database was written by a later release
 */
export async function migrate(connection: Connection, log: Log, migrations: readonly Migration[] = all): Promise<void> {
  const applied = await connection.transaction(async (transaction) => {
    await transaction.query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [advisoryLock] });
    await transaction.query({ text: 'CREATE SCHEMA IF NOT EXISTS chest_ai' });
    await transaction.query({
      text: `CREATE TABLE IF NOT EXISTS chest_ai.migration (
        id integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
    });
    const { rows } = await transaction.query<{ id: number; sha256: string }>({
      text: 'SELECT id, sha256 FROM chest_ai.migration ORDER BY id',
    });
    checkRecorded(rows, migrations, connection.name);
    const missing = migrations.filter((migration) => !rows.some(({ id }) => id === migration.id));
    for (const migration of missing) {
      for (const text of statements(migration.sql)) await transaction.query({ text });
      await transaction.query({
        text: 'INSERT INTO chest_ai.migration (id, name, sha256) VALUES ($1, $2, $3)',
        values: [migration.id, migration.name, sha256(migration)],
      });
    }
    return missing;
  });
  for (const { id, name } of applied) log.info('database migrated', { migration: id, name });
}

/**
 * For a command beside the service: the database of a running service is never changed to another release's schema.
 *
 * @throws Fault `config-invalid` if the service is of another release
 */
export async function checkSchema(connection: Connection, migrations: readonly Migration[] = all): Promise<void> {
  const { rows } = await connection.query<{ id: number; sha256: string }>({
    text: 'SELECT id, sha256 FROM chest_ai.migration ORDER BY id',
  });
  checkRecorded(rows, migrations, connection.name);
  if (migrations.some(({ id }) => !rows.some((row) => row.id === id)))
    throw new Fault('config-invalid', 'the running service is of an earlier release than this command: restart the service first', {
      source: connection.name,
    });
}

function checkRecorded(rows: readonly { id: number; sha256: string }[], migrations: readonly Migration[], database: string): void {
  for (const row of rows) {
    const known = migrations.find(({ id }) => id === row.id);
    if (!known)
      throw new Fault(
        'config-invalid',
        `the database has migration ${row.id}, which this release does not know: it was written by a later release`,
        { source: database },
      );
    if (sha256(known) !== row.sha256) throw new Error(`migration ${row.id} was changed after it had been applied to ${database}`);
  }
}

function sha256(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}

/** Migrations hold plain statements; one with a function body would need more than this. */
function statements(sql: string): string[] {
  return sql
    .split(/;\s*$/m)
    .map((text) => text.trim())
    .filter(Boolean);
}
