/** One row as the driver gives it. */
export type Row = Record<string, unknown>;

/** One SQL statement with numbered parameters; rows as objects, or as arrays in column order. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

export interface QueryResult<R> {
  readonly rows: R[];
}

/** What a transaction can do; also what a connection can do outside of one. */
export interface Executor {
  /** Rows as objects. */
  query<R = Row>(statement: Statement): Promise<QueryResult<R>>;
  /** Rows as arrays in column order, as drizzle wants them. */
  queryArrays(statement: Statement): Promise<QueryResult<unknown[]>>;
}

/**
 * A database, embedded or on a server. Everything above it speaks SQL through this interface alone, so the
 * same statements run on both, and everything that passes through is mapped to Faults in one place.
 */
export interface Connection extends Executor {
  readonly kind: 'embedded' | 'postgresql';
  /** Whether the statements go to the service, whose process has the embedded database. */
  readonly isForwarded?: boolean;
  /** For log lines: a directory, or host and database; never a password. */
  readonly name: string;
  /** Several statements in one go (migrations, pg-boss); rolled back if one fails. */
  script(text: string): Promise<void>;
  /**
   * @param work must use the executor that it is given: the embedded database has one connection only, and
   *   asking the store inside a transaction would wait for ever
   */
  transaction<T>(work: (transaction: Executor) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
