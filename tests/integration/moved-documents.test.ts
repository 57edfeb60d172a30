import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import type { RunningService } from '../../src/service/start-service.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { indexOf } from '../support/index-of.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { documentsOf, startTestService } from '../support/service.js';

const timeoutMs = 90_000;

/* Orthanc moves series one after the other: the report of another study may arrive after the result of the images that came with it. */
describe('reports of another study are moved into a study whose images have their result', () => {
  const pacs = useOrthanc();
  let service: RunningService;
  before(async () => {
    service = await startTestService(pacs.orthanc, { orthanc: { pollIntervalMs: 100 } });
  });
  after(() => service.stop());

  const { eventuallyCurrent, eventuallyForgotten } = indexOf(() => service, timeoutMs);
  const request = (method: string, path: string, body?: unknown): Promise<unknown> => orthancRequest(pacs.endpoint, method, path, body);
  const studyId = async (study: StudyInstanceUID): Promise<string> => (await pacs.client.findStudy(study))!;

  async function seriesOf(study: StudyInstanceUID, isDocument: boolean): Promise<readonly string[]> {
    const series = (await request('GET', `/studies/${await studyId(study)}/series`)) as readonly {
      readonly ID: string;
      readonly MainDicomTags: { readonly Modality: string };
    }[];
    return series.filter(({ MainDicomTags }) => ['SR', 'OT'].includes(MainDicomTags.Modality) === isDocument).map(({ ID }) => ID);
  }
  const move = (series: readonly string[], into: string): Promise<unknown> =>
    request('POST', `/studies/${into}/merge`, { Resources: series, KeepSource: false, Synchronous: true });

  async function onlyOneIsCurrent(study: StudyInstanceUID): Promise<void> {
    const { all, current } = await documentsOf(pacs.dicomWeb, study);
    const texts = current.filter((one) => one.kind === 'text');
    assert.deepEqual(
      texts.map(({ reference }) => reference.sopInstanceUID),
      [(await service.store.results.currentResult(study))?.documents.find(({ kind }) => kind === 'text')?.sopInstanceUID],
    );
    // The current one states who replaced whom; nothing of the moved report counts.
    assert.ok(texts[0]!.report.predecessors.length > 0 && all.length > current.length);
  }

  test('the moved report is replaced, and one result is current', async () => {
    const [from, to] = [chestStudy('documents of', [{ number: 1 }]), chestStudy('moved into', [{ number: 2 }])];
    await sendByCStore([...from.files, ...to.files], pacs.orthanc);
    await eventuallyCurrent('reported', from.studyInstanceUID, (row) => assert.equal(row.outcome, 'reported'));
    const first = await eventuallyCurrent('reported', to.studyInstanceUID, (row) => assert.equal(row.outcome, 'reported'));
    const into = await studyId(to.studyInstanceUID);
    const documents = await seriesOf(from.studyInstanceUID, true);
    assert.ok(documents.length > 0);
    await move(documents, into);
    await eventually('one is current', () => onlyOneIsCurrent(to.studyInstanceUID), { timeoutMs, intervalMs: 500 });
    const second = await service.store.results.currentResult(to.studyInstanceUID);
    assert.equal(second!.inputKey, first.inputKey, 'the images are the same');
    // The other study's own report is written again, for its images are still there.
    await eventuallyCurrent('reported again', from.studyInstanceUID, (row) => assert.equal(row.outcome, 'reported'));
  });

  test('images first, documents later: one result of all images is current', async () => {
    const [from, to] = [chestStudy('in two parts', [{ number: 3 }]), chestStudy('in two parts into', [{ number: 4 }])];
    await sendByCStore([...from.files, ...to.files], pacs.orthanc);
    await eventuallyCurrent('reported', from.studyInstanceUID, (row) => assert.equal(row.outcome, 'reported'));
    const first = await eventuallyCurrent('reported', to.studyInstanceUID, (row) => assert.equal(row.outcome, 'reported'));
    const into = await studyId(to.studyInstanceUID);
    await move(await seriesOf(from.studyInstanceUID, false), into);
    await eventuallyCurrent('a result of both images', to.studyInstanceUID, (row) => assert.notEqual(row.inputKey, first.inputKey));
    await move(await seriesOf(from.studyInstanceUID, true), into);
    await eventuallyForgotten(from.studyInstanceUID);
    await eventually('one is current', () => onlyOneIsCurrent(to.studyInstanceUID), { timeoutMs, intervalMs: 500 });
  });
});
