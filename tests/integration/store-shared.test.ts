import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { verifyAudit } from '../../src/audit/verify.js';
import { shareDatabase, type SharedDatabase } from '../../src/store/share-database.js';
import { openStore, openStoreBesideService, type Store } from '../../src/store/store.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory } from '../support/orthanc.js';

describe('the embedded database of a running service', () => {
  // Longer than the path of a Unix socket may be.
  const dataDir = join(temporaryDirectory('shared'), 'x'.repeat(100));
  let store: Store;
  let shared: SharedDatabase;
  let beside: Store;
  before(async () => {
    mkdirSync(dataDir, { recursive: true });
    store = await openStore({ dataDir }, silentLog);
    shared = await shareDatabase(store.sql, dataDir, silentLog, { idleMs: 500 });
    beside = await openStoreBesideService({ dataDir }, silentLog);
  });
  after(async () => {
    await beside?.close();
    await shared?.close();
    await store?.close();
  });

  test('a command reads and writes what the service reads and writes, with dates, bytes and faults as they are', async () => {
    assert.deepEqual([store.isForwarded, beside.isForwarded], [false, true]);
    await beside.cursors.advance('pacs', 7);
    assert.equal((await store.cursors.read('pacs'))!.lastSeq, 7);
    const { rows } = await beside.sql.query<Record<string, unknown>>({
      text: `SELECT $1::timestamptz AS at, $2::bytea AS bytes, NULL AS none, $3::jsonb AS json`,
      values: [new Date(0), Buffer.from([1, 2]), JSON.stringify({ a: [1] })],
    });
    assert.deepEqual(
      [(rows[0]!['at'] as Date).getTime(), [...(rows[0]!['bytes'] as Uint8Array)], rows[0]!['none'], rows[0]!['json']],
      [0, [1, 2], null, { a: [1] }],
    );
    await assert.rejects(beside.sql.query({ text: 'SELECT nonsense' }), /column "nonsense" does not exist/);
    assert.equal(await beside.accounts.add({ name: 'anna', origin: 'local', roles: ['admin'], passwordHash: 'x' }), true);
    assert.equal(await beside.accounts.add({ name: 'anna', origin: 'local', roles: ['admin'], passwordHash: 'x' }), false);
    assert.equal(await beside.accounts.disable('anna'), 'last-administrator');
  });

  test('transactions of the service and of commands follow one another; one that fails leaves nothing', async () => {
    await Promise.all(
      [store, beside, store, beside].flatMap((one, index) =>
        Array.from({ length: 20 }, (_, n) => one.audit.append({ actor: `actor-${index}-${n}`, action: 'study.view', subject: {} })),
      ),
    );
    const verified = await verifyAudit(store.audit);
    assert.ok(verified.intact, JSON.stringify(verified));
    await assert.rejects(
      beside.sql.transaction(async (transaction) => {
        await transaction.query({ text: `UPDATE chest_ai.account SET roles = '[]'` });
        throw new Error('changed its mind');
      }),
      /changed its mind/,
    );
    assert.deepEqual((await store.accounts.find('anna'))!.roles, ['admin']);
  });

  test('a command that is stopped within a transaction holds the service up for a moment only', async () => {
    await assert.rejects(
      beside.sql.transaction(async (transaction) => {
        await transaction.query({ text: `UPDATE chest_ai.account SET roles = '[]'` });
        // The service answers: it has rolled the transaction back and closed its socket.
        await store.accounts.list();
        await transaction.query({ text: 'SELECT 1' });
      }),
      isFault('database-unavailable'),
    );
    assert.deepEqual((await store.accounts.find('anna'))!.roles, ['admin']);
  });

  test('a command that is killed within a transaction has changed nothing', async () => {
    const script = `
      const { openStoreBesideService } = await import('${join(projectRoot, 'dist/src/store/store.js')}');
      const { silentLog } = await import('${join(projectRoot, 'dist/src/log.js')}');
      const store = await openStoreBesideService({ dataDir: ${JSON.stringify(dataDir)} }, silentLog);
      await store.sql.transaction(async (transaction) => {
        await transaction.query({ text: "UPDATE chest_ai.account SET roles = '[]'" });
        process.stdout.write('changed');
        await new Promise(() => setInterval(() => transaction.query({ text: 'SELECT 1' }), 50));
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    await eventually('the row as it was', async () => assert.deepEqual((await store.accounts.find('anna'))!.roles, ['admin']));
  });

  test('when the service ends, a command says so', async () => {
    await shared.close();
    await assert.rejects(beside.accounts.list(), isFault('database-unavailable', { detail: /has stopped or ended the connection/ }));
    shared = await shareDatabase(store.sql, dataDir, silentLog);
  });
});
