import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { openStore } from '../../src/store/store.js';
import { postgresMissing, startPostgres } from '../support/postgres.js';

const skip = postgresMissing();

test('a PostgreSQL database of another encoding is refused in one sentence', { ...(skip ? { skip } : {}) }, async () => {
  const server = await startPostgres();
  try {
    const url = new URL(await server.createDatabase());
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    await client.query("CREATE DATABASE plain ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    await client.end();
    url.pathname = '/plain';
    await assert.rejects(
      openStore({ databaseUrl: url.href }, silentLog),
      (error) => error instanceof Fault && error.code === 'config-invalid' && /encoding UTF8, found SQL_ASCII/.test(error.message),
    );
  } finally {
    await server.stop();
  }
});
