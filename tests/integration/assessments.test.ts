import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openAuditLog } from '../../src/audit/audit-log.js';
import type { RunningService } from '../../src/service/start-service.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { derivedUid, type StudyInstanceUID } from '../../src/dicom/uid.js';
import { silentLog } from '../../src/log.js';
import { administrationOf } from '../../src/server/access/administration.js';
import { isAssessment } from '../../src/sr/own-document.js';
import { recordAssessment } from '../../src/assessments/assessment-story.js';
import type { AssessmentToRecord } from '../../src/assessments/assessment-request.js';
import { consensusLabels } from '../../src/assessments/adjudicated-labels.js';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByStow } from '../support/send.js';
import { assertOneCurrentResult, eventuallyOneResult, startTestService, type ServiceOptions } from '../support/service.js';
import { validateDocument } from '../support/validate-document.js';

const options: ServiceOptions = { assessments: { verifiers: ['petrova', 'token:reading'], organization: 'Example Hospital' } };

describe('assessments of readers on a real Orthanc', () => {
  const pacs = useOrthanc();
  let service: RunningService;
  let authorization = '';

  before(async () => {
    service = await startTestService(pacs.orthanc, options);
    const administration = administrationOf(service.store, openAuditLog(service.store.audit, silentLog));
    authorization = `Bearer ${(await administration.addToken({ name: 'reading', roles: ['reader'] }, { actor: 'test' })).token}`;
  });
  after(async () => {
    await service.stop();
  });

  /** A study that was reported, and the text report. */
  async function reportedStudy(
    name: string,
  ): Promise<{ readonly study: StudyInstanceUID; readonly report: Awaited<ReturnType<typeof eventuallyOneResult>> }> {
    const { studyInstanceUID: study, files } = chestStudy(name);
    await sendByStow(files, pacs.dicomWeb);
    return { study, report: await eventuallyOneResult(pacs.dicomWeb, study) };
  }

  const assessmentsInPacs = async (study: StudyInstanceUID) => readAssessments(await pacs.dicomWeb.retrieveStudyMetadata(study));
  const labelOf = async (study: StudyInstanceUID, finding = 'pneumonia') =>
    consensusLabels(await service.store.labels.ofStudy(study)).find((one) => one.finding === finding);
  function record(study: StudyInstanceUID, reader: string, decision: 'present' | 'absent', more: Partial<AssessmentToRecord> = {}) {
    return service.assessments.give({
      studyInstanceUID: study,
      reader: service.assessments.readerOf(reader),
      findings: [{ name: 'pneumonia', decision }],
      origin: 'api',
      ...more,
    });
  }
  function post(study: string, body: unknown, headers: Readonly<Record<string, string>> = { authorization }): Promise<Response> {
    return fetch(`${service.url}/api/studies/${study}/assessments`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  test('an assessment through the interface is an SR in Orthanc and becomes a label; repeated, it is the same object', async () => {
    const { study, report } = await reportedStudy('assessment');
    const decisions = report.report.findings.map(({ concept, decision }) => [concept.value, decision]);
    const body = {
      findings: [
        { name: 'pneumonia', decision: 'present' },
        { name: 'covid-19', decision: 'absent' },
      ],
      assessedDocument: report.reference.sopInstanceUID,
    };
    const answer = await post(study, body);
    assert.equal(answer.status, 201);
    const given = (await answer.json()) as { readonly sopInstanceUID: string; readonly verified: boolean };

    const [stored, ...others] = await assessmentsInPacs(study);
    assert.equal(others.length, 0);
    assert.equal(stored!.reference.sopInstanceUID, given.sopInstanceUID);
    assert.equal(stored!.assessment.reader, 'token:reading');
    assert.ok(stored!.assessment.verified && given.verified);
    assert.ok(
      stored!.assessment.predecessors.some((one) => one.sopInstanceUID === report.reference.sopInstanceUID),
      'it references the assessed result',
    );
    assert.deepEqual(
      stored!.assessment.findings.map(({ concept, softwareDecision }) => [concept.value, softwareDecision]).sort(),
      decisions.sort(),
    );
    const { errors, warnings } = await validateDocument(
      await pacs.dicomWeb.retrieveInstance(study, stored!.reference.seriesInstanceUID, stored!.reference.sopInstanceUID),
    );
    assert.deepEqual({ errors, warnings: warnings.filter((one) => !one.includes('DICOMDIR')) }, { errors: [], warnings: [] });

    assert.equal((await labelOf(study))?.decision, 'present');
    assert.equal((await labelOf(study, 'covid-19'))?.decision, 'absent');
    const again = await post(study, { ...body, findings: [...body.findings].reverse() });
    assert.equal(again.status, 200);
    assert.equal(((await again.json()) as { sopInstanceUID: string }).sopInstanceUID, given.sopInstanceUID);
    assert.equal((await assessmentsInPacs(study)).length, 1);
    const shown = (await (await fetch(`${service.url}/api/studies/${study}/assessments`, { headers: { authorization } })).json()) as {
      readonly assessments: readonly unknown[];
      readonly labels: readonly { readonly state: string }[];
    };
    assert.equal(shown.assessments.length, 1);
    assert.deepEqual(
      shown.labels.map((one) => one.state),
      ['agreed', 'agreed'],
    );

    // Long enough for the study, grown by the assessment, to become stable once more and be looked at.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await assertOneCurrentResult(pacs.dicomWeb, study);
    assert.equal((await service.store.results.ofStudy(study)).length, 1, 'an assessment is no reason to look at the study again');
  });

  test('a wrong request is refused with a sentence', async () => {
    const { study, report } = await reportedStudy('assessment refused');
    const finding = { name: 'pneumonia', decision: 'present' };
    const cases: readonly (readonly [string, unknown, number, RegExp, Readonly<Record<string, string>>?])[] = [
      [study, { findings: [] }, 400, /findings/],
      [study, { findings: [{ name: 'pneumonia', decision: 'maybe' }] }, 400, /findings\.0\.decision/],
      [study, { findings: [finding], extra: 1 }, 400, /extra/],
      [study, { findings: [{ name: 'plague', decision: 'present' }] }, 400, /"plague"/],
      [study, { findings: [finding, { ...finding, decision: 'absent' }] }, 400, /one decision on pneumonia/],
      [study, '{', 400, /can be read/],
      ['not%20a%20uid', { findings: [finding] }, 400, /expected a UID/],
      ['1.2.3.4.5.6', { findings: [finding] }, 404, /./],
      [study, { findings: [finding], assessedDocument: '1.2.3' }, 409, new RegExp(report.reference.sopInstanceUID.replaceAll('.', '\\.'))],
      [study, { findings: [finding] }, 401, /log in|login/i, {}],
    ];
    for (const [uid, body, status, sentence, headers] of cases) {
      const answer = await post(uid, body, headers);
      assert.equal(answer.status, status, JSON.stringify(body));
      assert.match(((await answer.json()) as { error: string }).error, sentence);
    }
    await assert.rejects(record(study, 'meier', 'present', { adjudicates: true }), isFault('request-refused'));
    await assert.rejects(record(study, 'a\\b', 'present'), isFault('request-invalid'));
    assert.deepEqual(await assessmentsInPacs(study), []);
  });

  test('a changed assessment is a new document that names the earlier one; returning to it is a third', async () => {
    const { study } = await reportedStudy('assessment changed');
    const first = await record(study, 'meier', 'present');
    const second = await record(study, 'meier', 'absent');
    const third = await record(study, 'meier', 'present');
    assert.equal(new Set([first, second, third].map(({ assessment }) => assessment.sopInstanceUID)).size, 3);
    assert.ok(second.assessment.predecessors.includes(first.assessment.sopInstanceUID));
    assert.ok(third.assessment.predecessors.includes(second.assessment.sopInstanceUID));
    assert.equal((await record(study, 'meier', 'present')).stored, false);
    assert.equal((await labelOf(study))?.decision, 'present');
  });

  test('readers who disagree give no label until a reader who may verify adjudicates', async () => {
    const { study } = await reportedStudy('assessment disagreement');
    await record(study, 'meier', 'present');
    await record(study, 'schulz', 'absent');
    assert.equal((await labelOf(study))?.state, 'disagreed');
    const adjudicated = await record(study, 'petrova', 'absent', { adjudicates: true });
    assert.ok(adjudicated.assessment.verified && adjudicated.assessment.adjudicates);
    assert.equal(adjudicated.assessment.predecessors.length >= 3, true, 'it names the assessments that it adjudicates');
    const joint = await labelOf(study);
    assert.deepEqual([joint?.state, joint?.decision], ['agreed', 'absent']);
    assert.equal((await record(study, 'petrova', 'absent', { adjudicates: true })).stored, false, 'repeated, it is the same object');
  });

  test('the same assessment ten times at once is one object', async () => {
    const { study } = await reportedStudy('assessment at once');
    const all = await Promise.all(Array.from({ length: 10 }, () => record(study, 'meier', 'present')));
    assert.equal(new Set(all.map(({ assessment }) => assessment.sopInstanceUID)).size, 1);
    assert.equal((await assessmentsInPacs(study)).length, 1);
    assert.equal((await service.store.labels.ofStudy(study)).length, 1);
  });

  test('two decisions of a reader at the same moment: the later one names the earlier one, and counts', async () => {
    const { study } = await reportedStudy('assessment parallel');
    const [first, second] = await Promise.all([record(study, 'meier', 'present'), record(study, 'meier', 'absent')]);
    assert.ok(second.assessment.predecessors.includes(first.assessment.sopInstanceUID));
    assert.equal((await labelOf(study))?.decision, 'absent');
    const replies = await Promise.all(
      ['present', 'absent'].map(async (decision) => {
        const reply = await post(study, { findings: [{ name: 'pneumonia', decision }] });
        return { decision, status: reply.status, ...((await reply.json()) as { readonly sopInstanceUID: string }) };
      }),
    );
    assert.deepEqual(
      replies.map(({ status }) => status),
      [201, 201],
    );
    const ofToken = (await assessmentsInPacs(study)).filter(({ assessment }) => assessment.reader === 'token:reading');
    assert.equal(ofToken.length, 2);
    const last = ofToken.find(({ assessment }) =>
      assessment.predecessors.some(({ sopInstanceUID }) => replies.some((one) => one.sopInstanceUID === sopInstanceUID)),
    );
    assert.ok(last, 'one of them names the other as its predecessor');
    const { decision } = replies.find((one) => one.sopInstanceUID === last.reference.sopInstanceUID)!;
    const statement = (await service.store.labels.ofStudy(study)).filter(({ reader }) => reader === 'token:reading');
    assert.equal(consensusLabels(statement)[0]?.decision, decision);
  });

  test("D15: our report signed at another system is that physician's assessment, is found by the watcher, and is not taken for ours", async () => {
    const { study, report } = await reportedStudy('assessment elsewhere');
    const file = await pacs.dicomWeb.retrieveInstance(study, report.reference.seriesInstanceUID, report.reference.sopInstanceUID);
    const { dataSet } = readPart10(file);
    const signed = {
      ...dataSet,
      SOPInstanceUID: derivedUid('signed elsewhere', study),
      SeriesInstanceUID: derivedUid('signed elsewhere', study, 'series'),
      SeriesNumber: 77,
      VerificationFlag: 'VERIFIED',
      VerifyingObserverSequence: [
        {
          VerifyingObserverName: 'Meier^Anna',
          VerifyingObserverIdentificationCodeSequence: [],
          VerifyingOrganization: 'Elsewhere',
          VerificationDateTime: '20261124101112',
        },
      ],
    };
    await sendByStow([writePart10(signed)], pacs.dicomWeb);
    const labels = await eventually('labels', async () => {
      const found = await service.store.labels.ofStudy(study);
      assert.ok(found.length > 0);
      return found;
    });
    assert.deepEqual([...new Set(labels.map((one) => `${one.source} ${one.reader}`))], ['verified-report Meier^Anna']);
    const entries = await eventually('it is on record', async () => {
      const found = await service.store.audit.list({ action: 'assessment.found', limit: 1000 });
      assert.ok(found.length > 0);
      return found;
    });
    assert.deepEqual(
      entries
        .filter(({ subject }) => subject.includes(signed.SOPInstanceUID))
        .map(({ actor, subject }) => [actor, (JSON.parse(subject) as { reader: string }).reader]),
      [['service', 'Meier^Anna']],
      'D15: once, by the service, which found it',
    );
    await assertOneCurrentResult(pacs.dicomWeb, study);
  });

  test('an assessment whose way into the index was cut off is taken up from Orthanc; a lost index gets all of them back', async () => {
    const { study } = await reportedStudy('assessment lost');
    const earlier = await record(study, 'schulz', 'present', { findings: [{ name: 'covid-19', decision: 'absent' }] });
    const { pacs: tools, settings } = {
      pacs: {
        ...pacs.dicomWeb,
        retrieveStudyMetadata: (uid: StudyInstanceUID) => pacs.dicomWeb.retrieveStudyMetadata(uid),
        retrieveInstance: pacs.dicomWeb.retrieveInstance.bind(pacs.dicomWeb),
        storeInstances: async (files: readonly Uint8Array[]) => void (await pacs.dicomWeb.storeInstances(files)),
      },
      settings: service.settings,
    };
    await recordAssessment(
      { studyInstanceUID: study, reader: { name: 'meier' }, findings: [{ name: 'pneumonia', decision: 'present' }], origin: 'page' },
      {
        pacs: tools,
        clock: { now: () => new Date() },
        softwareVersion: settings.softwareVersion,
        seriesNumber: 9910,
        termsOf: settings.termsOf,
        codes: settings.codes,
      },
    );
    await eventually('the assessment in the index', async () => assert.equal((await service.store.assessments.ofStudy(study)).length, 2));
    const before = { assessments: await service.store.assessments.ofStudy(study), labels: await service.store.labels.ofStudy(study) };
    assert.equal(before.assessments[0]?.sopInstanceUID, earlier.assessment.sopInstanceUID);

    await service.stop();
    service = await startTestService(pacs.orthanc, options);
    await eventually(
      'the assessments in a new index',
      async () => {
        assert.deepEqual(
          { assessments: await service.store.assessments.ofStudy(study), labels: await service.store.labels.ofStudy(study) },
          before,
        );
      },
      { timeoutMs: 60_000 },
    );
    const metadata = await pacs.dicomWeb.retrieveStudyMetadata(study);
    assert.equal(metadata.filter(isAssessment).length, 2, 'nothing new was written');
  });
});
