import { Fault } from '../errors.js';

/** Where SQLSTATE and errno stand on what drivers throw; drizzle wraps it, so causes are followed. */
interface CodedError extends Error {
  readonly code?: unknown;
}

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'ENOENT',
]);
/** node-postgres reports these by text only. */
const networkTexts =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|cannot use a pool after calling end|connection ended|query read timeout/i;
/** Class 08 connection; 57P01–57P05 shutdown, crash, starting up; 57014 ended by statement_timeout; 53300 too many clients; 25006 read-only standby after a fail-over. */
const unavailableStates = /^(08...|57P0[1-5]|57014|53300|25006|58030)$/;
/** 53100 disk full. 58P01/XX000 with this text come from PostgreSQL when a file cannot grow. */
const diskFullText = /no space left on device|disk quota exceeded/i;

/**
 * Turns what a database driver threw into a Fault where the cause is outside of us: the disk, the network,
 * the server. A wrong statement or a broken constraint is a bug and comes back as it was.
 */
export function databaseFault(thrown: unknown): unknown {
  for (let current = thrown, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    if (current instanceof Fault) return current;
    const code = sqlState(current);
    if (code === '53100' || code === 'ENOSPC' || code === 'EDQUOT' || diskFullText.test(current.message)) {
      return new Fault('disk-full', `the database cannot write: ${current.message}`, {}, { cause: thrown });
    }
    if (networkCodes.has(code) || unavailableStates.test(code) || networkTexts.test(current.message)) {
      return new Fault('database-unavailable', current.message, {}, { cause: thrown });
    }
    if (code === '28P01' || code === '28000' || code === '3D000') {
      return new Fault('config-invalid', `DATABASE_URL is refused by the server: ${current.message}`, {}, { cause: thrown });
    }
  }
  return thrown;
}

/** SQLSTATE of a PostgreSQL error, or errno of a system error; empty if there is none. */
function sqlState(thrown: unknown): string {
  for (let current = thrown, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    const { code } = current as CodedError;
    if (typeof code === 'string') return code;
  }
  return '';
}

/** Two transactions were in each other's way; running one again succeeds. */
export function isSerializationFailure(thrown: unknown): boolean {
  const code = sqlState(thrown);
  return code === '40001' || code === '40P01';
}

export function isUniqueViolation(thrown: unknown): boolean {
  return sqlState(thrown) === '23505';
}
