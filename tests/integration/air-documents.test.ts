import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { itemsOf } from '../../src/dicom/data-set.js';
import { checkTemplate } from '../../src/sr/checks/templates.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { documentsOf, eventuallyOneResult, startTestService } from '../support/service.js';

describe('profile air on a real Orthanc', () => {
  const pacs = useOrthanc();
  let service: RunningService;
  before(async () => {
    service = await startTestService(pacs.orthanc, { report: { profile: 'air' } });
  });
  after(async () => {
    await service.stop();
  });

  test("every finding is a tracked group, the images' time zone and procedure hold, and a superseding result keeps the Tracking UIDs", async () => {
    const attributes = { ProcedureCodeSequence: [{ CodeValue: '36643-5', CodingSchemeDesignator: 'LN', CodeMeaning: 'XR Chest 2 Views' }] };
    const early = chestStudy('air', [{ number: 1, attributes }]);
    await sendByCStore(early.files, pacs.orthanc);
    const first = await eventuallyOneResult(pacs.dicomWeb, early.studyInstanceUID);
    await sendByCStore(chestStudy('air', [{ number: 2, attributes: { ...attributes, AcquisitionTime: '120000' } }]).files, pacs.orthanc);
    const second = await eventuallyOneResult(pacs.dicomWeb, early.studyInstanceUID, { total: 2 });
    assert.notEqual(second.reference.sopInstanceUID, first.reference.sopInstanceUID);

    const documents = await eventually('both measurement reports', async () => {
      const { all, current } = await documentsOf(pacs.dicomWeb, early.studyInstanceUID);
      assert.equal(all.filter((one) => one.kind === 'measurement').length, 2);
      return { all, current };
    });
    const [earlier, later] = documents.all
      .filter((one) => one.kind === 'measurement')
      .sort((a, b) => a.report.createdAt!.getTime() - b.report.createdAt!.getTime());
    const tracked = (one: typeof earlier): readonly unknown[] =>
      one!.report.findings.map(({ concept, trackingUID }) => [concept.value, trackingUID]).sort();
    assert.equal(tracked(earlier).length, first.report.findings.length);
    assert.ok(earlier!.report.findings.every((one) => one.trackingUID !== undefined));
    assert.deepEqual(tracked(later), tracked(earlier));
    assert.equal(later!.report.procedureReported?.value, '36643-5');

    const metadata = await pacs.dicomWeb.retrieveStudyMetadata(early.studyInstanceUID);
    const reports = metadata.filter((one) => one['Modality'] === 'SR');
    for (const report of reports) {
      assert.deepEqual(checkTemplate(report), []);
      assert.equal(report['TimezoneOffsetFromUTC'], undefined, 'the images state no offset');
      assert.equal(itemsOf(report, 'PerformedProcedureCodeSequence')[0]?.['CodeValue'], '36643-5');
    }
    assert.equal(reports.length, 4);
  });
});
