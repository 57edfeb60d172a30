import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { bringForward } from '../../src/service/bring-forward.js';
import { registryOfStore } from '../../src/service/open-registry.js';
import { memoryFiles, retrainingMemoryOf } from '../../src/retraining/retraining-memory.js';
import { drawTestLock, isLocked } from '../../src/dataset/test-lock.js';
import type { Example } from '../../src/dataset/example.js';
import type { Fault } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { withoutPatients } from '../../src/registry/lineage.js';
import { openRegistry } from '../../src/registry/registry.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { evaluateChallenger } from '../../src/retraining/evaluate-challenger.js';
import { loadConfig } from '../../src/config.js';
import { runRetraining } from '../../src/retraining/retraining-story.js';
import { openStore, type Store } from '../../src/store/store.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { storeBackends } from '../support/store.js';
import { tinyCandidate } from '../support/tiny-model.js';

const [embedded, postgresql] = storeBackends();
const reason = { by: 'test', why: 'because', at: new Date('2026-01-31T02:00:00Z') };
const examples: readonly Example[] = Array.from({ length: 60 }, (_, n) => ({
  key: `2.25.${n}`,
  patient: createHash('md5').update(String(n)).digest('hex'),
  source: 'a',
  view: 'PA',
  labels: n % 2 ? ['pneumonia'] : [],
  unknown: [],
}));
const draw = (seed: number) => drawTestLock(examples, { seed, share: 0.3, created: '2026-01-31' });
after(async () => {
  await embedded!.stop();
  await postgresql!.stop();
});

