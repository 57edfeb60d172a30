import { drizzle, type PgRemoteDatabase } from './drizzle.js';
import { databaseFault, isSerializationFailure } from './database-fault.js';
import type { Connection, Executor } from './sql.js';

/** Typed SQL. One type for both databases and inside transactions: drizzle's proxy driver over our Executor. */
export type Tables = PgRemoteDatabase;

/**
 * The interface of the repositories. drizzle wraps every error in one that quotes the statement and its values;
 * here the Fault inside is thrown.
 */
export interface Database {
  run<T>(work: (tables: Tables) => Promise<T>): Promise<T>;
  /** All or nothing; repeated when two transactions got in each other's way. Use only the given tables inside. */
  transaction<T>(work: (tables: Tables) => Promise<T>): Promise<T>;
}

const attempts = 5;

export function openDatabase(connection: Connection): Database {
  const tables = tablesOver(connection);
  return {
    async run(work) {
      try {
        return await work(tables);
      } catch (thrown) {
        throw databaseFault(thrown);
      }
    },
    async transaction(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await connection.transaction((executor) => work(tablesOver(executor)));
        } catch (thrown) {
          if (attempt < attempts && isSerializationFailure(thrown)) continue;
          throw databaseFault(thrown);
        }
      }
    },
  };
}

function tablesOver(executor: Executor): Tables {
  return drizzle((text, values: readonly unknown[], method) =>
    method === 'all' ? executor.queryArrays({ text, values }) : executor.query({ text, values }),
  );
}
