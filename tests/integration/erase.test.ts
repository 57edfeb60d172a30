import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { verifyAudit } from '../../src/audit/verify.js';
import { textOf } from '../../src/dicom/data-set.js';
import { silentLog } from '../../src/log.js';
import { labelledImages } from '../../src/retraining/labelled-images.js';
import { pictureKeyOf } from '../../src/retraining/picture-key.js';
import { retrainingMemoryOf } from '../../src/retraining/retraining-memory.js';
import { administrationOf } from '../../src/server/access/administration.js';
import type { ShownErasure } from '../../src/server/schemas/erasures.js';
import type { RunningService } from '../../src/service/start-service.js';
import { isWrittenHere } from '../../src/sr/own-document.js';
import { chestAi } from '../support/chest-ai-command.js';
import { chestStudy, type TestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { eventuallyOneResult, startTestService } from '../support/service.js';
import { storeBackends } from '../support/store.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const patience = { timeoutMs: 90_000, intervalMs: 200 };

/** The same file with its texts in ISO 8859-1, and Ä in place of the X of its Patient ID. */
function inLatin1(file: Uint8Array): Uint8Array {
  const bytes = Buffer.from(file);
  bytes.write('ISO_IR 100', bytes.indexOf('ISO_IR 192'), 'latin1');
  bytes.write('Ä', bytes.indexOf('XQ 5'), 'latin1');
  return bytes;
}

for (const backend of storeBackends()) {
  describe(`erasing of a patient beside the running service, on ${backend.name}`, { skip: backend.missing }, () => {
    const dataDir = temporaryDirectory('erase');
    let proxy: FaultyProxy;
    let receiver: WebhookReceiver;
    let service: RunningService | undefined;
    after(async () => {
      await service?.stop();
      await proxy?.close();
      await receiver?.close();
      await backend.stop();
    });
    const pacs = useOrthanc();
    const running = (): RunningService => service!;

    const patientId = 'ÄB 12*';
    const study = (name: string, PatientID: string, more = {}): TestStudy =>
      chestStudy(`${name} ${backend.name}`, [{ attributes: { PatientID, SpecificCharacterSet: 'ISO_IR 192', ...more } }]);
    const [first, second] = [study('first', patientId, { OtherPatientIDs: 'OLD-7' }), study('second', patientId)] as const;
    // Found by a wildcard, by a comparison without case, or by one without letters that are not ASCII.
    const others = [study('longer', 'ÄB 123'), study('case', 'äb 12*'), study('ascii', 'B 12*'), study('blanks', 'ÄB  12*')];
    const all = [first, second, ...others];
    const issuers = ['CLINIC', 'HOSPITAL'].map((IssuerOfPatientID) => study(`of ${IssuerOfPatientID}`, 'SHARED', { IssuerOfPatientID }));

    let trained = '';
    const tokenFile = join(temporaryDirectory('erase-token'), 'token');
    const erase = async (...options: readonly string[]) =>
      chestAi(['erase', ...options, '--token-file', tokenFile, '--url', running().url]);
    const erased = async (...options: readonly string[]): Promise<ShownErasure> => {
      const { code, stdout, stderr } = await erase(...options, '--json');
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout) as ShownErasure;
    };
    const writtenIn = async ({ studyInstanceUID }: TestStudy): Promise<readonly string[]> =>
      (await pacs.dicomWeb.retrieveStudyMetadata(studyInstanceUID)).filter(isWrittenHere).map((one) => textOf(one, 'SOPInstanceUID')!);
    const eventuallyIdle = () =>
      eventually(
        'no job is left',
        async () => {
          const stats = await running().jobs.stats();
          assert.deepEqual(
            stats.filter((one) => one.waiting + one.active + one.retrying > 0).map((one) => one.queue),
            [],
          );
        },
        patience,
      );

    /** Tables and files that contain the text; entries of the audit log and, of the embedded database, its own files are left out. */
    async function placesWith(text: string): Promise<readonly string[]> {
      const { sql } = running().store;
      const { rows } = await sql.query<{ table: string }>({
        text: `SELECT table_schema || '.' || table_name AS "table" FROM information_schema.tables
          WHERE table_schema IN ('chest_ai', 'chest_ai_jobs') AND table_type = 'BASE TABLE' AND table_name <> 'audit_entry'`,
      });
      const found: string[] = [];
      for (const { table } of rows) {
        const counted = await sql.query<{ n: number }>({
          text: `SELECT count(*)::int AS n FROM ${table} AS one WHERE position($1 IN one::text) > 0`,
          values: [text],
        });
        if (counted.rows[0]!.n > 0) found.push(table);
      }
      for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || path.startsWith(join(dataDir, 'index'))) continue;
        if (path.includes(text) || readFileSync(path).includes(text)) found.push(path);
      }
      return found.sort();
    }

    function putTrainingFiles(studies: readonly TestStudy[]): void {
      const retraining = join(dataDir, 'retraining');
      mkdirSync(join(retraining, 'pictures', '64'), { recursive: true });
      mkdirSync(join(retraining, 'run'), { recursive: true });
      for (const { studyInstanceUID } of studies) {
        const key = pictureKeyOf({ studyInstanceUID, sopInstanceUID: `${studyInstanceUID}.1` });
        writeFileSync(join(retraining, 'pictures', '64', `${key}.png`), 'picture');
      }
      const labels = JSON.stringify(studies.map(({ studyInstanceUID }) => `${studyInstanceUID} pneumonia present`));
      writeFileSync(join(retraining, 'labels.json'), labels);
      writeFileSync(join(retraining, 'run', 'labels.json'), labels);
      writeFileSync(join(retraining, 'run', 'plan.json'), '{}');
    }

    /** A version that was trained on the image of a study, as a retraining run writes it. */
    async function putTrainedVersion({ studyInstanceUID }: TestStudy): Promise<string> {
      const place = { dataDir, line: undefined };
      const { store, registry } = running();
      const key = await retrainingMemoryOf(place, store).patientKey();
      const [image] = await labelledImages([{ studyInstanceUID, finding: 'pneumonia', decision: 'present' }], ['pneumonia'], {
        pacs: pacs.dicomWeb,
        maxImages: 10,
        keyOf: (identifier) => createHmac('sha256', key).update(identifier).digest('hex').slice(0, 32),
        siteOf: () => 'site',
        log: silentLog,
      });
      // Not part of what names a version: the version that serves is as good as another.
      const { version } = running().model;
      const file = join(registry.directory, 'versions', version, 'lineage.json');
      const lineage = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...lineage, trainedOn: [image!.patient] }));
      return version;
    }

    before(async () => {
      proxy = await startFaultyProxy(pacs.orthanc);
      receiver = await startWebhookReceiver();
      const location = await backend.location();
      service = await startTestService(pacs.orthanc, {
        url: proxy.url,
        dataDir,
        ...('databaseUrl' in location ? { databaseUrl: location.databaseUrl } : {}),
        messages: {
          channels: [{ name: 'ris', webhook: { url: receiver.url, plainHttp: true, secret: 'a secret of this test' } }],
          rules: [{ channel: 'ris', decision: 'any' }],
        },
      });
      const administration = administrationOf(service.store, openAuditLog(service.store.audit, silentLog));
      writeFileSync(tokenFile, (await administration.addToken({ name: 'privacy', roles: ['admin'] }, { actor: 'test' })).token);
      await sendByCStore(
        all.flatMap((one) => one.files),
        pacs.orthanc,
      );
      for (const { studyInstanceUID } of all) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
      await service.assessments.give({
        studyInstanceUID: first.studyInstanceUID,
        reader: service.assessments.readerOf('anna'),
        findings: [{ name: 'pneumonia', decision: 'present' }],
        origin: 'api',
      });
      await eventuallyIdle();
      trained = await putTrainedVersion(first);
      putTrainingFiles([first, others[0]!]);
    });

    test('only listed: of this patient alone, with what was sent elsewhere and the other ID; nothing is changed', async () => {
      const found = await erased('--patient', ` ${patientId} `);
      assert.deepEqual(
        [...found.studies]
          .sort((a, b) => b.assessments - a.assessments)
          .map((one) => [one.studyInstanceUID, one.isInPacs, one.assessments]),
        [
          [first.studyInstanceUID, true, 1],
          [second.studyInstanceUID, true, 0],
        ],
      );
      assert.deepEqual(found.otherPatientIds, ['OLD-7']);
      assert.deepEqual(found.trainedVersions, [{ line: 'default', version: trained }]);
      assert.equal(found.similarPatients, 0, 'an ID with a wildcard is not looked up');
      assert.deepEqual([found.isErased, found.pictures, found.runs, found.labelsOfRuns], [false, 1, 1, 1]);
      assert.deepEqual(
        found.sent.map(({ kind, to, state }) => [kind, to, state]),
        [
          ['message', 'ris', 'accepted'],
          ['message', 'ris', 'accepted'],
        ],
      );
      assert.deepEqual([found.rows['result'], found.rows['study'], found.rows['assessment'], found.rows['label']], [2, 2, 1, 1]);
      for (const one of [first, second]) assert.ok((await writtenIn(one)).length > 0);
      const { stdout, code } = await erase('--patient', patientId, '--dry-run', '--yes');
      assert.equal(code, 0);
      assert.match(stdout, /Nothing was erased/);
      assert.equal((await running().store.results.ofStudy(first.studyInstanceUID)).length, 1);
    });

    test('erased: no UID of a study or document is left in database and DATA_DIR, no document in the PACS; other patients keep theirs', async () => {
      const documents = (await Promise.all([first, second].map(writtenIn))).flat();
      const before = await Promise.all(others.map(writtenIn));
      const { code, stdout, stderr } = await erase('--patient', patientId, '--yes');
      assert.equal(code, 0, stderr);
      assert.ok(stdout.includes(`model ${trained} of line default; its weights stay`));
      assert.match(stdout, /Erased\. Images stay in the PACS/);
      assert.match(stdout, /follow up yourself: message sent to ris, 20\d\d-.*, id [0-9a-f]{20}/);
      for (const one of [first, second]) {
        assert.deepEqual(await writtenIn(one), []);
        assert.equal((await pacs.dicomWeb.retrieveStudyMetadata(one.studyInstanceUID)).length, 1, 'the image stays');
      }
      await eventuallyIdle();
      for (const uid of [...documents, first.studyInstanceUID, second.studyInstanceUID]) assert.deepEqual(await placesWith(uid), []);
      assert.deepEqual(await Promise.all(others.map(writtenIn)), before);
      for (const { studyInstanceUID } of others) assert.ok(await running().store.results.currentResult(studyInstanceUID));
      assert.deepEqual(readdirSync(join(dataDir, 'retraining', 'pictures', '64')), [
        `${pictureKeyOf({ studyInstanceUID: others[0]!.studyInstanceUID, sopInstanceUID: `${others[0]!.studyInstanceUID}.1` })}.png`,
      ]);
      assert.ok(!readdirSync(join(dataDir, 'retraining')).includes('run'));
    });

    test('the audit log says who, when and how much, names the patient by a keyed hash, and stays whole', async () => {
      const { store } = running();
      const entries = await store.audit.list({ action: 'patient.erase' });
      assert.deepEqual(
        entries.map(({ actor, outcome }) => [actor, outcome]),
        [
          ['token:privacy', 'done'],
          ['token:privacy', 'intended'],
        ],
      );
      const subject = JSON.parse(entries[1]!.subject) as Record<string, unknown>;
      assert.match(String(subject['patient']), /^PatientID#[0-9a-f]{16}$/);
      assert.deepEqual([subject['studies'], subject['assessments'], subject['pictures']], [2, 1, 1]);
      assert.match(JSON.stringify(subject['sent']), /message ris [0-9a-f]{20}/);
      for (const { subject: text } of await store.audit.after(0, 1_000)) assert.ok(!text.includes('12*'), text);
      assert.ok((await verifyAudit(store.audit)).intact);
    });

    test('the studies are not analysed again: sent again, searched for, or asked for an assessment; allowed, they are', async () => {
      await sendByCStore(
        [
          ...second.files,
          ...chestStudy(`second ${backend.name}`, [{ number: 2, attributes: { PatientID: patientId, SpecificCharacterSet: 'ISO_IR 192' } }])
            .files,
        ],
        pacs.orthanc,
      );
      // Sent after it: when this one has its result, the change log was read past the erased one.
      const later = study('later', 'LATER');
      await sendByCStore(later.files, pacs.orthanc);
      await eventuallyOneResult(pacs.dicomWeb, later.studyInstanceUID);
      await eventuallyIdle();
      assert.deepEqual(await writtenIn(second), []);
      assert.deepEqual(await placesWith(second.studyInstanceUID), []);
      await assert.rejects(
        running().assessments.give({
          studyInstanceUID: second.studyInstanceUID,
          reader: running().assessments.readerOf('anna'),
          findings: [{ name: 'pneumonia', decision: 'present' }],
          origin: 'api',
        }),
        /data of this study were erased/,
      );
      assert.deepEqual(await writtenIn(second), []);

      const { allowed } = await erased('--study', second.studyInstanceUID, '--allow');
      assert.equal(allowed, 1);
      await sendByCStore(
        chestStudy(`second ${backend.name}`, [{ number: 3, attributes: { PatientID: patientId, SpecificCharacterSet: 'ISO_IR 192' } }])
          .files,
        pacs.orthanc,
      );
      await eventuallyOneResult(pacs.dicomWeb, second.studyInstanceUID);
    });

    test('several issuers of one ID: nothing is done until one is chosen', async () => {
      await sendByCStore(
        issuers.flatMap((one) => one.files),
        pacs.orthanc,
      );
      for (const { studyInstanceUID } of issuers) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
      await eventuallyIdle();
      const refused = await erase('--patient', 'SHARED', '--yes');
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /expected an issuer, because several give this Patient ID: "CLINIC", "HOSPITAL"/);
      const found = await erased('--patient', 'SHARED', '--issuer', 'CLINIC', '--yes');
      assert.deepEqual(
        found.studies.map((one) => one.studyInstanceUID),
        [issuers[0]!.studyInstanceUID],
      );
      assert.deepEqual(await writtenIn(issuers[0]!), []);
      assert.ok((await writtenIn(issuers[1]!)).length > 0);
    });

    test('a Patient ID in another character set is the same; one that differs by case or accents is counted and not touched', async () => {
      const [latin, lower] = [study('latin', 'XQ 5'), study('lower', 'äq 5')];
      await sendByCStore([inLatin1(latin.files[0]!), ...lower.files], pacs.orthanc);
      const found = await erased('--patient', 'ÄQ 5');
      assert.deepEqual(
        found.studies.map((one) => one.studyInstanceUID),
        [latin.studyInstanceUID],
      );
      assert.equal(found.similarPatients, 1);
      for (const refused of [['--patient', ' '], ['--issuer', 'CLINIC'], ['--study', '1/2'], ['--patient', 'A', '--study', '1.2'], []]) {
        const { code, stderr } = await erase(...refused);
        assert.notEqual(code, 0);
        assert.match(stderr, /expected/);
      }
      await eventuallyOneResult(pacs.dicomWeb, latin.studyInstanceUID);
      await eventuallyIdle();
    });

    for (const [step, only] of Object.entries({
      'before it stores its documents': /^POST \/dicom-web\/studies$/,
      'after it has stored them, before it reads them back': /^GET \/dicom-web\/studies\/[^/]+\/series\/[^/]+\/instances\/[^/]+$/,
    }))
      test(`erased while the study is analysed, ${step}: nothing comes back`, async () => {
        const active = study(`active ${step}`, `ACTIVE ${step}`);
        const isStored = only.source.includes('GET');
        const before = proxy.requests.length;
        // The image is retrieved by a request of the same form before the documents are stored: the erasing waits for a later one.
        await sendByCStore(active.files, pacs.orthanc);
        proxy.misbehave({ kind: 'delay', delayMs: 1_500 }, { only });
        await eventually(
          'the job is at this step',
          () => {
            const since = proxy.requests.slice(before);
            const at = since.findIndex((one) => /^POST \/dicom-web\/studies$/.test(one));
            assert.ok(isStored ? at >= 0 && since.slice(at).some((one) => only.test(one)) : at >= 0);
          },
          { ...patience, intervalMs: 20 },
        );
        const found = await erased('--patient', `ACTIVE ${step}`, '--yes');
        assert.equal(found.studies.length, 1);
        proxy.behave();
        await eventuallyIdle();
        await eventually('no document is left', async () => assert.deepEqual(await writtenIn(active), []), patience);
        assert.deepEqual(await placesWith(active.studyInstanceUID), []);
      });
  });
}
