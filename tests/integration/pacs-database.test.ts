import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { SOPInstanceUID } from '../../src/dicom/uid.js';
import type { RunningService } from '../../src/service/start-service.js';
import { startPrivateOrthanc, type RunningOrthanc } from '../../src/orthanc/private-orthanc.js';
import { chestStudy, type TestStudy } from '../support/chest-study.js';
import { clientsOf, type Clients } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, startTestService } from '../support/service.js';

const timeoutMs = 90_000;

/** One PACS at one address whose database is deleted, restored or made anew, and the service beside it. */
class Hospital {
  orthanc!: RunningOrthanc;
  service!: RunningService;
  readonly #directory = temporaryDirectory('database');
  readonly #dataDir = temporaryDirectory('service');
  readonly #credentials = { username: 'chest-ai', password: 'of this test' };
  #httpPort = 0;

  clients!: Clients;

  async open(): Promise<void> {
    this.#httpPort ||= await freePort();
    this.orthanc = await startPrivateOrthanc({
      directory: this.#directory,
      stableAgeSeconds: 1,
      httpPort: this.#httpPort,
      credentials: this.#credentials,
    });
    this.#closeClients();
    this.clients = clientsOf(this.orthanc);
  }

  /** Studies that were stored long before the service started: Orthanc records no further changes of them. */
  async sendArchive(...archive: readonly TestStudy[]): Promise<void> {
    await this.send(...archive);
    const { client } = this.clients;
    await eventually(
      'the archive is stable',
      async () => {
        const { changes } = await client.changes(0, 1_000);
        assert.equal(changes.filter((one) => one.type === 'StablePatient').length, archive.length);
      },
      { timeoutMs },
    );
  }

  async startService(): Promise<void> {
    this.service = await startTestService(this.orthanc, {
      dataDir: this.#dataDir,
      orthanc: { analyseArchive: false, pollIntervalMs: 100 },
    });
  }