async function using<T>(location: Parameters<typeof openStore>[0], work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(location, silentLog);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

describe('processes with one database and a DATA_DIR each', { skip: postgresql!.missing }, () => {
  test('H2: a promotion or rollback in one is seen by the others, with the files of the version; a version that is nowhere gives a fault', async () => {
    await using(await postgresql!.location(), async (store) => {
      const [web, worker] = [
        registryOfStore({ dataDir: temporaryDirectory('web') }, store),
        registryOfStore({ dataDir: temporaryDirectory('worker') }, store),
      ];
      const first = await web.add(tinyCandidate(1));
      await web.putFirst(first.version, reason);
      // More than one row of the database, byte by byte.
      const second = await web.add(tinyCandidate(2, { card: 'x'.repeat(9_000_000) }));
      await web.promote(second.version, reason, first.version);
      assert.equal((await worker.aliases())?.champion, second.version);
      const served = await worker.load(second.version);
      assert.deepEqual(
        [served.card.length, served.deviceUID, readdirSync(served.directory).sort()],
        [9_000_000, second.deviceUID, readdirSync(second.directory).sort()],
      );
      assert.deepEqual([...(await worker.versions())].sort(), [first.version, second.version].sort());
      await worker.rollback(reason);
      assert.equal((await web.aliases())?.champion, first.version);
      assert.deepEqual(
        (await web.history()).map(({ action }) => action),
        ['first', 'promote', 'rollback'],
      );
      await assert.rejects(worker.load('0123456789ab'), isFault('model-unknown', { detail: /neither in this folder nor in the database/ }));
      const both = await Promise.allSettled([web.promote(second.version, reason), worker.promote(second.version, reason)]);
      assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      for (const one of both)
        if (one.status === 'rejected')
          assert.ok(['aliases-changed', 'request-invalid'].includes((one.reason as Fault).code), String(one.reason));
      // A record that the trainer wrote lets the page promote.
      const record = {
        id: 'retraining-1',
        startedAt: '2026-01-31T02:00:00Z',
        endedAt: '2026-01-31T03:00:00Z',
        by: 'schedule',
        codeVersion: '0',
        engine: '',
        seed: 1,
        challenger: null,
        champion: null,
        lineage: null,
        decision: null,
        outcome: 'failed' as const,
        why: '',
        figures: { challenger: null, champion: null },
        notes: [],
      };
      await worker.recordChange(record);
      assert.deepEqual(
        [(await web.lastRun())?.id, await web.changes(), await web.change('retraining-1')],
        ['retraining-1', ['retraining-1'], record],
      );
      await store.sql.query({ text: `INSERT INTO chest_ai.model_change VALUES ('retraining-2', '{"later": true}')` });
      assert.deepEqual(
        [await web.changes(), (await web.unreadableChanges()).map(({ id }) => id), (await web.lastRun())?.id],
        [['retraining-1'], ['retraining-2'], 'retraining-1'],
      );
    });
  });

  test('H2: old versions leave the database, those that serve or that a rollback leads to stay', async () => {
    await using(await postgresql!.location(), async (store) => {
      const registry = registryOfStore({ dataDir: temporaryDirectory('many') }, store);
      const first = await registry.add(tinyCandidate(1));
      await registry.putFirst(first.version, reason);
      const second = await registry.add(tinyCandidate(2));
      await registry.promote(second.version, reason);
      for (let n = 3; n < 18; n++) await registry.add(tinyCandidate(n));
      const kept = await store.models.versions();
      assert.ok(kept.includes(first.version) && kept.includes(second.version) && kept.length <= 12, String(kept.length));
      assert.equal((await registryOfStore({ dataDir: temporaryDirectory('other') }, store).rollback(reason)).champion, first.version);
    });
  });

  test('D2: two trainers share one test lock, one key of patients and the labels of the last run', async () => {
    const location = await postgresql!.location();
    await using(location, (one) =>
      using(location, async (other) => {
        const [a, b] = [
          retrainingMemoryOf({ dataDir: temporaryDirectory('a') }, one),
          retrainingMemoryOf({ dataDir: temporaryDirectory('b') }, other),
        ];
        const keys = await Promise.all([a.patientKey(), b.patientKey(), a.patientKey()]);
        assert.ok(keys.every((key) => key.length === 32 && key.equals(keys[0]!)));
        assert.equal(await b.testLock(), undefined);
        const locks = await Promise.all([a.storeTestLock(draw(1)), b.storeTestLock(draw(2))]);
        assert.deepEqual(locks[0], locks[1]);
        assert.deepEqual(await b.testLock(), locks[0]);
        await a.storeLabels(['1.2 pneumonia present']);
        assert.deepEqual(await b.lastLabels(), ['1.2 pneumonia present']);
        await one.sql.query({
          text: `UPDATE chest_ai.retraining_state SET value = jsonb_set(value, '{seed}', '7') WHERE name = 'test-lock'`,
        });
        await assert.rejects(a.testLock(), isFault('dataset-invalid', { detail: /was changed/ }));
      }),
    );
  });

  test('M4: a backup as docs/guide/backup.md says keeps the lock, its key, the champion and its files', async () => {
    const [location, other] = [await postgresql!.location(), await postgresql!.location()];
    assert.ok('databaseUrl' in location && 'databaseUrl' in other);
    const lock = draw(1);
    const { version, key } = await using(location, async (store) => {
      const memory = retrainingMemoryOf({ dataDir: temporaryDirectory('before') }, store);
      const registry = registryOfStore({ dataDir: temporaryDirectory('before') }, store);
      const model = await registry.add(tinyCandidate(1));
      await registry.putFirst(model.version, reason);
      await memory.storeTestLock(lock);
      return { version: model.version, key: await memory.patientKey() };
    });
    const dump = join(temporaryDirectory('backup'), 'chest-ai.dump');
    execFileSync('pg_dump', ['--format=custom', `--file=${dump}`, location.databaseUrl]);
    execFileSync('pg_restore', [`--dbname=${other.databaseUrl}`, dump]);
    await using(other, async (store) => {
      const dataDir = temporaryDirectory('after');
      const memory = retrainingMemoryOf({ dataDir }, store);
      assert.deepEqual(await memory.testLock(), lock);
      assert.ok((await memory.patientKey()).equals(key));
      assert.equal((await registryOfStore({ dataDir }, store).load(version)).version, version);
    });
  });

  test('D2: what releases up to 0.2.0 left in each DATA_DIR is taken over, whichever process starts first', async () => {
    const [webDir, workerDir] = [temporaryDirectory('web'), temporaryDirectory('worker')];
    // The page promoted in one process; the worker never heard of it.
    const web = openRegistry(join(webDir, 'models'));
    const starter = await web.add(tinyCandidate(1));
    const second = await web.add(tinyCandidate(2));
    await web.putFirst(starter.version, reason);
    await web.promote(second.version, { ...reason, at: new Date('2026-02-01T02:00:00Z') });
    const worker = openRegistry(join(workerDir, 'models'));
    await worker.add(tinyCandidate(1));
    await worker.putFirst(starter.version, reason);
    const memory = memoryFiles(join(webDir, 'night'));
    const key = await memory.patientKey();
    const lock = await memory.storeTestLock(draw(1));
    await memory.storeLabels(['1.2 pneumonia present']);
    await memoryFiles(join(workerDir, 'night')).patientKey();
    await memoryFiles(join(workerDir, 'night')).storeTestLock(draw(2));
    await using(await postgresql!.location(), async (store) => {
      const warnings: string[] = [];
      const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
      const start = async (dataDir: string) => bringForward({ dataDir }, store, registryOfStore({ dataDir }, store), log);
      await start(webDir);
      await start(workerDir);
      await start(webDir);
      const there = registryOfStore({ dataDir: workerDir }, store);
      assert.equal((await there.aliases())?.champion, second.version);
      assert.equal((await there.load(second.version)).version, second.version);
      assert.deepEqual(
        (await there.history()).map(({ action, champion }) => [action, champion]),
        [
          ['first', starter.version],
          ['promote', second.version],
        ],
      );
      const shared = retrainingMemoryOf({ dataDir: workerDir }, store);
      assert.deepEqual(await shared.testLock(), lock);
      assert.ok((await shared.patientKey()).equals(key));
      assert.deepEqual(await shared.lastLabels(), ['1.2 pneumonia present']);
      assert.ok(examples.some(({ patient }) => isLocked(lock, patient)));
      assert.match(warnings.join(), /another locked test set/);
    });
    await using(await postgresql!.location(), async (store) => {
      const start = async (dataDir: string) => bringForward({ dataDir }, store, registryOfStore({ dataDir }, store), silentLog);
      await start(workerDir);
      await start(webDir);
      assert.equal(
        (await registryOfStore({ dataDir: workerDir }, store).aliases())?.champion,
        second.version,
        'the worker was first, but the promotion counts',
      );
    });
  });
});

describe('the embedded database', () => {
  test('M4: after a restore without the locked test set no retraining run draws another one', async () => {
    const dataDir = temporaryDirectory('without-lock');
    await using({ dataDir: join(dataDir, 'index') }, async (store) => {
      const registry = registryOfStore({ dataDir }, store);
      await registry.putFirst((await registry.add(tinyCandidate(1))).version, reason);
      const memory = retrainingMemoryOf({ dataDir }, store);
      const { retraining } = loadConfig({});
      const run = () =>
        runRetraining(
          'schedule',
          {
            settings: { dataDir, retraining, maxImages: 4 },
            agreedLabels: async () => [],
            siteOf: () => 'site',
            registry,
            memory,
            pacs: {} as never,
            readerFor: () => ({}) as never,
            trainAndEvaluate: () => Promise.reject(new Error('not expected')),
            codeVersion: '0',
            clock: { now: () => new Date() },
            log: silentLog,
          },
          new AbortController().signal,
        );
      assert.equal((await run())?.outcome, 'not-trained', 'no labels yet');
      await registry.promote((await registry.add(tinyCandidate(2))).version, {
        ...reason,
        changeRecord: 'retraining-2026-01-31T02-00-00-000Z',
      });
      const record = await run();
      assert.equal(record?.outcome, 'failed');
      assert.match(record.why, /locked test set is missing.*Restore it from the backup/);
      await memory.storeTestLock(draw(1));
      assert.equal((await run())?.outcome, 'not-trained');
    });
  });

  test('D2: a version that was trained on patients of the test set is not evaluated on it', async () => {
    const patients = examples.slice(0, 2).map(({ patient }) => patient);
    const registry = openRegistry(join(temporaryDirectory('overlap'), 'models'));
    const candidate = tinyCandidate(1);
    const [clean, trained] = [
      await registry.add(candidate),
      await registry.add(tinyCandidate(2, { lineage: { ...candidate.lineage, trainedOn: [patients[1]!] } })),
    ];
    const challenge = {
      kind: 'xray' as const,
      engine: {} as never,
      examples: examples.slice(0, 2),
      picture: () => Promise.reject(new Error('not asked')),
      testSet: 'the locked test set',
      findings: {},
      rules: defaultPromotionRules,
    };
    const overlap = isFault('dataset-invalid', { detail: new RegExp(`version ${trained.version} was trained on, found 1`) });
    await assert.rejects(evaluateChallenger({ ...challenge, champion: clean, challenger: trained }), overlap);
    await assert.rejects(evaluateChallenger({ ...challenge, champion: trained, challenger: clean }), overlap);
    assert.equal(JSON.stringify(withoutPatients(trained.lineage!)).includes(patients[1]!), false);
  });

  test('M4: a copy of DATA_DIR keeps the lock, its key, the champion and its files; a lock without its key is not used', async () => {
    const dataDir = temporaryDirectory('embedded');
    const lock = draw(1);
    const key = await using({ dataDir: join(dataDir, 'index') }, async (store) => {
      const registry = registryOfStore({ dataDir }, store);
      await registry.putFirst((await registry.add(tinyCandidate(1))).version, reason);
      const memory = retrainingMemoryOf({ dataDir }, store);
      const made = await memory.patientKey();
      await memory.storeTestLock(lock);
      return made;
    });
    const copy = join(temporaryDirectory('restored'), 'data');
    cpSync(dataDir, copy, { recursive: true });
    await using({ dataDir: join(copy, 'index') }, async (store) => {
      const memory = retrainingMemoryOf({ dataDir: copy }, store);
      assert.deepEqual(await memory.testLock(), lock);
      assert.ok((await memory.patientKey()).equals(key));
      const registry = registryOfStore({ dataDir: copy }, store);
      assert.ok(existsSync((await registry.load((await registry.aliases())!.champion)).directory));
    });
    rmSync(join(copy, 'retraining', 'patient-key'));
    await assert.rejects(
      memoryFiles(join(copy, 'retraining')).patientKey(),
      isFault('dataset-invalid', { detail: /restore DATA_DIR\/retraining/ }),
    );
    // A damaged one neither.
    mkdirSync(join(copy, 'retraining'), { recursive: true });
    writeFileSync(
      join(copy, 'retraining', 'test-lock.json'),
      readFileSync(join(copy, 'retraining', 'test-lock.json'), 'utf8').slice(0, 100),
    );
    await assert.rejects(memoryFiles(join(copy, 'retraining')).testLock(), isFault('dataset-invalid'));
  });
});
