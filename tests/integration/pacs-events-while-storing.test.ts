import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { textOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { SOPInstanceUID, StudyInstanceUID } from '../../src/dicom/uid.js';
import { pacsOf } from '../../src/reporting/orthanc-pacs.js';
import { silentLog } from '../../src/log.js';
import { reportStudy } from '../../src/reporting/report-story.js';
import type { PacsContent, ReportPorts } from '../../src/reporting/ports.js';
import { chestStudy } from '../support/chest-study.js';
import { isFault } from '../support/fault.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { documentsOf, startTestService } from '../support/service.js';

describe('a study that changes at the moment its documents are stored', () => {
  const beside = useOrthanc();
  /** The PACS of a service of which only the model is used. */
  const idle = useOrthanc();
  let service: RunningService;
  before(async () => {
    service = await startTestService(idle.orthanc);
  });
  after(() => service.stop());

  /** The story on a real Orthanc, with something done to it right before or right after the documents reach it. */
  function toolsWith(event: { readonly before?: () => Promise<void>; readonly between?: () => Promise<void> }): ReportPorts {
    const real = pacsOf(beside.dicomWeb, beside.client);
    let looks = 0;
    const content: PacsContent = {
      ...real.content!,
      async storedFiles(study) {
        // The first look makes the key of the input, the second comes before storing, the third after.
        if (++looks === 2) await event.before?.();
        return real.content!.storedFiles(study);
      },
    };
    const storeInstances: typeof real.storeInstances = async (files) => {
      await event.between?.();
      await real.storeInstances(files);
    };
    return {
      pacs: { ...real, content, storeInstances },
      reader: service.serving.reader,
      model: () => service.serving.champion(),
      settings: service.settings,
      clock: { now: () => new Date() },
      log: silentLog,
    };
  }

  async function deleteStudy(study: StudyInstanceUID): Promise<void> {
    await beside.client.deleteStudy((await beside.client.findStudy(study))!);
  }

  test('H3: deleted right before: nothing is stored', async () => {
    const { studyInstanceUID, files } = chestStudy('deleted before storing');
    await sendByCStore(files, beside.orthanc);
    await assert.rejects(
      reportStudy({ studyInstanceUID, arrival: {} }, toolsWith({ before: () => deleteStudy(studyInstanceUID) })),
      isFault('pacs-not-found'),
    );
    assert.deepEqual(await beside.client.findStudies(studyInstanceUID), []);
  });

  test('H3: deleted in the moment of storing: what came back with our documents is removed', async () => {
    const { studyInstanceUID, files } = chestStudy('deleted while storing');
    await sendByCStore(files, beside.orthanc);
    await assert.rejects(
      reportStudy({ studyInstanceUID, arrival: {} }, toolsWith({ between: () => deleteStudy(studyInstanceUID) })),
      isFault('pacs-not-found'),
    );
    assert.deepEqual(await beside.client.findStudies(studyInstanceUID), []);
  });

  test('H3: one of two images is deleted meanwhile: nothing stays behind, and the next attempt reports what is left', async () => {
    const { studyInstanceUID, files } = chestStudy('one deleted while storing', [{ number: 1 }, { number: 2 }]);
    await sendByCStore(files, beside.orthanc);
    const [second] = await beside.client.instanceIdsOf([textOf(readPart10(files[1]!).dataSet, 'SOPInstanceUID') as SOPInstanceUID]);
    await assert.rejects(
      reportStudy({ studyInstanceUID, arrival: {} }, toolsWith({ between: () => beside.client.deleteInstance(second!) })),
      isFault('study-changed'),
    );
    assert.equal((await documentsOf(beside.dicomWeb, studyInstanceUID)).all.length, 0);
    const result = await reportStudy({ studyInstanceUID, arrival: {} }, toolsWith({}));
    assert.equal(result.outcome, 'reported');
    assert.equal((await beside.dicomWeb.retrieveStudyMetadata(studyInstanceUID)).length, 1 + result.documents.length);
  });

  test('D26: an attempt on another engine was killed between its documents: the retry replaces what it left', async () => {
    const { studyInstanceUID, files } = chestStudy('other engine');
    await sendByCStore(files, beside.orthanc);
    const tools = toolsWith({});
    const other: ReportPorts = {
      ...tools,
      model: () => ({ ...service.serving.champion(), engine: { ...service.serving.champion().engine, name: 'another engine' } }),
    };
    const first = await reportStudy(
      { studyInstanceUID, arrival: {} },
      { ...other, settings: { ...tools.settings, profile: { ...tools.settings.profile, measurementReports: 'always' } } },
    );
    const text = first.documents.find((one) => one.kind === 'text')!;
    await beside.client.deleteInstance((await beside.client.instanceIdsOf([text.sopInstanceUID]))[0]!);
    const second = await reportStudy(
      { studyInstanceUID, arrival: {} },
      { ...tools, settings: { ...tools.settings, profile: { ...tools.settings.profile, measurementReports: 'always' } } },
    );
    assert.notEqual(second.engine, 'another engine');
    const { current } = await documentsOf(beside.dicomWeb, studyInstanceUID);
    assert.deepEqual(
      current.map((one) => one.reference.sopInstanceUID).sort(),
      second.documents
        .filter((one) => one.kind !== 'heat-map')
        .map((one) => one.sopInstanceUID)
        .sort(),
    );
  });
});
