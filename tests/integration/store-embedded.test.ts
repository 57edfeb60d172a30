import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, mock, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import type { Fault } from '../../src/errors.js';
import { startJobs } from '../../src/jobs/jobs.js';
import { defineQueue } from '../../src/jobs/queue.js';
import { silentLog } from '../../src/log.js';
import { identifyProcess } from '../../src/lib/process-identity.js';
import { lockDirectory, takeNext } from '../../src/store/directory-lock.js';
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
    assert.deepEqual(
      readdirSync(dataDir).sort(),
      ['database', 'database.lock.2'],
      'the emptied lock stays: its number is never given out again',
    );
    assert.equal(readFileSync(join(dataDir, 'database.lock.2'), 'utf8'), '');
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
    assert.ok(existsSync(join(dataDir, 'database.lock.1')));
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
    assert.equal((JSON.parse(readFileSync(`${lock}.1`, 'utf8')) as { pid: number }).pid, process.pid);
    await store.close();
  });

  test('a process of release 0.2.0 that holds the directory keeps this one out', async () => {
    const dataDir = newFolder();
    writeFileSync(join(dataDir, 'database.lock'), JSON.stringify({ ...identifyProcess(), id: 'x' }));
    await assert.rejects(
      openStore({ dataDir }, silentLog),
      isFault('config-invalid', { detail: new RegExp(`process ${process.pid} already uses`) }),
    );
  });

  test('D20: who acts on an old view of a stale lock does not get it, however long it was paused', async () => {
    const path = join(newFolder(), 'lock');
    const view = 0;
    const first = takeNext(path, view);
    assert.ok(first);
    assert.equal(takeNext(path, view), undefined, 'the number is taken');
    first.release();
    const second = takeNext(path, 1);
    assert.ok(second);
    assert.deepEqual(readdirSync(dirname(path)), ['lock.2'], 'the number of the paused one is free again');
    assert.equal(takeNext(path, view), undefined, 'it is below the highest');
    assert.deepEqual(readdirSync(dirname(path)), ['lock.2']);
    await assert.rejects(lockDirectory(path), isFault('config-invalid'));
    second.release();
    (await lockDirectory(path)).release();
  });

  test('D20: of many processes that find the same dead holder, one at a time has the directory', { timeout: 120_000 }, async () => {
    const folder = newFolder();
    const path = join(folder, 'lock');
    const script = `
      const { lockDirectory } = await import('${join(projectRoot, 'dist/src/store/directory-lock.js')}');
      const { openSync, closeSync, rmSync, writeSync } = await import('node:fs');
      for (let taken = 0; taken < 10; ) {
        try { await lockDirectory(${JSON.stringify(path)}); } catch (error) { if (error.code !== 'config-invalid') throw error; await new Promise((r) => setTimeout(r, 1)); continue; }
        taken++;
        // Fails if another holds the lock at the same time.
        closeSync(openSync(${JSON.stringify(join(folder, 'held'))}, 'wx'));
        await new Promise((r) => setTimeout(r, Math.random() * 3));
        rmSync(${JSON.stringify(join(folder, 'held'))});
        // Dies in the eyes of the others: the file names a process that does not run.
        const { readdirSync, writeFileSync, readFileSync } = await import('node:fs');
        const file = readdirSync(${JSON.stringify(folder)}).filter((name) => /^lock\\.\\d+$/.test(name)).sort((a, b) => Number(b.slice(5)) - Number(a.slice(5)))[0];
        const whole = JSON.parse(readFileSync(${JSON.stringify(folder)} + '/' + file, 'utf8'));
        writeFileSync(${JSON.stringify(folder)} + '/' + file, JSON.stringify({ ...whole, startedAt: 'long ago' }));
      }`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0] as number | null));
    assert.deepEqual(codes, [0, 0, 0, 0]);
  });

  test('a folder that cannot be made is a fault that names it', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    await assert.rejects(openStore({ dataDir: join(file, 'data') }, silentLog), isFault('config-invalid'));
  });
});

