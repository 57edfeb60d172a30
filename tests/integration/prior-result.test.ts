import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { SOPInstanceUID, StudyInstanceUID } from '../../src/dicom/uid.js';
import { priorSearch } from '../../src/reporting/prior-result.js';
import { studySearch } from '../../src/reporting/study-search.js';
import type { RunningService } from '../../src/service/start-service.js';
import { codes } from '../../src/sr/codes.js';
import { childrenNamed, textsNamed } from '../../src/sr/content-tree.js';
import type { StudyPage } from '../../src/server/page-types.js';
import { logInFirst } from '../support/access.js';
import { cautiousStarter } from '../support/cautious-starter.js';
import type { TestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { priorStudies, studyOfPriorPatient } from '../support/prior-studies.js';
import { sendByCStore } from '../support/send.js';
import { documentsOf, eventuallyOneResult, startTestService } from '../support/service.js';
import { validateDocument } from '../support/validate-document.js';

const { january, february, march } = priorStudies;

describe('the prior result stands beside the new one', () => {
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('prior-result');
  let service: RunningService;

  before(async () => {
    service = await startTestService(pacs.orthanc, {
      orthanc: { pollIntervalMs: 100 },
      model: { directory: cautiousStarter() },
      dataDir,
    });
    for (const study of [january, february, march]) await report(study);
  });
  after(() => service.stop());

  async function report({ files, studyInstanceUID }: TestStudy): Promise<void> {
    await sendByCStore([...files], pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    await eventually('indexed', async () => assert.ok(await service.store.results.currentResult(studyInstanceUID)));
  }

  async function textReportOf(study: StudyInstanceUID): Promise<{ readonly dataSet: DataSet; readonly bytes: Uint8Array }> {
    const { current } = await documentsOf(pacs.dicomWeb, study);
    const { seriesInstanceUID, sopInstanceUID } = current.find((one) => one.kind === 'text')!.reference;
    const bytes = await pacs.dicomWeb.retrieveInstance(study, seriesInstanceUID, sopInstanceUID as SOPInstanceUID);
    return { dataSet: readPart10(bytes).dataSet, bytes };
  }

  const sentencesIn = (dataSet: DataSet, name: keyof typeof codes): readonly string[] =>
    childrenNamed(dataSet, codes.previousFindings).flatMap((section) => textsNamed(section, codes[name]));

  test('text SR: new, resolved and unchanged findings with both probabilities and the date; valid; the first study has none', async () => {
    assert.deepEqual(sentencesIn((await textReportOf(january.studyInstanceUID)).dataSet, 'previousFinding'), []);

    const second = await textReportOf(february.studyInstanceUID);
    const [compared] = sentencesIn(second.dataSet, 'comment');
    assert.equal(compared, `Compared with the software's result of the study of 2026-01-05, ${january.studyInstanceUID}.`);
    const [now] = (await service.store.results.ofStudy(february.studyInstanceUID)).filter((one) => one.isCurrent);
    const [before_] = (await service.store.results.ofStudy(january.studyInstanceUID)).filter((one) => one.isCurrent);
    const pneumonia = sentencesIn(second.dataSet, 'previousFinding').find((one) => one.startsWith('Pneumonia:'))!;
    const percents = [...pneumonia.matchAll(/([\d.]+) %/g)].map((match) => Number(match[1]));
    const probabilityIn = (row: typeof now): number => row!.findings.find((one) => one.name === 'pneumonia')!.probability * 100;
    assert.match(pneumonia, /^Pneumonia: new\. 2026-01-05 (absent|undetermined), [\d.]+ %\. Now present, [\d.]+ %\.$/);
    assert.ok(Math.abs(percents[0]! - probabilityIn(before_)) <= 0.1 && Math.abs(percents[1]! - probabilityIn(now)) <= 0.1, pneumonia);
    assert.deepEqual((await validateDocument(second.bytes)).errors, []);

    const third = await textReportOf(march.studyInstanceUID);
    assert.match(sentencesIn(third.dataSet, 'comment')[0]!, /2026-02-10/, 'the latest earlier study, not the first');
    assert.match(sentencesIn(third.dataSet, 'previousFinding').join('\n'), /Pneumonia: (resolved|no clear change)\. 2026-02-10 present/);
  });

  test('page: the comparison beside each finding, with the study that a click opens', async () => {
    const headers = { ...(await logInFirst(service.url, dataDir)) };
    const page = async (study: TestStudy): Promise<StudyPage> =>
      (await (await fetch(`${service.url}/api/studies/${study.studyInstanceUID}/page`, { headers })).json()) as StudyPage;
    const { prior, history } = await page(february);
    assert.deepEqual([prior?.studyInstanceUID, prior?.studyDate, prior?.isOtherModel], [january.studyInstanceUID, '20260105', false]);
    const january_ = (await page(january)).history[0]!.findings;
    assert.deepEqual(
      prior!.findings.map(({ name, probability, decision }) => [name, probability, decision]),
      january_.map(({ name, probability, decision }) => [name, probability, decision]),
    );
    assert.equal(prior!.findings.find((one) => one.name === 'pneumonia')?.change, 'new');
    assert.equal(history.length, 1);
    assert.equal((await page(january)).prior, undefined);
  });

  test('no document about the old study was written, and one about the new', async () => {
    for (const { studyInstanceUID } of [january, february, march])
      assert.equal((await documentsOf(pacs.dicomWeb, studyInstanceUID)).all.filter((one) => one.kind === 'text').length, 1);
  });

  test('another patient is no prior: other issuer, birth date or sex, no ID, an ID that is a pattern; nor is a later or undated study', async () => {
    const find = priorSearch(
      studySearch({ dicomWeb: pacs.dicomWeb, orthanc: pacs.client }),
      async (studies) => (await service.store.worklist.page({ studies, outcome: 'reported' })).rows,
    );
    const imageOf = (study: TestStudy): DataSet => readPart10(study.files[0]!).dataSet;
    const image = imageOf(studyOfPriorPatient('april', '20260401'));
    assert.equal((await find([image]))?.studyInstanceUID, march.studyInstanceUID);
    assert.equal((await find([{ ...image, IssuerOfPatientID: '' }]))?.studyInstanceUID, march.studyInstanceUID, 'not stated');
    assert.equal((await find([{ ...image, Modality: 'DX' }]))?.studyInstanceUID, march.studyInstanceUID, 'both are radiographs');
    assert.equal((await find([{ ...image, StudyDate: '20260210', StudyTime: '235959' }]))?.studyInstanceUID, february.studyInstanceUID);
    for (const [why, attributes] of Object.entries({
      'other issuer': { IssuerOfPatientID: 'HOSPITAL' },
      'other birth date': { PatientBirthDate: '19600103' },
      'other sex': { PatientSex: 'F' },
      'other case of the ID': { PatientID: 'prior 1' },
      'no ID': { PatientID: '' },
      'a pattern': { PatientID: 'PRIOR*' },
      'a pattern of one character': { PatientID: 'PRIOR ?' },
      'two values': { PatientID: 'PRIOR 1\\PRIOR 2' },
      'before all others': { StudyDate: '20251231' },
      'no date': { StudyDate: '' },
      'no legal date': { StudyDate: '2026-04-01' },
      'a CT': { Modality: 'CT' },
    } as Readonly<Record<string, DataSet>>))
      assert.equal(await find([{ ...image, ...attributes }]), undefined, why);
    assert.equal(await find([]), undefined);
  });
});
