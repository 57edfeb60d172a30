import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { openStore } from '../../src/store/store.js';
import { logInFirst } from '../support/access.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, eventuallyOneResult, spawnService, type SpawnedService } from '../support/service.js';
import { mountSmallDisk } from '../support/small-disk.js';
import { limitHere } from '../support/machine-speed.js';
import { twoFindingModel } from '../support/two-finding-model.js';

describe('the disk is full', () => {
  const disk = mountSmallDisk(192);
  const whyNot = 'whyNot' in disk ? disk.whyNot : undefined;
  const dataDir = 'whyNot' in disk ? temporaryDirectory('disk') : disk.directory;
  let service: SpawnedService | undefined;
  let headers: Record<string, string> = {};
  // Before useOrthanc, which checks at its end that nothing is left running.
  after(async () => {
    await service?.kill();
    if (!('whyNot' in disk)) disk.unmount();
  });
  const pacs = useOrthanc();

  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(dataDir);
    return bavail * bsize;
  };
  const fill = (): void => {
    if (!('whyNot' in disk)) disk.fill();
    assert.ok(freeBytes() < 1e5, `${freeBytes()} bytes are still free`);
  };
  const free = (): void => {
    if (!('whyNot' in disk)) disk.free();
  };
  // The line that spawnService waits for; the one for people comes after it.
  const addressOf = (): string => /service is running {2}url=(\S+)/.exec(service!.output())![1]!;

  test('the service stays up and says so; with room again every study gets its one result', async (t) => {
    if (whyNot !== undefined) return t.skip(whyNot);
    service = await spawnService(pacs.orthanc, { dataDir });
    headers = { ...(await logInFirst(addressOf(), dataDir)) };
    const first = chestStudy('disk before');
    await sendByCStore(first.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, first.studyInstanceUID);

    fill();
    const studies = ['a', 'b', 'c'].map((name) => chestStudy(`disk full ${name}`));
    await sendByCStore(
      studies.flatMap((one) => one.files),
      pacs.orthanc,
    );
    await eventually('the fault is logged', () => assert.match(service!.output(), /disk-full/), { timeoutMs: 20_000 });
    for (let second = 0; second < 6; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assert.deepEqual([service.process.exitCode, service.process.signalCode], [null, null], service.output());
      const health = await fetch(`${addressOf()}/health`, { headers, signal: AbortSignal.timeout(5_000) });
      assert.ok(health.status === 200 || health.status === 503);
      const body = (await health.json()) as { ok: boolean; database?: string };
      assert.equal(body.ok, health.status === 200);
      // The user cannot be identified while the database is unavailable; then the response has no details.
      assert.ok([undefined, 'answers', 'disk-full', 'database-unavailable'].includes(body.database), body.database);
    }
    assert.equal(
      (await fetch(`${addressOf()}/api/studies/${first.studyInstanceUID}`, { headers })).status,
      200,
      'what is known can still be read',
    );

    free();
    for (const { studyInstanceUID } of [first, ...studies])
      await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID, { timeoutMs: 90_000 });
    await eventually(
      'the index has them too',
      async () => {
        for (const { studyInstanceUID } of studies) {
          const rows = (await (await fetch(`${addressOf()}/api/studies/${studyInstanceUID}`, { headers })).json()) as {
            outcome: string;
            isCurrent: boolean;
          }[];
          assert.deepEqual(
            rows.map(({ outcome, isCurrent }) => [outcome, isCurrent]),
            [['reported', true]],
          );
        }
      },
      { timeoutMs: 30_000, intervalMs: 300 },
    );
    return undefined;
  });

  test('SIGTERM on a full disk ends it; a start on a full disk is refused in one line; with room again nothing is lost', async (t) => {
    if (whyNot !== undefined) return t.skip(whyNot);
    fill();
    const study = chestStudy('disk full at the end');
    await sendByCStore(study.files, pacs.orthanc);
    await eventually('the disk is met', () => assert.ok(service!.output().split('disk-full').length > 2), { timeoutMs: 20_000 });
    const before = Date.now();
    await service!.end();
    assert.ok(Date.now() - before < limitHere(10_500), `${Date.now() - before} ms`);
    service = undefined;

    const refusal = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      const env = { PATH: process.env['PATH'], DATA_DIR: dataDir, MODEL_DIR: twoFindingModel, PORT: '0', ORTHANC_URL: pacs.orthanc.url };
      execFile(
        process.execPath,
        [join(projectRoot, 'dist/src/cli.js'), 'serve'],
        { cwd: projectRoot, env, timeout: limitHere(30_000), killSignal: 'SIGKILL' },
        (error, _stdout, stderr) => resolve({ code: error?.code, stderr }),
      );
    });
    assert.equal(refusal.code, 1, refusal.stderr);
    assert.match(refusal.stderr, /^chest-ai: The disk is full: .*$/m);

    free();
    service = await spawnService(pacs.orthanc, { dataDir });
    await eventuallyOneResult(pacs.dicomWeb, study.studyInstanceUID);
    await eventually(
      'it is recorded',
      async () => assert.equal((await fetch(`${addressOf()}/api/studies/${study.studyInstanceUID}`, { headers })).status, 200),
      { timeoutMs: 30_000 },
    );
    await service.end();
    service = undefined;
    const store = await openStore({ dataDir: join(dataDir, 'index') }, silentLog);
    try {
      assert.equal((await store.results.ofStudy(study.studyInstanceUID)).length, 1);
    } finally {
      await store.close();
    }
    await assertOneCurrentResult(pacs.dicomWeb, study.studyInstanceUID);
    return undefined;
  });
});
