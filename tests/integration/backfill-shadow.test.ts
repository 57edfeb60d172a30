import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { archiveStudies, filesOf } from '../support/archive-studies.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { eventuallyOneResult, startTestService } from '../support/service.js';
import { tinyCandidate } from '../support/tiny-model.js';

const patience = { timeoutMs: 60_000 };

describe('an analysis of the archive in shadow', () => {
  let service: RunningService | undefined;
  after(() => service?.stop());
  const pacs = useOrthanc();

  test('the challenger predicts for what has a report, and the PACS gets nothing', async () => {
    const dataDir = temporaryDirectory('backfill-shadow');
    const studies = archiveStudies(2021, 3);
    await sendByCStore(filesOf(studies), pacs.orthanc);
    service = await startTestService(pacs.orthanc, { dataDir });
    const backfills = service.store.backfills;
    for (const { studyInstanceUID } of studies) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    // Has no report: the model abstains from it.
    const lateral = chestStudy('lateral only', [{ view: 'lateral', attributes: { StudyDate: '20210401' } }]);
    await sendByCStore(lateral.files, pacs.orthanc);
    await eventually(
      'it is skipped',
      async () => {
        const current = await service!.store.results.currentResult(lateral.studyInstanceUID);
        assert.equal(current?.outcome, 'skipped');
      },
      patience,
    );
    const instances = async () =>
      (await Promise.all(studies.map((one) => pacs.dicomWeb.retrieveStudyMetadata(one.studyInstanceUID)))).flat().length;
    const before = await instances();

    const { version } = await service.registry.add(tinyCandidate());
    await service.registry.challenge(version, { by: 'test', why: 'test', at: new Date() });
    await eventually('the challenger is on the engine', () => assert.equal(service!.serving.challenger()?.version, version), patience);
    const request = {
      since: '20210301',
      until: '20210531',
      rule: null,
      model: null,
      perHour: 100_000,
      hours: null,
      shadow: true,
      createdBy: 'test',
    };
    const finished = async (id: number) =>
      eventually(
        'it is done',
        async () => {
          const row = (await backfills.find(id))!;
          assert.equal(row.state, 'done', JSON.stringify(row));
          return [row.found, row.done, row.unchanged, row.skipped, row.failed];
        },
        patience,
      );
    assert.deepEqual(await finished((await backfills.create(request, new Date()))!.id), [4, 3, 0, 1, 0]);
    const predicted = await service.store.shadow.ofVersion(version);
    assert.deepEqual(predicted.map((row) => row.studyInstanceUID).sort(), studies.map((one) => String(one.studyInstanceUID)).sort());
    assert.equal(await instances(), before);
    // What is predicted is not predicted again.
    assert.deepEqual(await finished((await backfills.create(request, new Date()))!.id), [4, 0, 3, 1, 0]);
  });
});
