import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { Fault } from '../../src/errors.js';
import { startJobs } from '../../src/jobs/jobs.js';
import { defineQueue } from '../../src/jobs/queue.js';
import { silentLog } from '../../src/log.js';
import { EmbeddedConnection } from '../../src/store/embedded.js';
import { GuardedPGlite } from '../../src/store/guarded-pglite.js';
import { openStore, type Store } from '../../src/store/store.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';

const folders: string[] = [];
const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'chest-ai-embedded-'));
  folders.push(folder);
  return folder;
};

after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('a data directory has one process', () => {
  test('a second one is refused with a sentence that names the first; a released one can be had', async () => {
    const dataDir = newFolder();
    const store = await openStore({ dataDir }, silentLog);
    await assert.rejects(openStore({ dataDir }, silentLog), (thrown) => {
      isFault('config-invalid')(thrown);
      assert.match((thrown as Fault).message, new RegExp(`process ${process.pid} already uses this data directory.*DATABASE_URL`));
      return true;
    });
    await store.close();
    await (await openStore({ dataDir }, silentLog)).close();
    assert.deepEqual(readdirSync(dataDir), ['database']);
  });

  test('one that was killed does not keep the next one out, and what it acknowledged is there', async () => {
    const dataDir = newFolder();
    const script = `
      const { openStore } = await import('${join(projectRoot, 'dist/src/store/store.js')}');
      const { silentLog } = await import('${join(projectRoot, 'dist/src/log.js')}');
      const store = await openStore({ dataDir: ${JSON.stringify(dataDir)} }, silentLog);
      for (let n = 0; ; n++) { await store.cursors.advance('pacs', n); process.stdout.write(n + '\\n'); }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
    await eventually('it writes', () => assert.ok(told.split('\n').length > 200), { timeoutMs: 30_000 });
    child.kill('SIGKILL');
    await once(child, 'close');
    assert.ok(existsSync(join(dataDir, 'database.lock')));
    const from = Date.now();
    const store = await openStore({ dataDir }, silentLog);
    console.log(`embedded: opened ${Date.now() - from} ms after a kill -9`);
    const acknowledged = Number(told.slice(0, told.lastIndexOf('\n')).split('\n').at(-1));
    assert.ok((await store.cursors.read('pacs'))!.lastSeq >= acknowledged);
    await store.close();
  });

  test('a holder in another container counts as dead when its lock is no longer touched', async () => {
    const dataDir = newFolder();
    const lock = join(dataDir, 'database.lock');
    writeFileSync(lock, JSON.stringify({ pid: 1, host: 'another container', startedAt: '1', id: 'x' }));
    utimesSync(lock, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    const store = await openStore({ dataDir }, silentLog);
    assert.equal((JSON.parse(readFileSync(lock, 'utf8')) as { pid: number }).pid, process.pid);
    await store.close();
  });

  test('a folder that cannot be made is a fault that names it', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    await assert.rejects(openStore({ dataDir: join(file, 'data') }, silentLog), isFault('config-invalid'));
  });
});

test('upkeep: the log does not grow for ever, and dead rows go', async () => {
  const connection = await EmbeddedConnection.open(newFolder(), silentLog);
  const segments = () => readdirSync(join(connection.name, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name)).length;
  await connection.query({ text: 'CREATE TABLE filler (x pg_lsn)' });
  const write = async () => {
    for (let n = 0; n < 120; n++) await connection.query({ text: `INSERT INTO filler SELECT pg_logical_emit_message(false, 'x', repeat('y', 1000000))` });
  };
  await write();
  const before = segments();
  for (let round = 0; round < 4; round++) {
    await connection.query({ text: 'INSERT INTO filler SELECT NULL FROM generate_series(1, 3000)' });
    await connection.query({ text: 'DELETE FROM filler' });
    await connection.keepUp();
  }
  await write();
  await connection.keepUp();
  console.log(`embedded: log segments ${before} after 120 MB, ${segments()} after upkeep and 120 MB more`);
  assert.ok(segments() <= before);
  const { rows } = await connection.query<{ dead: number }>({ text: `SELECT n_dead_tup::int AS dead FROM pg_stat_user_tables WHERE relname = 'filler'` });
  assert.equal(rows[0]!.dead, 0);
  await connection.close();
});

/** A small disk of its own; undefined where mounting is not permitted. */
function smallDisk(megabytes: number): string | undefined {
  const folder = newFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    return undefined;
  }
}

const disk = smallDisk(130);
describe('the disk is full', { skip: disk ? undefined : 'mounting a small file system is not permitted here' }, () => {
  const filler = () => join(disk!, 'filler');
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(disk!);
    return bavail * bsize;
  };
  /** A sparse file would take no room. */
  const fillUpTo = (left: number) => writeFileSync(filler(), Buffer.alloc(Math.max(0, freeBytes() - left), 1));
  after(() => execFileSync('umount', [disk!], { stdio: 'inherit' }));

  test('writing is an orderly fault, reading goes on, and work goes on when there is room', async () => {
    const store: Store = await openStore({ dataDir: join(disk!, 'data') }, silentLog);
    const jobs = await startJobs(store, silentLog);
    const queue = defineQueue<{ readonly n: number }>('q');
    const done: number[] = [];
    await jobs.work(queue, async ({ payload }) => {
      await store.cursors.advance('pacs', payload.n);
      done.push(payload.n);
    });
    await jobs.send(queue, { n: 1 }, { key: 'a' });
    await eventually('it works', async () => assert.equal((await store.cursors.read('pacs'))?.lastSeq, 1));
    await jobs.send(queue, { n: 2 }, { key: 'b', startAfterMs: 300 });
    fillUpTo(0);
    await assert.rejects(jobs.send(queue, { n: 3 }, { key: 'c' }), isFault('disk-full', { retryable: true }));
    await assert.rejects(store.results.recordResult({ resultId: 'r', studyInstanceUID: '1.2', outcome: 'reported', inputKey: 'k' }), isFault('disk-full'));
    assert.equal((await store.cursors.read('pacs'))?.lastSeq, 1);
    assert.equal((await jobs.stats())[0]?.parked, 0);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.deepEqual(done, [1]);
    rmSync(filler());
    const from = Date.now();
    await eventually('the job runs', () => assert.deepEqual(done, [1, 2]));
    console.log(`embedded: work went on ${Date.now() - from} ms after there was room again`);
    await jobs.send(queue, { n: 4 }, { key: 'c' });
    await eventually('the next one too', () => assert.deepEqual(done, [1, 2, 4]));
    await jobs.stop();
    await store.close();
  });

  test('PostgreSQL aborting because it cannot write its log is survived, with all that was acknowledged', async () => {
    const dataDir = join(disk!, 'panic');
    await (await openStore({ dataDir }, silentLog)).close();
    // Without the reserve that the store keeps, as when another program takes the last megabytes at once.
    const pglite = new GuardedPGlite(join(dataDir, 'database'));
    await pglite.waitReady;
    await pglite.exec('CREATE TABLE t (n integer); INSERT INTO t VALUES (0)');
    fillUpTo(5_000_000);
    let acknowledged = 0;
    await assert.rejects(async () => {
      for (;;) {
        await pglite.query('UPDATE t SET n = $1', [acknowledged + 1]);
        acknowledged++;
        await pglite.query(`SELECT pg_logical_emit_message(true, 'x', repeat(md5(random()::text), 20000))`);
      }
    }, /stopped|space/);
    assert.equal(pglite.dead, true);
    await assert.rejects(pglite.query('SELECT 1'), /has stopped/);
    await assert.rejects(openStore({ dataDir }, silentLog), isFault('disk-full'));
    rmSync(filler());
    const store = await openStore({ dataDir }, silentLog);
    const { rows } = await store.sql.query<{ n: number }>({ text: 'SELECT n FROM t' });
    assert.ok(rows[0]!.n >= acknowledged, `${rows[0]!.n} of ${acknowledged}`);
    await store.close();
  });
});
