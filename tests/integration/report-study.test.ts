import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { textOf } from '../../src/dicom/data-set.js';
import { skipReasons } from '../../src/reporting/skip.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore, sendByStow } from '../support/send.js';
import { assertOneCurrentResult, documentsOf, eventuallyOneResult, startTestService } from '../support/service.js';
import { tinyImage } from '../support/tiny-image.js';

describe('the report story on a real Orthanc', () => {
  const pacs = useOrthanc();
  let service: RunningService;

  before(async () => {
    service = await startTestService(pacs.orthanc);
  });
  after(async () => {
    await service.stop();
  });

  async function recorded(study: string): Promise<NonNullable<Awaited<ReturnType<typeof service.store.results.currentResult>>>> {
    return eventually(
      `a result of ${study}`,
      async () => {
        const result = await service.store.results.currentResult(study);
        assert.ok(result);
        return result;
      },
      { timeoutMs: 60_000 },
    );
  }

  test('a chest X-ray that arrives by C-STORE comes back with findings', async () => {
    const { studyInstanceUID, files } = chestStudy('c-store');
    await sendByCStore(files, pacs.orthanc, { calling: 'MODALITY1' });
    const { report } = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    assert.equal(report.outcome.kind, 'reported');
    assert.deepEqual(report.findings.map((one) => one.concept.value).sort(), ['233604007', '840539006']);
    assert.equal(report.algorithm.deviceUID, service.model.deviceUID);
    assert.ok(
      report.algorithm.parameters.some((one) => one.includes('onnxruntime')),
      'the engine stands in the result',
    );
    const result = await recorded(studyInstanceUID);
    assert.equal(result.rule, 'chest-x-ray');
    assert.equal((await service.store.studies.find(studyInstanceUID))?.remoteAet, 'MODALITY1');
  });

  test('a chest X-ray that arrives by STOW-RS comes back with findings', async () => {
    const { studyInstanceUID, files } = chestStudy('stow');
    await sendByStow(files, pacs.dicomWeb);
    await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
  });

  test('the same study sent twice has one result, and our own documents do not trigger us', async () => {
    const { studyInstanceUID, files } = chestStudy('twice');
    await sendByCStore(files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    const first = await recorded(studyInstanceUID);
    await sendByCStore(files, pacs.orthanc);
    // Long enough for the study, grown by our own series, to become stable once more and be looked at.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID);
    assert.deepEqual(
      (await service.store.results.ofStudy(studyInstanceUID)).map((one) => one.resultId),
      [first.resultId],
    );
  });

  test('an image that arrives late leads to a new result that names the old one', async () => {
    const early = chestStudy('late', [{ number: 1 }]);
    const late = chestStudy('late', [{ number: 2, attributes: { AcquisitionTime: '120000' } }]);
    await sendByCStore(early.files, pacs.orthanc);
    const first = await eventuallyOneResult(pacs.dicomWeb, early.studyInstanceUID);
    await sendByCStore(late.files, pacs.orthanc);
    const second = await eventuallyOneResult(pacs.dicomWeb, early.studyInstanceUID, { total: 2 });
    assert.notEqual(second.reference.sopInstanceUID, first.reference.sopInstanceUID);
    assert.ok(second.report.predecessors.some((one) => one.sopInstanceUID === first.reference.sopInstanceUID));
    assert.equal(second.report.evidence.length, 2);
  });

  test('a late lateral view, which is not analysed, changes nothing', async () => {
    const early = chestStudy('late lateral');
    await sendByCStore(early.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, early.studyInstanceUID);
    await sendByCStore(chestStudy('late lateral', [{ view: 'lateral' }]).files, pacs.orthanc);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await assertOneCurrentResult(pacs.dicomWeb, early.studyInstanceUID);
  });

  test('a lateral view only is a skip that is stated in a document', async () => {
    const { studyInstanceUID, files } = chestStudy('lateral only', [{ view: 'lateral' }]);
    await sendByCStore(files, pacs.orthanc);
    const { report } = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    assert.deepEqual(report.outcome, {
      kind: 'skipped',
      code: 'lateral-only',
      reason: `${skipReasons['lateral-only']}: view LL`,
    });
  });

  test('a lateral view labelled PA is refused by the gate', async () => {
    const { studyInstanceUID, files } = chestStudy('wrong label', [{ view: 'lateral', attributes: { ViewPosition: 'PA' } }]);
    await sendByCStore(files, pacs.orthanc);
    const { report } = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    assert.equal(report.outcome.kind === 'skipped' && report.outcome.code, 'not-frontal-chest');
  });

  test('noise labelled as a chest is refused by the gate', async () => {
    const { bytes, studyInstanceUID } = tinyImage({ study: 'noise' }, {}, 300, 300);
    await sendByCStore([bytes], pacs.orthanc);
    const { report } = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    assert.equal(report.outcome.kind === 'skipped' && report.outcome.code, 'not-frontal-chest');
  });

  test('a hand is skipped: in the index with its reason, without a document', async () => {
    const { bytes, studyInstanceUID } = tinyImage({ study: 'hand' }, { BodyPartExamined: 'HAND' });
    await sendByCStore([bytes], pacs.orthanc);
    const result = await recorded(studyInstanceUID);
    assert.equal(result.outcome, 'skipped');
    assert.equal(result.code, 'no-rule');
    assert.match(result.reason ?? '', /chest-x-ray: bodyPart is HAND, expected CHEST/);
    assert.equal((await documentsOf(pacs.dicomWeb, studyInstanceUID)).all.length, 0);
  });

  test('a PDF only is skipped', async () => {
    const { bytes, studyInstanceUID } = tinyImage(
      { study: 'pdf' },
      {
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1',
        Modality: 'DOC',
        BodyPartExamined: undefined,
        Rows: undefined,
        Columns: undefined,
        PixelData: undefined,
        MIMETypeOfEncapsulatedDocument: 'application/pdf',
        EncapsulatedDocument: new Uint8Array([0x25, 0x50, 0x44, 0x46]),
      },
    );
    await sendByStow([bytes], pacs.dicomWeb);
    assert.equal((await recorded(studyInstanceUID)).code, 'no-rule');
  });

  test('corrupt pixels end as a failed result that names the instance; the other studies go on', async () => {
    const broken = tinyImage({ study: 'corrupt' }, { Rows: 2000, Columns: 2000 });
    const whole = chestStudy('beside the corrupt');
    await sendByCStore([broken.bytes, ...whole.files], pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, whole.studyInstanceUID);
    const { report } = await eventuallyOneResult(pacs.dicomWeb, broken.studyInstanceUID);
    assert.equal(report.outcome.kind, 'failed');
    assert.match(report.outcome.kind === 'failed' ? report.outcome.reason : '', new RegExp(broken.sopInstanceUID.replaceAll('.', '\\.')));
    // The document is stored before the job fails.
    await eventually('the job is in the list of failed jobs', async () => assert.ok((await service.jobs.failedJobs()).length > 0));
  });

  test('a readable image beside an unreadable one is reported, and the other is named', async () => {
    const whole = chestStudy('half readable', [{ number: 1 }]);
    const broken = tinyImage(
      { study: 'half readable broken' },
      { StudyInstanceUID: whole.studyInstanceUID, PatientID: 'TEST-half readable', Rows: 2000, Columns: 2000 },
    );
    await sendByCStore([...whole.files, broken.bytes], pacs.orthanc);
    const { report } = await eventuallyOneResult(pacs.dicomWeb, whole.studyInstanceUID);
    assert.equal(report.outcome.kind, 'reported');
    assert.ok(report.algorithm.parameters.some((one) => one.includes(broken.sopInstanceUID)));
    const metadata = await pacs.dicomWeb.retrieveStudyMetadata(whole.studyInstanceUID);
    assert.ok(JSON.stringify(metadata).includes('1 of 2 images could not be read: not part of this result.'), 'the report itself says so');
  });

  test('CT without positions is a skip', async () => {
    const slices = [1, 2, 3, 4, 5].map((number) =>
      tinyImage(
        { study: 'ct', instance: String(number) },
        {
          SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
          Modality: 'CT',
          ViewPosition: undefined,
          InstanceNumber: number,
          RescaleSlope: 1,
          RescaleIntercept: -1024,
        },
      ),
    );
    await sendByCStore(
      slices.map((one) => one.bytes),
      pacs.orthanc,
    );
    const { report } = await eventuallyOneResult(pacs.dicomWeb, slices[0]!.studyInstanceUID);
    assert.equal(report.outcome.kind === 'skipped' && report.outcome.code, 'no-axial-ct');
  });

  test('missing tags: an image with few attributes still has one result', async () => {
    const { files, studyInstanceUID } = chestStudy('few attributes', [
      {
        attributes: {
          ViewPosition: undefined,
          StudyDate: '',
          StudyTime: '',
          PatientName: '',
          StudyID: undefined,
          SeriesNumber: undefined,
          InstanceNumber: undefined,
        },
      },
    ]);
    await sendByStow(files, pacs.dicomWeb);
    const { report } = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    assert.equal(report.outcome.kind, 'reported');
  });

  test('a non-Latin patient name is the same in the documents', async () => {
    const name = 'Yamada^Tarou=山田^太郎=やまだ^たろう';
    const { files, studyInstanceUID } = chestStudy('name', [{ attributes: { PatientName: name } }]);
    await sendByCStore(files, pacs.orthanc);
    const { reference } = await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    const metadata = await pacs.dicomWeb.retrieveStudyMetadata(studyInstanceUID);
    const document = metadata.find((one) => textOf(one, 'SOPInstanceUID') === reference.sopInstanceUID);
    assert.equal(textOf(document!, 'PatientName'), name);
  });

  test('two patients under one Study Instance UID: the first result stays, the second needs attention', async () => {
    const first = chestStudy('ambiguous');
    await sendByCStore(first.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, first.studyInstanceUID);
    const before = await recorded(first.studyInstanceUID);
    await sendByCStore(
      chestStudy('ambiguous', [{ attributes: { PatientID: 'TEST-someone else', SOPInstanceUID: '2.25.4242' } }]).files,
      pacs.orthanc,
    );
    await eventually(
      'the job has failed',
      async () => assert.ok((await service.jobs.failedJobs()).some((one) => one.failure.code === 'study-ambiguous')),
      { timeoutMs: 30_000 },
    );
    assert.equal((await recorded(first.studyInstanceUID)).resultId, before.resultId);
  });

  test('fifty studies at once: each has exactly one current result', async () => {
    const studies = Array.from({ length: 50 }, (_, index) => chestStudy(`fifty ${index}`));
    await sendByCStore(
      studies.flatMap((one) => one.files),
      pacs.orthanc,
    );
    for (const { studyInstanceUID } of studies) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID, { timeoutMs: 240_000 });
    const stats = await service.jobs.stats();
    assert.equal(
      stats.reduce((sum, one) => sum + one.waiting + one.active + one.retrying, 0),
      0,
      'no job is left',
    );
  });

  test('documents of skipped studies can be switched off', async () => {
    const quiet = await startTestService(pacs.orthanc, { report: { skippedDocuments: false } });
    try {
      // The other service would write one: it is stopped meanwhile.
      await service.stop();
      const { studyInstanceUID, files } = chestStudy('quiet', [{ view: 'lateral' }]);
      await sendByCStore(files, pacs.orthanc);
      await eventually(
        'a result',
        async () => assert.equal((await quiet.store.results.currentResult(studyInstanceUID))?.code, 'lateral-only'),
        { timeoutMs: 30_000 },
      );
      assert.equal((await documentsOf(pacs.dicomWeb, studyInstanceUID)).all.length, 0);
    } finally {
      await quiet.stop();
      service = await startTestService(pacs.orthanc);
    }
  });

  test('a new index over a PACS that was reported before writes nothing new', async () => {
    const { studyInstanceUID, files } = chestStudy('index lost');
    await sendByCStore(files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    const before = await recorded(studyInstanceUID);
    await service.stop();
    const routingFile = join(temporaryDirectory('routing'), 'routing.yaml');
    writeFileSync(routingFile, 'rules: [{ name: again, when: { modality: CR }, action: analyse }]\n');
    service = await startTestService(pacs.orthanc, { routingFile });
    const after = await recorded(studyInstanceUID);
    assert.equal(after.resultId, before.resultId);
    assert.deepEqual(
      after.findings.map(({ code, decision }) => ({ code, decision })),
      before.findings.map(({ code, decision }) => ({ code, decision })),
    );
    await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID);
  });
});
