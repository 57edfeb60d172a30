import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore, sendByStow } from '../support/send.js';
import { eventuallyOneResult, startTestService } from '../support/service.js';
import { storeBackends } from '../support/store.js';
import { tinyImage } from '../support/tiny-image.js';
import { twoFindingModel } from '../support/two-finding-model.js';

const assessments = { verifiers: ['petrova'], organization: 'Example Hospital' };

for (const backend of storeBackends()) {
  describe(`rebuild, ${backend.name}`, { skip: backend.missing ?? false }, () => {
    // Before Orthanc's own clean-up, which fails if anything is left running.
    after(() => backend.stop());
    const pacs = useOrthanc();

    function rebuild(environment: Readonly<Record<string, string>>): Promise<{
      readonly results: number;
      readonly assessments: number;
      readonly studies: number;
      readonly gone: number;
      readonly unreadable: readonly unknown[];
    }> {
      const { url, username, password } = pacs.orthanc;
      const env = {
        PATH: process.env['PATH'],
        ORTHANC_URL: url,
        ORTHANC_USERNAME: username,
        ORTHANC_PASSWORD: password,
        MODEL_DIR: twoFindingModel,
        ...environment,
      };
      return new Promise((resolve, reject) => {
        execFile(
          process.execPath,
          [join(projectRoot, 'dist/src/cli.js'), 'rebuild', '--json'],
          { cwd: projectRoot, env },
          (error, out, err) =>
            error ? reject(new Error(`${error.message}\n${err}`)) : resolve(JSON.parse(out) as Awaited<ReturnType<typeof rebuild>>),
        );
      });
    }

    /** Every row that the PACS can tell, ordered; probabilities as the documents give them, times and timings of the process left out. */
    async function tables(store: Store): Promise<unknown> {
      const { results } = await store.results.listResults({ limit: 1000 });
      const studies = await Promise.all(
        [...new Set(results.map((one) => one.studyInstanceUID))].sort().map((uid) => store.studies.find(uid)),
      );
      return {
        results: results
          .map(({ timingsMs: _timings, findings, documents, predecessorResultId, ...row }) => ({
            ...row,
            predecessorResultId,
            findings: [...findings]
              .sort((a, b) => (a.name < b.name ? -1 : 1))
              .map((one) => ({ ...one, probability: Number((one.probability * 100).toFixed(1)) })),
            documents: [...documents].sort((a, b) => (a.sopInstanceUID < b.sopInstanceUID ? -1 : 1)),
          }))
          .sort((a, b) => (a.resultId < b.resultId ? -1 : 1)),
        studies: studies.map(
          (one) =>
            one && {
              studyInstanceUID: one.studyInstanceUID,
              orthancId: one.orthancId,
              state: one.state,
              contentKey: one.contentKey,
              remoteAet: one.remoteAet,
            },
        ),
        assessments: (await Promise.all(studies.map((one) => store.assessments.ofStudy(one!.studyInstanceUID)))).flat(),
        labels: await store.labels.statements(),
      };
    }

    test('results, assessments, labels and cursor come back from Orthanc alone; a second run of everything stores nothing new', async () => {
      const location = await backend.location();
      const started = 'dataDir' in location ? { dataDir: temporaryDirectory('rebuild') } : { databaseUrl: location.databaseUrl };
      const service = await startTestService(pacs.orthanc, { ...started, assessments });
      const early = chestStudy('rebuild late', [{ number: 1 }]);
      const lateral = chestStudy('rebuild lateral', [{ view: 'lateral' }]);
      const plain = chestStudy('rebuild plain');
      await sendByCStore([...early.files, ...lateral.files], pacs.orthanc, { calling: 'MODALITY1' });
      await sendByStow(plain.files, pacs.dicomWeb);
      for (const study of [early, lateral, plain]) await eventuallyOneResult(pacs.dicomWeb, study.studyInstanceUID);
      await sendByCStore(chestStudy('rebuild late', [{ number: 2, attributes: { AcquisitionTime: '120000' } }]).files, pacs.orthanc, {
        calling: 'MODALITY1',
      });
      await eventuallyOneResult(pacs.dicomWeb, early.studyInstanceUID, { total: 2 });
      const assess = (reader: string, decision: 'present' | 'absent', adjudicates = false) =>
        service.assessments.give({
          studyInstanceUID: plain.studyInstanceUID,
          reader: service.assessments.readerOf(reader),
          findings: [{ name: 'pneumonia', decision }],
          adjudicates,
          origin: 'page',
        });
      await assess('meier', 'present');
      await assess('schulz', 'absent');
      await assess('petrova', 'absent', true);
      await eventually(
        'all jobs are done',
        async () => {
          assert.equal(
            (await service.jobs.stats()).reduce((sum, one) => sum + one.waiting + one.active + one.retrying, 0),
            0,
          );
          const states = await service.store.studies.countByState();
          assert.deepEqual([states.arriving, states.queued, states.done], [0, 0, 3]);
        },
        { timeoutMs: 30_000 },
      );
      const before = await tables(service.store);
      const readingBefore = (await service.store.readings.find(plain.studyInstanceUID))!;
      await service.stop();
      const instancesBefore = await countInstances();

      // The database is gone.
      const fresh = await backend.location();
      if ('dataDir' in started) rmSync(join(started.dataDir!, 'index'), { recursive: true });
      const environment = 'databaseUrl' in fresh ? { DATABASE_URL: fresh.databaseUrl } : { DATA_DIR: started.dataDir! };
      const lastChange = await pacs.client.lastChange();
      const first = await rebuild(environment);
      assert.deepEqual(first.unreadable, []);
      assert.deepEqual([first.studies, first.results, first.assessments, first.gone], [3, 4, 3, 0]);
      const where = 'databaseUrl' in fresh ? fresh : { dataDir: join(started.dataDir!, 'index') };
      const store = await openStore(where, silentLog);
      assert.deepEqual(await tables(store), before);
      // An assessment says that a study was read; the urgency follows from what documents and images state.
      const reading = (await store.readings.find(plain.studyInstanceUID))!;
      assert.ok(reading.readAt && ['meier', 'schulz', 'petrova'].includes(reading.reader ?? ''), `read by ${reading.reader}`);
      assert.ok(readingBefore.urgency > 0 && Math.abs(reading.urgency - readingBefore.urgency) < 1);
      assert.deepEqual([reading.ageGroup, reading.encounterClass], [readingBefore.ageGroup, readingBefore.encounterClass]);
      // Orthanc may have called a study stable meanwhile: the cursor stands where the run began, so that nothing is missed.
      const cursor = (await store.cursors.read(pacs.orthanc.url))?.lastSeq ?? -1;
      assert.ok(cursor >= lastChange && cursor <= (await pacs.client.lastChange()), `${cursor} from ${lastChange} on`);
      await store.close();

      const second = await rebuild(environment);
      assert.deepEqual([second.results, second.assessments, second.gone], [0, 0, 0]);
      const again = await startTestService(pacs.orthanc, {
        ...('databaseUrl' in fresh ? { databaseUrl: fresh.databaseUrl } : started),
        assessments,
        orthanc: { sweepDays: 36_500 },
      });
      const { bytes, studyInstanceUID } = tinyImage({ study: `rebuild hand ${backend.name}` }, { BodyPartExamined: 'HAND' });
      await sendByStow([bytes], pacs.dicomWeb);
      await eventually('the service goes on', async () => assert.ok(await again.store.results.currentResult(studyInstanceUID)), {
        timeoutMs: 30_000,
      });
      await again.stop();
      assert.equal(await countInstances(), instancesBefore + 1, 'nothing new but what was sent');
    });

    test('images that came while the service was stopped are reported after a rebuild; an assessment deleted from Orthanc is removed', async () => {
      const location = await backend.location();
      const started = 'dataDir' in location ? { dataDir: temporaryDirectory('rebuild') } : { databaseUrl: location.databaseUrl };
      const environment =
        'databaseUrl' in started && started.databaseUrl ? { DATABASE_URL: started.databaseUrl } : { DATA_DIR: started.dataDir! };
      const service = await startTestService(pacs.orthanc, { ...started, assessments });
      const study = chestStudy(`rebuild meanwhile ${backend.name}`, [{ number: 1 }]);
      await sendByStow(study.files, pacs.dicomWeb);
      await eventuallyOneResult(pacs.dicomWeb, study.studyInstanceUID);
      const { assessment } = await service.assessments.give({
        studyInstanceUID: study.studyInstanceUID,
        reader: { name: 'meier' },
        findings: [{ name: 'pneumonia', decision: 'present' }],
        origin: 'page',
      });
      await service.stop();
      await sendByStow(
        chestStudy(`rebuild meanwhile ${backend.name}`, [{ number: 2, attributes: { AcquisitionTime: '120000' } }]).files,
        pacs.dicomWeb,
      );
      const [id] = await pacs.client.instanceIdsOf([assessment.sopInstanceUID as never]);
      await fetch(`${pacs.orthanc.url}/instances/${id}`, {
        method: 'DELETE',
        headers: { authorization: `Basic ${Buffer.from(`${pacs.orthanc.username}:${pacs.orthanc.password}`).toString('base64')}` },
      });

      assert.equal((await rebuild(environment)).gone, 1);
      const again = await startTestService(pacs.orthanc, { ...started, assessments });
      await eventuallyOneResult(pacs.dicomWeb, study.studyInstanceUID, { total: 2 });
      assert.deepEqual(await again.store.labels.ofStudy(study.studyInstanceUID), []);
      await again.stop();
    });

    async function countInstances(): Promise<number> {
      const studies = await pacs.dicomWeb.searchForStudies({}, {});
      const all = await Promise.all(studies.map((one) => pacs.dicomWeb.retrieveStudyMetadata(String(one['StudyInstanceUID']) as never)));
      return all.reduce((sum, one) => sum + one.length, 0);
    }
  });
}
