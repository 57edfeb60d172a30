import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc, withOrthanc } from '../support/orthanc.js';
import { decodersOf } from '../support/processes.js';
import { sendByCStore } from '../support/send.js';
import {
  assertOneCurrentResult,
  documentsOf,
  eventuallyOneResult,
  spawnService,
  startTestService,
  type SpawnedService,
} from '../support/service.js';

/** The requests of one study's way through the PACS, each a step at which the service can be killed. */
const steps: readonly { readonly name: string; readonly request: RegExp }[] = [
  { name: 'reading the change log', request: /^GET \/changes\?since/ },
  { name: 'finding the study of a change', request: /^POST \/tools\/bulk-content/ },
  { name: 'asking whether it is stable', request: /^GET \/studies\/[^/]+$/ },
  { name: 'asking who sent it', request: /^GET \/instances\/[^/]+\/metadata/ },
  { name: 'retrieving the metadata', request: /^GET \/dicom-web\/studies\/[^/]+\/metadata/ },
  { name: 'retrieving the image', request: /^GET \/dicom-web\/studies\/[^/]+\/series\/[^/]+\/instances\/[^/]+$/ },
  { name: 'storing the documents', request: /^POST \/dicom-web\/studies/ },
];

describe('kill -9 at every step', () => {
  let proxy: FaultyProxy;
  const dataDir = temporaryDirectory('killed');
  let service: SpawnedService | undefined;
  // Before useOrthanc, which checks at its end that nothing is left running.
  after(async () => {
    await service?.kill();
    await proxy.close();
  });
  const pacs = useOrthanc();

  before(async () => {
    proxy = await startFaultyProxy(pacs.orthanc);
  });

  for (const { name, request } of steps) {
    for (const when of ['before', 'after'] as const) {
      test(`${name}, ${when} the PACS has answered`, async () => {
        const { studyInstanceUID, files } = chestStudy(`killed ${name} ${when}`);
        service ??= await spawnService(pacs.orthanc, { url: proxy.url, dataDir });
        const victim = service;
        let sprung = false;
        proxy.misbehave(
          {
            kind: 'trap',
            when,
            spring: () => {
              sprung = true;
              victim.process.kill('SIGKILL');
            },
          },
          { only: request, times: 1 },
        );
        await sendByCStore(files, pacs.orthanc);
        await eventually('the trap springs and the service dies', () => assert.ok(sprung && victim.process.signalCode === 'SIGKILL'), {
          timeoutMs: 60_000,
        });
        proxy.behave();
        service = await spawnService(pacs.orthanc, { url: proxy.url, dataDir });
        await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
      });
    }
  }
});

