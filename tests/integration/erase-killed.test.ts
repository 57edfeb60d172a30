import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { textOf } from '../../src/dicom/data-set.js';
import { silentLog } from '../../src/log.js';
import type { ShownErasure } from '../../src/server/schemas/erasures.js';
import { isWrittenHere } from '../../src/sr/own-document.js';
import { openStore } from '../../src/store/store.js';
import { chestAi } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { eventuallyOneResult, startTestService } from '../support/service.js';
import { storeBackends, type StoreBackend } from '../support/store.js';
import { twoFindingModel } from '../support/two-finding-model.js';

for (const backend of storeBackends()) {
  describe(`kill -9 of the command that erases, on ${backend.name}`, { skip: backend.missing }, () => killTests(backend));
}

function killTests(backend: StoreBackend): void {
  const dataDir = temporaryDirectory('erase-killed');
  let proxy: FaultyProxy;
  let databaseUrl: string | undefined;
  after(async () => {
    await proxy?.close();
    await backend.stop();
  });
  const pacs = useOrthanc();
  const study = (name: string) => chestStudy(`killed ${name} ${backend.name}`, [{ attributes: { PatientID: `KILLED ${name}` } }]);
  const steps = { 'at the first document': { when: 'before', nth: 1 }, 'after the second document': { when: 'after', nth: 2 } } as const;
  const studies = Object.keys(steps).map(study);

  before(async () => {
    proxy = await startFaultyProxy(pacs.orthanc);
    const location = await backend.location();
    databaseUrl = 'databaseUrl' in location ? location.databaseUrl : undefined;
    const service = await startTestService(pacs.orthanc, { dataDir, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
    await sendByCStore(
      studies.flatMap((one) => one.files),
      pacs.orthanc,
    );
    for (const { studyInstanceUID } of studies) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    await service.stop();
  });

  const environment = (): Record<string, string> => ({
    PATH: process.env['PATH'] ?? '',
    DATA_DIR: dataDir,
    MODEL_DIR: twoFindingModel,
    ORTHANC_URL: proxy.url,
    ORTHANC_USERNAME: pacs.orthanc.username ?? '',
    ORTHANC_PASSWORD: pacs.orthanc.password ?? '',
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  });
  const writtenIn = async (uid: ReturnType<typeof study>['studyInstanceUID']): Promise<number> =>
    (await pacs.dicomWeb.retrieveStudyMetadata(uid)).filter(isWrittenHere).length;

  /** Runs the command and kills it at that request to delete a document. */
  async function killedErase(patient: string, { when, nth }: { readonly when: 'before' | 'after'; readonly nth: number }): Promise<void> {
    const child = spawn(process.execPath, [join(projectRoot, 'dist/src/cli.js'), 'erase', '--patient', patient, '--yes'], {
      cwd: projectRoot,
      env: environment(),
      stdio: 'ignore',
    });
    const gone = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    let deletions = 0;
    const trap = (): void =>
      proxy.misbehave(
        {
          kind: 'trap',
          when,
          spring: () => {
            if (++deletions === nth) child.kill('SIGKILL');
          },
        },
        { only: /^DELETE / },
      );
    if (nth === 1) trap();
    // The first deletions pass; the trap is set when they have been seen.
    else {
      const before = proxy.requests.length;
      deletions = nth - 1;
      const timer = setInterval(() => {
        if (proxy.requests.slice(before).filter((one) => one.startsWith('DELETE ')).length >= nth - 1) {
          trap();
          clearInterval(timer);
        }
      }, 1);
    }
    assert.equal(await gone, 'SIGKILL');
    proxy.behave();
  }

  for (const [name, step] of Object.entries(steps))
    test(`${name}: repeated, the command completes it, and still names what it found`, async () => {
      const { studyInstanceUID } = study(name);
      const patient = `KILLED ${name}`;
      const documents = await writtenIn(studyInstanceUID);
      assert.ok(documents > 2);
      await killedErase(patient, step);
      const left = await writtenIn(studyInstanceUID);
      assert.ok(left > 0 && (step.nth === 1 ? left === documents : left < documents), `${left} of ${documents}`);
      const { code, stdout, stderr } = await chestAi(['erase', '--patient', patient, '--yes', '--json'], environment());
      assert.equal(code, 0, stderr);
      const erased = JSON.parse(stdout) as ShownErasure;
      assert.deepEqual([erased.isErased, erased.rows['result'], erased.studies[0]!.reports + erased.studies[0]!.heatMaps], [true, 1, left]);
      const images = await pacs.dicomWeb.retrieveStudyMetadata(studyInstanceUID);
      assert.deepEqual(
        images.map((one) => textOf(one, 'Modality')),
        ['CR'],
      );
      const store = await openStore(databaseUrl === undefined ? { dataDir: join(dataDir, 'index') } : { databaseUrl }, silentLog);
      try {
        assert.equal(await store.erasures.isErased(studyInstanceUID), true);
        assert.deepEqual(
          Object.entries(await store.erasures.count([studyInstanceUID])).filter(([, n]) => n > 0),
          [],
        );
        const entries = (await store.audit.list({ action: 'patient.erase', limit: 3 })).map(({ outcome }) => outcome);
        assert.deepEqual(entries, ['done', 'intended', 'intended'], 'the killed attempt left its intention');
      } finally {
        await store.close();
      }
    });
}