test('L9: a damaged embedded database is named, with what a rebuild cannot recreate', async () => {
  const dataDir = newFolder();
  mkdirSync(join(dataDir, 'database'));
  writeFileSync(join(dataDir, 'database', 'PG_VERSION'), '3\n');
  await assert.rejects(EmbeddedConnection.open(dataDir, silentLog), (thrown) => {
    isFault('database-unavailable')(thrown);
    assert.match((thrown as Fault).message, /restore DATA_DIR from a backup.*rebuild.*accounts, tokens and the audit log are lost/);
    return true;
  });
});

test('D1: an embedded database that has died is started once, however many wait for it, and again after a start that failed', async () => {
  const dataDir = newFolder();
  const warnings: string[] = [];
  const connection = await EmbeddedConnection.open(dataDir, { ...silentLog, warn: (message) => void warnings.push(message) });
  await connection.query({ text: 'CREATE TABLE t (n integer)' });
  const started: GuardedPGlite[] = [];
  const prepare = GuardedPGlite.prototype.createPrivateFilesOnly;
  GuardedPGlite.prototype.createPrivateFilesOnly = function (this: GuardedPGlite) {
    started.push(this);
    prepare.call(this);
  };
  // What a PANIC leaves: the instance is dead, its files are on the disk.
  const [seen, killed] = [new Set<GuardedPGlite>(), new Set<GuardedPGlite>()];
  const dead = mock.getter(GuardedPGlite.prototype, 'dead', function (this: GuardedPGlite) {
    seen.add(this);
    return killed.has(this);
  });
  const kill = (): void => seen.forEach((one) => void killed.add(one));
  try {
    await connection.query({ text: 'SELECT * FROM t' });
    kill();
    const rows = await Promise.all(Array.from({ length: 6 }, () => connection.query({ text: 'SELECT * FROM t' })));
    assert.equal(rows.length, 6);
    assert.equal(started.length, 1, 'started once');
    assert.equal(warnings.length, 1);
    // It dies again, and the next start fails: all who wait are told, and the next one is started once more.
    started.length = 0;
    kill();
    let failing = true;
    GuardedPGlite.prototype.createPrivateFilesOnly = function (this: GuardedPGlite) {
      if (failing) throw new Error('no start');
      started.push(this);
      prepare.call(this);
    };
    const refused = await Promise.allSettled(Array.from({ length: 4 }, () => connection.query({ text: 'SELECT * FROM t' })));
    for (const one of refused) assert.ok(one.status === 'rejected' && isFault('database-unavailable')(one.reason));
    failing = false;
    await Promise.all(Array.from({ length: 4 }, () => connection.query({ text: 'SELECT * FROM t' })));
    assert.equal(started.length, 1);
  } finally {
    GuardedPGlite.prototype.createPrivateFilesOnly = prepare;
    dead.mock.restore();
  }
  await connection.close();
  // They only passed for dead: their timers would keep this process alive.
  for (const one of killed) await one.close().catch(() => undefined);
});

test('upkeep: the log does not grow for ever, and dead rows go', async () => {
  const connection = await EmbeddedConnection.open(newFolder(), silentLog);
  const segments = () => readdirSync(join(connection.name, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name)).length;
  await connection.query({ text: 'CREATE TABLE filler (x pg_lsn)' });
  const write = async () => {
    for (let n = 0; n < 120; n++)
      await connection.query({ text: `INSERT INTO filler SELECT pg_logical_emit_message(false, 'x', repeat('y', 1000000))` });
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
  const { rows } = await connection.query<{ dead: number }>({
    text: `SELECT n_dead_tup::int AS dead FROM pg_stat_user_tables WHERE relname = 'filler'`,
  });
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
    await assert.rejects(
      store.results.recordResult({ resultId: 'r', studyInstanceUID: '1.2', outcome: 'reported', inputKey: 'k' }),
      isFault('disk-full'),
    );
    assert.equal((await store.cursors.read('pacs'))?.lastSeq, 1);
    assert.equal((await jobs.stats())[0]?.failed, 0);
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