describe('the infrastructure fails', () => {
  test('decoders crash natively while they decode: each study has its result, the service does not notice', async () => {
    await withOrthanc(async ({ orthanc, dicomWeb }) => {
      const service = await startTestService(orthanc);
      const studies = Array.from({ length: 6 }, (_, n) => chestStudy(`decoder crashed ${n}`));
      try {
        // The stopped processes have a file in progress and do not finish it.
        const victims = decodersOf();
        assert.ok(victims.length > 0);
        for (const pid of victims) process.kill(pid, 'SIGSTOP');
        await sendByCStore(
          studies.flatMap((one) => one.files),
          orthanc,
        );
        await eventually('studies are in progress', async () => assert.ok((await service.jobs.stats()).some(({ active }) => active > 1)), {
          timeoutMs: 30_000,
        });
        await sleep(2_000);
        assert.deepEqual(await service.store.results.countByOutcome(), { reported: 0, skipped: 0, failed: 0 });
        for (const pid of victims) for (const signal of ['SIGSEGV', 'SIGCONT'] as const) process.kill(pid, signal);
        for (const { studyInstanceUID } of studies) await eventuallyOneResult(dicomWeb, studyInstanceUID);
        assert.deepEqual(await service.store.results.countByOutcome(), { reported: 6, skipped: 0, failed: 0 });
        assert.deepEqual(
          decodersOf().filter((pid) => victims.includes(pid)),
          [],
        );
      } finally {
        await service.stop();
      }
      assert.deepEqual(decodersOf(), []);
    });
  });

  test('service down while studies arrive', async () => {
    await withOrthanc(async ({ orthanc, dicomWeb }) => {
      const dataDir = temporaryDirectory('down');
      const first = await startTestService(orthanc, { dataDir });
      await first.stop();
      const studies = ['a', 'b', 'c'].map((name) => chestStudy(`while down ${name}`));
      for (const { files } of studies) await sendByCStore(files, orthanc);
      const second = await startTestService(orthanc, { dataDir });
      try {
        for (const { studyInstanceUID } of studies) await eventuallyOneResult(dicomWeb, studyInstanceUID);
      } finally {
        await second.stop();
      }
    });
  });

  test('Orthanc restarted before StableAge: StableStudy never comes, the result does', async () => {
    await withOrthanc(
      async ({ orthanc, dicomWeb, client }) => {
        const service = await startTestService(orthanc);
        try {
          const { studyInstanceUID, files } = chestStudy('restarted');
          await sendByCStore(files, orthanc);
          await orthanc.restart();
          await eventuallyOneResult(dicomWeb, studyInstanceUID);
          const { changes } = await client.changes(0, 1_000);
          const id = await client.findStudy(studyInstanceUID);
          const firstStable = changes.find((one) => one.type === 'StableStudy' && one.id === id);
          const ours = changes.filter((one) => one.type === 'NewSeries').at(1);
          assert.ok(!firstStable || (ours && firstStable.seq > ours.seq), 'StableStudy came only after our own series');
        } finally {
          await service.stop();
        }
      },
      { stableAgeSeconds: 5 },
    );
  });

  test('Orthanc killed and restarted in the middle', async () => {
    await withOrthanc(async ({ orthanc, dicomWeb }) => {
      const service = await startTestService(orthanc);
      try {
        const studies = ['a', 'b', 'c', 'd'].map((name) => chestStudy(`orthanc killed ${name}`));
        await sendByCStore(
          studies.flatMap((one) => one.files),
          orthanc,
        );
        await eventually('the first result', async () => assert.ok((await service.store.results.countByOutcome()).reported > 0), {
          timeoutMs: 60_000,
        });
        await orthanc.kill();
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        await orthanc.restart();
        for (const { studyInstanceUID } of studies) await eventuallyOneResult(dicomWeb, studyInstanceUID);
      } finally {
        await service.stop();
      }
    });
  });

  test('a database reset is noticed: the change log is read from its beginning', async () => {
    const dataDir = temporaryDirectory('reset');
    const url = { value: '' };
    await withOrthanc(async ({ orthanc, dicomWeb }) => {
      const service = await startTestService(orthanc, { dataDir });
      const studies = ['a', 'b', 'c'].map((name) => chestStudy(`before reset ${name}`));
      await sendByCStore(
        studies.flatMap((one) => one.files),
        orthanc,
      );
      for (const { studyInstanceUID } of studies) await eventuallyOneResult(dicomWeb, studyInstanceUID);
      url.value = orthanc.url;
      await service.stop();
    });
    // Another, empty Orthanc at the same address.
    await withOrthanc(
      async ({ orthanc, dicomWeb }) => {
        const { studyInstanceUID, files } = chestStudy('after reset');
        await sendByCStore(files, orthanc);
        const service = await startTestService(orthanc, { dataDir });
        try {
          assert.equal(orthanc.url, url.value);
          await eventuallyOneResult(dicomWeb, studyInstanceUID);
          assert.ok(((await service.store.cursors.read(orthanc.url))?.lastSeq ?? 0) < 30, 'the cursor follows the new log');
        } finally {
          await service.stop();
        }
      },
      { httpPort: Number(new URL(url.value).port) },
    );
  });

  test('at the first contact an archive is not analysed, recent studies are', async () => {
    await withOrthanc(async ({ orthanc, dicomWeb }) => {
      const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
      const old = chestStudy('archive old');
      const recent = chestStudy('archive recent', [{ attributes: { StudyDate: today } }]);
      await sendByCStore([...old.files, ...recent.files], orthanc);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const service = await startTestService(orthanc, { orthanc: { analyseArchive: false } });
      try {
        await eventuallyOneResult(dicomWeb, recent.studyInstanceUID);
        const arriving = chestStudy('archive arriving');
        await sendByCStore(arriving.files, orthanc);
        await eventuallyOneResult(dicomWeb, arriving.studyInstanceUID);
        assert.equal(await service.store.results.currentResult(old.studyInstanceUID), undefined);
      } finally {
        await service.stop();
      }
    });
  });

  test('a lost wake-up and a cleared change log: the sweep finds the study', async () => {
    await withOrthanc(async ({ orthanc, dicomWeb, endpoint }) => {
      const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
      const { studyInstanceUID, files } = chestStudy('swept', [{ attributes: { StudyDate: today } }]);
      await sendByCStore(files, orthanc);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const cleared = await fetch(`${endpoint.url}/changes`, {
        method: 'DELETE',
        headers: { authorization: `Basic ${Buffer.from(`${endpoint.username}:${endpoint.password}`).toString('base64')}` },
      });
      assert.equal(cleared.status, 200);
      const service = await startTestService(orthanc);
      try {
        await eventuallyOneResult(dicomWeb, studyInstanceUID);
      } finally {
        await service.stop();
      }
    });
  });
});