  /** A copy of the database as it is now. */
  async backUp(): Promise<string> {
    const copy = temporaryDirectory('copy');
    await this.orthanc.stop();
    cpSync(this.#directory, copy, { recursive: true });
    await this.open();
    return copy;
  }

  /** @param copy the database that the PACS has from now on; without one it is empty */
  async replaceDatabase(copy?: string): Promise<void> {
    await this.orthanc.stop();
    rmSync(this.#directory, { recursive: true, force: true });
    if (copy) cpSync(copy, this.#directory, { recursive: true });
    await this.open();
  }

  send(...studies: readonly TestStudy[]): Promise<void> {
    return sendByCStore(
      studies.flatMap((one) => one.files),
      this.orthanc,
    );
  }

  async eventuallyReported(...studies: readonly TestStudy[]): Promise<void> {
    for (const { studyInstanceUID } of studies) {
      await eventually(
        `a report of ${studyInstanceUID}`,
        async () => {
          assert.equal((await this.service.store.results.currentResult(studyInstanceUID))?.outcome, 'reported');
          await assertOneCurrentResult(this.clients.dicomWeb, studyInstanceUID);
        },
        { timeoutMs, intervalMs: 300 },
      );
    }
  }

  async delete({ studyInstanceUID }: TestStudy): Promise<void> {
    const { client } = this.clients;
    await client.deleteStudy((await client.findStudy(studyInstanceUID))!);
    await eventually(
      'it left the index',
      async () => assert.equal(await this.service.store.results.currentResult(studyInstanceUID), undefined),
      { timeoutMs },
    );
  }

  async assertUntouched(...studies: readonly TestStudy[]): Promise<void> {
    for (const { studyInstanceUID } of studies)
      assert.equal(
        await this.service.store.results.currentResult(studyInstanceUID),
        undefined,
        `${studyInstanceUID} of the archive was analysed`,
      );
  }

  async close(): Promise<void> {
    await this.service?.stop().catch(() => undefined);
    this.#closeClients();
    await this.orthanc?.kill();
  }

  #closeClients(): void {
    this.clients?.client.close();
    this.clients?.dicomWeb.close();
  }
}

async function inHospital(work: (hospital: Hospital) => Promise<void>): Promise<void> {
  const hospital = new Hospital();
  try {
    await hospital.open();
    await work(hospital);
  } finally {
    await hospital.close();
  }
}

const studies = (name: string, count: number): readonly TestStudy[] =>
  Array.from({ length: count }, (_, index) => chestStudy(`${name} ${index}`));

describe('the database of the PACS', () => {
  test('C2, U1: the newest study is deleted, then everything that was reported: the archive is left alone, what arrives is reported', () =>
    inHospital(async (hospital) => {
      const archive = studies('archive', 6);
      await hospital.sendArchive(...archive);
      await hospital.startService();
      const [first, second, third] = studies('arriving', 3);
      await hospital.send(first!);
      await hospital.eventuallyReported(first!);
      await hospital.delete(first!);
      await hospital.send(second!);
      await hospital.eventuallyReported(second!);
      await hospital.assertUntouched(...archive);
      await hospital.delete(second!);
      const { client } = hospital.clients;
      for (const { studyInstanceUID } of archive) await client.deleteStudy((await client.findStudy(studyInstanceUID))!);
      await hospital.send(third!);
      await hospital.eventuallyReported(third!);
      await hospital.assertUntouched(...archive);
    }));

  test('C2: Orthanc is restarted by /tools/reset: nothing is read again', () =>
    inHospital(async (hospital) => {
      const archive = studies('reset archive', 3);
      await hospital.sendArchive(...archive);
      await hospital.startService();
      await orthancRequest(hospital.clients.endpoint, 'POST', '/tools/reset', {});
      await eventually('Orthanc answers again', async () => assert.ok(await hospital.clients.client.system()), { timeoutMs });
      const [next] = studies('after restart', 1);
      await hospital.send(next!);
      await hospital.eventuallyReported(next!);
      await hospital.assertUntouched(...archive);
    }));

  test('D19: another database with more changes than the cursor: all of it is read', () =>
    inHospital(async (hospital) => {
      await hospital.startService();
      const [before] = studies('before', 1);
      await hospital.send(before!);
      await hospital.eventuallyReported(before!);
      const read = await hospital.clients.client.lastChange();
      await hospital.service.stop();
      await hospital.replaceDatabase();
      const fresh = studies('fresh', 10);
      await hospital.send(...fresh);
      await eventually(
        'the new database has more changes than were read of the old one',
        async () => assert.ok((await hospital.clients.client.lastChange()) > read),
        { timeoutMs },
      );
      await hospital.startService();
      await hospital.eventuallyReported(...fresh);
      await eventually('the study of the old database left the index', async () => hospital.assertUntouched(before!), { timeoutMs });
    }));

  test('D19: an older copy is restored and grows past the cursor: what arrived since is reported, the archive is left alone', () =>
    inHospital(async (hospital) => {
      const archive = studies('copy archive', 4);
      await hospital.sendArchive(...archive);
      await hospital.startService();
      const [kept, lost] = studies('copy', 2);
      await hospital.send(kept!);
      await hospital.eventuallyReported(kept!);
      const copy = await hospital.backUp();
      await hospital.send(lost!);
      await hospital.eventuallyReported(lost!);
      await hospital.service.stop();
      await hospital.replaceDatabase(copy);
      const since = studies('since the copy', 4);
      await hospital.send(...since);
      await hospital.startService();
      await hospital.eventuallyReported(...since, kept!);
      await eventually('the lost study left the index', async () => hospital.assertUntouched(lost!), { timeoutMs });
      await hospital.assertUntouched(...archive);
    }));

  test('an older copy is restored that contains an assessment which was deleted since: it counts again', () =>
    inHospital(async (hospital) => {
      await hospital.startService();
      const [assessed] = studies('assessed', 1);
      const { studyInstanceUID } = assessed!;
      await hospital.send(assessed!);
      await hospital.eventuallyReported(assessed!);
      const { assessment } = await hospital.service.assessments.give({
        studyInstanceUID,
        reader: { name: 'Dr. Reader' },
        findings: [{ name: 'pneumonia', decision: 'absent' }],
        origin: 'pacs',
      });
      const labels = (): Promise<readonly unknown[]> => hospital.service.store.labels.ofStudy(studyInstanceUID);
      assert.equal((await labels()).length, 1);
      // So many lines of the change log follow the assessment that it is not read again after the copy was restored.
      const following = studies('after the assessment', 5);
      await hospital.send(...following);
      await hospital.eventuallyReported(...following);
      const copy = await hospital.backUp();
      const [id] = await hospital.clients.client.instanceIdsOf([assessment.sopInstanceUID as SOPInstanceUID]);
      await hospital.clients.client.deleteInstance(id!);
      await eventually('the label is removed', async () => assert.deepEqual(await labels(), []), { timeoutMs });
      const [later] = studies('after the deletion', 1);
      await hospital.send(later!);
      await hospital.eventuallyReported(later!);
      await hospital.replaceDatabase(copy);
      await eventually('the label counts again', async () => assert.equal((await labels()).length, 1), { timeoutMs });
    }));

  test('M3: the PACS is rebuilt from its images while the service is down: the documents are written again', () =>
    inHospital(async (hospital) => {
      await hospital.startService();
      const reported = studies('rebuilt', 3);
      await hospital.send(...reported);
      await hospital.eventuallyReported(...reported);
      await hospital.service.stop();
      await hospital.replaceDatabase();
      await hospital.send(...studies('rebuilt before', 4), ...reported);
      await hospital.startService();
      await hospital.eventuallyReported(...reported);
    }));
});
