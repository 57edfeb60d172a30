import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../src/errors.js';
import { databaseFault } from '../../src/store/database-fault.js';

const coded = (message: string, code: string) => Object.assign(new Error(message), { code });
const codeOf = (thrown: unknown) => (databaseFault(thrown) as Fault).code;

test("what is outside of us becomes a fault, also inside drizzle's wrapper", () => {
  assert.equal(codeOf(coded('could not extend file', '53100')), 'disk-full');
  assert.equal(codeOf(coded('write', 'ENOSPC')), 'disk-full');
  assert.equal(codeOf(new Error('PANIC: could not write to file "pg_wal/xlogtemp.42": No space left on device')), 'disk-full');
  assert.equal(codeOf(coded('connect', 'ECONNREFUSED')), 'database-unavailable');
  assert.equal(codeOf(coded('terminating connection', '57P01')), 'database-unavailable');
  assert.equal(codeOf(new Error('Connection terminated unexpectedly')), 'database-unavailable');
  assert.equal(codeOf(coded('password authentication failed', '28P01')), 'config-invalid');
  assert.equal(
    codeOf(new Error('Failed query: insert …', { cause: coded('the database system is starting up', '57P03') })),
    'database-unavailable',
  );
});

test('a fault stays the fault it is, and a wrong statement stays a bug', () => {
  const fault = new Fault('pacs-error', 'x');
  assert.equal(databaseFault(new Error('wrapped', { cause: fault })), fault);
  const bug = coded('column "x" does not exist', '42703');
  assert.equal(databaseFault(bug), bug);
});
