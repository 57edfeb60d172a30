import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { textOf, type DataSet } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { SOPInstanceUID, StudyInstanceUID } from '../../src/dicom/uid.js';
import type { OrthancId } from '../../src/orthanc/client.js';
import { decisionsDiffer } from '../../src/store/place-in-worklist.js';
import { chestPhantom } from '../../src/samples/chest-phantom.js';
import { chestStudy, handAndChest } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { indexOf } from '../support/index-of.js';
import { assertOneCurrentResult, documentsOf, startTestService } from '../support/service.js';

const timeoutMs = 90_000;

/** The rows of docs/reference/events.md. */
describe('events in the PACS: what happens to result, documents, labels and pictures', () => {
  const pacs = useOrthanc({ extraConfig: { OverwriteInstances: true } });
  let service: RunningService;

  before(async () => {
    service = await startTestService(pacs.orthanc, { orthanc: { pollIntervalMs: 100 } });
  });
  after(() => service.stop());

  const request = (method: string, path: string, body?: unknown): Promise<unknown> => orthancRequest(pacs.endpoint, method, path, body);
  const { current, eventuallyCurrent, eventuallyForgotten, markRead, readingOf } = indexOf(() => service, timeoutMs);

  async function instanceId(file: Uint8Array): Promise<OrthancId> {
    const [id] = await pacs.client.instanceIdsOf([textOf(readPart10(file).dataSet, 'SOPInstanceUID') as SOPInstanceUID]);
    assert.ok(id);
    return id;
  }

  async function studyId(study: StudyInstanceUID): Promise<OrthancId> {
    return (await pacs.client.findStudy(study))!;
  }

  async function commentsIn(study: StudyInstanceUID, sopInstanceUID: string): Promise<string> {
    const document = (await pacs.dicomWeb.retrieveStudyMetadata(study)).find((one) => textOf(one, 'SOPInstanceUID') === sopInstanceUID);
    return JSON.stringify(document);
  }

  async function assertNoPresentFindingIsCurrent(study: StudyInstanceUID): Promise<void> {
    const { current: documents } = await documentsOf(pacs.dicomWeb, study);
    for (const { report } of documents) assert.notEqual(report.outcome.kind, 'reported', 'no report of the deleted image is current');
  }

  test('H1: the image that a report rests on is deleted: the report is replaced by a document that says why', async () => {
    const { study, hand, chest } = handAndChest('hand stays');
    await sendByCStore([hand, chest], pacs.orthanc);
    await eventuallyCurrent('reported', study, (row) => assert.equal(row.outcome, 'reported'));
    assert.deepEqual(await readingOf(study), { reader: null, waits: true });
    await pacs.client.deleteInstance(await instanceId(chest));
    const row = await eventuallyCurrent('skipped, with a document', study, (one) => {
      assert.equal(one.code, 'no-rule');
      assert.equal(one.documents.length, 1);
    });
    await assertNoPresentFindingIsCurrent(study);
    assert.match(await commentsIn(study, row.documents[0]!.sopInstanceUID), /rests on an image that is no longer in this study/);
    assert.equal((await service.store.worklist.page({ outcome: 'reported', studies: [study] })).rows.length, 0);
    assert.deepEqual(await readingOf(study), { reader: null, waits: false });
  });

  test('D13: A, B, A: the first result is current again, and the page is notified', async () => {
    const { study, hand, chest } = handAndChest('there and back');
    await sendByCStore([hand], pacs.orthanc);
    const first = await eventuallyCurrent('skipped', study, (row) => assert.equal(row.code, 'no-rule'));
    await sendByCStore([chest], pacs.orthanc);
    await eventuallyCurrent('reported', study, (row) => assert.equal(row.outcome, 'reported'));
    const changeToken = await service.store.worklist.newest();
    await pacs.client.deleteInstance(await instanceId(chest));
    const again = await eventuallyCurrent('skipped again', study, (row) => assert.equal(row.code, 'no-rule'));
    assert.equal(again.inputKey, first.inputKey);
    assert.notEqual(await service.store.worklist.newest(), changeToken);
    await assertNoPresentFindingIsCurrent(study);
    // And once more: B is true again, as a new document.
    await sendByCStore([chest], pacs.orthanc);
    await eventuallyCurrent('reported again', study, (row) => assert.equal(row.outcome, 'reported'));
    const { current: documents } = await documentsOf(pacs.dicomWeb, study);
    assert.deepEqual(
      documents.filter((one) => one.kind === 'text').map((one) => one.report.outcome.kind),
      ['reported'],
    );
  });

  test('H1: all images of a study are deleted, our documents stay: the report is replaced', async () => {
    const { studyInstanceUID: study, files } = chestStudy('only documents left');
    await sendByCStore(files, pacs.orthanc);
    await eventuallyCurrent('reported', study, (row) => assert.equal(row.outcome, 'reported'));
    await pacs.client.deleteInstance(await instanceId(files[0]!));
    await eventuallyCurrent('skipped', study, (row) => assert.equal(row.code, 'no-image'));
    await assertNoPresentFindingIsCurrent(study);
  });

  test('D6: a study is deleted: it leaves the worklist and the index', async () => {
    const { studyInstanceUID: study, files } = chestStudy('deleted study');
    await sendByCStore(files, pacs.orthanc);
    await eventuallyCurrent('reported', study, (row) => assert.equal(row.outcome, 'reported'));
    const changeToken = await service.store.worklist.newest();
    await pacs.client.deleteStudy(await studyId(study));
    await eventuallyForgotten(study);
    assert.notEqual(await service.store.worklist.newest(), changeToken);
    assert.deepEqual(await pacs.client.findStudies(study), []);
    // Sent again it is analysed as if it had never been there.
    await sendByCStore(files, pacs.orthanc);
    await eventuallyCurrent('reported anew', study, (row) => assert.equal(row.outcome, 'reported'));
    await assertOneCurrentResult(pacs.dicomWeb, study);
  });

  test('D6: a deleted assessment is no label any more', async () => {
    const { studyInstanceUID: study, files } = chestStudy('assessment deleted');
    await sendByCStore(files, pacs.orthanc);
    await eventuallyCurrent('reported', study, (row) => assert.equal(row.outcome, 'reported'));
    const { assessment } = await service.assessments.give({
      studyInstanceUID: study,
      reader: { name: 'Reader One' },
      findings: [{ name: 'pneumonia', decision: 'absent' }],
      origin: 'page',
    });
    await eventually('a label', async () => assert.equal((await service.store.labels.ofStudy(study)).length, 1));
    assert.deepEqual(await readingOf(study), { reader: 'Reader One', waits: false });
    const [id] = await pacs.client.instanceIdsOf([assessment.sopInstanceUID as SOPInstanceUID]);
    await pacs.client.deleteInstance(id!);
    await eventually(
      'no label',
      async () => {
        assert.deepEqual(await service.store.labels.ofStudy(study), []);
        assert.deepEqual(await service.store.assessments.ofStudy(study), []);
      },
      { timeoutMs },
    );
    assert.equal((await current(study))?.outcome, 'reported');
    assert.deepEqual(await readingOf(study), { reader: 'Reader One', waits: false }, 'the study was read');
  });

  test('the same UIDs with other pixels: analysed anew, and the earlier report is replaced', async () => {
    const { studyInstanceUID: study, files } = chestStudy('other pixels');
    await sendByCStore(files, pacs.orthanc);
    const first = await eventuallyCurrent('reported', study, (row) => assert.equal(row.outcome, 'reported'));
    await markRead(study);
    const other = chestPhantom({ seed: 'another patient', view: 'frontal', rows: 480, columns: 400 });
    const attributes: DataSet = {
      PixelData: new Uint8Array(other.values.buffer),
      BitsStored: other.bitsStored,
      HighBit: other.bitsStored - 1,
    };
    await sendByCStore(chestStudy('other pixels', [{ attributes }]).files, pacs.orthanc);
    const second = await eventuallyCurrent('a result of the new pixels', study, (row) => assert.notEqual(row.inputKey, first.inputKey));
    const isRead = !decisionsDiffer(first.findings, second.findings);
    assert.deepEqual(await readingOf(study), { reader: isRead ? 'ann' : null, waits: !isRead });
    assert.match(
      await commentsIn(study, second.documents.find((one) => one.kind === 'text')!.sopInstanceUID),
      /was replaced by another under the same identifier/,
    );
    assert.equal(
      (await assertOneCurrentResult(pacs.dicomWeb, study, { total: 2 })).reference.sopInstanceUID,
      second.documents.find((one) => one.kind === 'text')!.sopInstanceUID,
    );
  });

  test('the same bytes are sent again over themselves: nothing is written', async () => {
    const { studyInstanceUID: study, files } = chestStudy('same bytes');
    await sendByCStore(files, pacs.orthanc);
    const first = await eventuallyCurrent('reported', study, (row) => assert.equal(row.outcome, 'reported'));
    await markRead(study);
    const key = (await service.store.studies.find(study))?.contentKey;
    await sendByCStore(files, pacs.orthanc);
    await eventually('it was looked at again', async () => assert.notEqual((await service.store.studies.find(study))?.contentKey, key), {
      timeoutMs,
    });
    assert.equal((await current(study))?.resultId, first.resultId);
    assert.deepEqual(await readingOf(study), { reader: 'ann', waits: false });
    await assertOneCurrentResult(pacs.dicomWeb, study);
  });

  test('our documents are deleted and the images stay: they are written again', async () => {
    const { studyInstanceUID: study, files } = chestStudy('documents deleted');
    await sendByCStore(files, pacs.orthanc);
    const first = await eventuallyCurrent('reported', study, (row) => assert.equal(row.outcome, 'reported'));
    await markRead(study);
    for (const { sopInstanceUID } of first.documents) {
      const [id] = await pacs.client.instanceIdsOf([sopInstanceUID as SOPInstanceUID]);
      await pacs.client.deleteInstance(id!);
    }
    await eventually('documents again', () => assertOneCurrentResult(pacs.dicomWeb, study), { timeoutMs, intervalMs: 300 });
    assert.deepEqual(await readingOf(study), { reader: 'ann', waits: false });
  });

  test('a study is merged into another: the empty one is removed, the other has one current result of its images', async () => {
    const [from, to] = [chestStudy('merged away', [{ number: 1 }]), chestStudy('merged into', [{ number: 2 }])];
    await sendByCStore([...from.files, ...to.files], pacs.orthanc);
    await eventuallyCurrent('reported', from.studyInstanceUID, (row) => assert.equal(row.outcome, 'reported'));
    const before = await eventuallyCurrent('reported', to.studyInstanceUID, (row) => assert.equal(row.outcome, 'reported'));
    await request('POST', `/studies/${await studyId(to.studyInstanceUID)}/merge`, {
      Resources: [await studyId(from.studyInstanceUID)],
      KeepSource: false,
      Synchronous: true,
    });
    await eventuallyForgotten(from.studyInstanceUID);
    await eventuallyCurrent('a result of both images', to.studyInstanceUID, (row) => assert.notEqual(row.inputKey, before.inputKey));
    await eventually(
      'one current text report',
      async () => {
        const { current: documents } = await documentsOf(pacs.dicomWeb, to.studyInstanceUID);
        assert.equal(documents.filter((one) => one.kind === 'text').length, 1);
      },
      { timeoutMs },
    );
  });

  test('the Patient ID is corrected, UIDs stay: the result follows the study to its new place', async () => {
    const { studyInstanceUID: study, files } = chestStudy('patient corrected');
    await sendByCStore(files, pacs.orthanc);
    await eventuallyCurrent('reported', study, (row) => assert.equal(row.outcome, 'reported'));
    await markRead(study);
    const before = await studyId(study);
    const { ParentPatient } = (await request('GET', `/studies/${before}`)) as { ParentPatient: string };
    await request('POST', `/patients/${ParentPatient}/modify`, {
      Replace: { PatientID: 'CORRECTED', PatientName: 'CORRECTED^NAME' },
      Keep: ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'],
      Force: true,
      KeepSource: false,
      Synchronous: true,
    });
    const now = await eventually('it has its new id', async () => {
      const ids = await pacs.client.findStudies(study);
      assert.equal(ids.length, 1);
      assert.notEqual(ids[0], before);
      return ids[0];
    });
    await eventually('the index follows', async () => assert.equal((await service.store.studies.find(study))?.orthancId, now), {
      timeoutMs,
    });
    await eventually(
      'one current result, of the corrected patient',
      async () => {
        const { current: documents } = await documentsOf(pacs.dicomWeb, study);
        const texts = documents.filter((one) => one.kind === 'text');
        assert.equal(texts.length, 1);
        assert.match(await commentsIn(study, texts[0]!.reference.sopInstanceUID), /CORRECTED/);
        assert.equal((await service.store.studies.find(study))?.state, 'done');
      },
      { timeoutMs, intervalMs: 300 },
    );
    assert.deepEqual(await readingOf(study), { reader: 'ann', waits: false });
  });

  test('an anonymised copy is a study of its own; if its source was deleted, that one is removed', async () => {
    const { studyInstanceUID: study, files } = chestStudy('anonymised');
    await sendByCStore(files, pacs.orthanc);
    await eventuallyCurrent('reported', study, (row) => assert.equal(row.outcome, 'reported'));
    const { ID } = (await request('POST', `/studies/${await studyId(study)}/anonymize`, {
      Keep: ['BodyPartExamined', 'ViewPosition'],
      KeepSource: false,
      Synchronous: true,
    })) as { ID: OrthancId };
    await eventuallyForgotten(study);
    const { studyInstanceUID: copy } = await pacs.client.study(ID);
    await eventuallyCurrent('the copy has a result', copy, (row) => assert.ok(row.outcome));
  });

  test('study-ambiguous: once the PACS is corrected the study goes on, whatever its Study Date', async () => {
    const first = chestStudy('ambiguous until corrected');
    await sendByCStore(first.files, pacs.orthanc);
    await eventuallyCurrent('reported', first.studyInstanceUID, (row) => assert.equal(row.outcome, 'reported'));
    const own = await studyId(first.studyInstanceUID);
    const second = chestStudy('ambiguous until corrected', [
      { attributes: { PatientID: 'SOMEBODY', SOPInstanceUID: '2.25.424242', StudyDate: '20200101' } },
    ]);
    await sendByCStore(second.files, pacs.orthanc);
    const ambiguous = async (): Promise<number> =>
      (await service.jobs.failedJobs()).filter((one) => one.failure.code === 'study-ambiguous').length;
    await eventually('it needs attention', async () => assert.ok((await ambiguous()) > 0), { timeoutMs });
    await pacs.client.deleteStudy(own);
    await eventually('nothing needs attention', async () => assert.equal(await ambiguous(), 0), { timeoutMs });
    const [left] = await pacs.client.findStudies(first.studyInstanceUID);
    await eventually(
      'the study that is left has its result',
      async () => {
        assert.equal((await service.store.studies.find(first.studyInstanceUID))?.orthancId, left);
        await assertOneCurrentResult(pacs.dicomWeb, first.studyInstanceUID);
      },
      { timeoutMs, intervalMs: 300 },
    );
  });

  test('H3: studies deleted while they are analysed do not come back, and no job is left', async () => {
    const studies = Array.from({ length: 10 }, (_, index) => chestStudy(`deleted at once ${index}`));
    await sendByCStore(
      studies.flatMap((one) => one.files),
      pacs.orthanc,
    );
    const waiting = new Map(studies.map((one) => [one.studyInstanceUID, one]));
    // Each at another moment of its way: as soon as its state is `queued`, then ever later.
    for (const [index, { studyInstanceUID }] of studies.entries()) {
      await eventually('it is on its way', async () => assert.ok((await service.store.studies.find(studyInstanceUID)) ?? index < 3), {
        timeoutMs,
        intervalMs: 20,
      });
      const id = await pacs.client.findStudy(studyInstanceUID);
      if (id) await pacs.client.deleteStudy(id);
      waiting.delete(studyInstanceUID);
    }
    await eventually(
      'the queues are empty',
      async () => {
        const stats = await service.jobs.stats();
        assert.equal(
          stats.reduce((sum, one) => sum + one.waiting + one.active + one.retrying, 0),
          0,
        );
      },
      { timeoutMs },
    );
    for (const { studyInstanceUID } of studies) {
      await eventuallyForgotten(studyInstanceUID);
      assert.deepEqual(await pacs.client.findStudies(studyInstanceUID), [], `${studyInstanceUID} came back`);
    }
    assert.deepEqual(
      (await service.jobs.failedJobs()).map((one) => one.failure.code),
      [],
    );
  });
});