describe('Orthanc answers badly', () => {
  const pacs = useOrthanc();
  // Only requests about the study of the test: those of the studies before it are adopted at the same time.
  const images = (study: string): RegExp => new RegExp(`^GET /dicom-web/studies/${study}/series`);
  const cases: readonly {
    readonly name: string;
    readonly mischief: Parameters<FaultyProxy['misbehave']>[0];
    readonly only: (study: string) => RegExp;
  }[] = [
    { name: '401 to everything', mischief: { kind: 'status', status: 401 }, only: () => /./ },
    { name: '500 to everything', mischief: { kind: 'status', status: 500 }, only: () => /./ },
    { name: '404 to the image', mischief: { kind: 'status', status: 404 }, only: images },
    { name: '500 to the image', mischief: { kind: 'status', status: 500 }, only: images },
    { name: '503 to storing', mischief: { kind: 'status', status: 503 }, only: () => /^POST \/dicom-web\/studies/ },
    { name: 'half a multipart body', mischief: { kind: 'shorten', keepBytes: 20_000 }, only: images },
    { name: 'a connection cut in the image', mischief: { kind: 'cut', afterBytes: 20_000 }, only: images },
    {
      name: 'no answer within the time limit',
      mischief: { kind: 'delay', delayMs: 6_000 },
      only: (study) => new RegExp(`^GET /dicom-web/studies/${study}/metadata`),
    },
    { name: 'bytes that are not HTTP', mischief: { kind: 'garble' }, only: () => /^GET \/(studies|dicom-web)/ },
  ];
  for (const { name, mischief, only } of cases) {
    test(name, async () => {
      const proxy = await startFaultyProxy(pacs.orthanc);
      const service = await startTestService(pacs.orthanc, { url: proxy.url, orthanc: { requestTimeoutMs: 2_000 } });
      try {
        const { studyInstanceUID, files } = chestStudy(`bad answers ${name}`);
        // A 404 says that the image is gone: that is believed at once, so it comes only once.
        proxy.misbehave(mischief, { only: only(studyInstanceUID), times: name.startsWith('404') ? 1 : 3 });
        await sendByCStore(files, pacs.orthanc);
        if (name.startsWith('404')) {
          // The job stays failed until a user retries it; or it is retried automatically, if the document of the failure is
          // detected before the failure is recorded. In both cases the failure is superseded.
          const text = await eventually(
            'the study is reported after all',
            async () => {
              for (const { id } of await service.jobs.failedJobs()) await service.jobs.retryFailedJob(id);
              return assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID, { total: 2 });
            },
            { timeoutMs: 60_000, intervalMs: 500 },
          );
          assert.equal(text.report.outcome.kind, 'reported');
          const { all } = await documentsOf(pacs.dicomWeb, studyInstanceUID);
          const failed = all.find((one) => one.report.outcome.kind === 'failed');
          assert.equal(failed?.report.outcome.kind === 'failed' && failed.report.outcome.code, 'pacs-not-found');
          assert.ok(text.report.predecessors.some((one) => one.sopInstanceUID === failed?.reference.sopInstanceUID));
        } else {
          const text = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
          assert.equal(text.report.outcome.kind, 'reported');
        }
      } finally {
        await service.stop();
        await proxy.close();
      }
    });
  }
});
