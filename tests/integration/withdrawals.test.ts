import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { textOf } from '../../src/dicom/data-set.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { silentLog } from '../../src/log.js';
import { administrationOf } from '../../src/server/access/administration.js';
import type { StudyAssessments } from '../../src/server/page-types.js';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByStow } from '../support/send.js';
import { eventuallyOneResult, startTestService, type ServiceOptions } from '../support/service.js';
import { validateDocument } from '../support/validate-document.js';

const options: ServiceOptions = { assessments: { verifiers: ['token:chief'], organization: 'Example Hospital' } };

describe('withdrawals and blind reading on a real Orthanc', () => {
  const pacs = useOrthanc();
  let service: RunningService;
  const tokens = new Map<string, string>();

  before(async () => {
    service = await startTestService(pacs.orthanc, options);
    const administration = administrationOf(service.store, openAuditLog(service.store.audit, silentLog));
    for (const [name, roles] of [
      ['first', ['reader']],
      ['second', ['reader']],
      ['chief', ['reader']],
      ['ward', ['viewer']],
    ] as const)
      tokens.set(name, (await administration.addToken({ name, roles: [...roles] }, { actor: 'test' })).token);
  });
  after(async () => {
    await service.stop();
  });

  async function reportedStudy(name: string): Promise<StudyInstanceUID> {
    const { studyInstanceUID: study, files } = chestStudy(name);
    await sendByStow(files, pacs.dicomWeb);
    await eventuallyOneResult(pacs.dicomWeb, study);
    return study;
  }
  const ask = (who: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${service.url}${path}`, {
      headers: { authorization: `Bearer ${tokens.get(who)}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  const give = (who: string, study: string, decision: string, more: object = {}): Promise<Response> =>
    ask(who, `/api/studies/${study}/assessments`, { findings: [{ name: 'pneumonia', decision }], ...more });
  const withdraw = (who: string, study: string, findings = ['pneumonia']): Promise<Response> =>
    ask(who, `/api/studies/${study}/assessments/withdrawals`, { findings });
  const seenBy = async (who: string, study: string): Promise<StudyAssessments> =>
    (await (await ask(who, `/api/studies/${study}/assessments?comments=true`)).json()) as StudyAssessments;

  test('usability 1: a withdrawal is a superseding SR without an opinion; the label is gone, also in an index made from the PACS alone', async () => {
    const study = await reportedStudy('withdrawn');
    assert.equal((await give('first', study, 'present')).status, 201);
    assert.equal((await give('first', study, 'absent')).status, 201);
    assert.equal((await give('second', study, 'present')).status, 201);
    assert.equal((await service.store.readings.find(study))?.isDisagreed, true);
    const withdrawn = await withdraw('first', study);
    assert.equal(withdrawn.status, 201);
    const { sopInstanceUID } = (await withdrawn.json()) as { readonly sopInstanceUID: string };
    assert.equal((await withdraw('first', study)).status, 200, 'repeated, it is the same object');

    const instances = await pacs.dicomWeb.retrieveStudyMetadata(study);
    const all = readAssessments(instances);
    const stored = all.find(({ reference }) => reference.sopInstanceUID === sopInstanceUID)!;
    assert.deepEqual(stored.assessment.findings, []);
    assert.deepEqual(
      stored.assessment.withdrawn.map(({ meaning }) => meaning),
      ['Pneumonia'],
    );
    const second = all.find(({ assessment }) => assessment.findings.some(({ decision }) => decision === 'absent'))!;
    assert.deepEqual(
      stored.assessment.predecessors.map((one) => one.sopInstanceUID),
      [second.reference.sopInstanceUID],
      "it supersedes the reader's current assessment",
    );
    const document = instances.find((one) => textOf(one, 'SOPInstanceUID') === sopInstanceUID)!;
    assert.equal(textOf(document, 'SeriesDescription'), 'Assessment withdrawn: Pneumonia');
    const { errors, warnings } = await validateDocument(
      await pacs.dicomWeb.retrieveInstance(study, stored.reference.seriesInstanceUID, stored.reference.sopInstanceUID),
    );
    assert.deepEqual({ errors, warnings: warnings.filter((one) => !one.includes('DICOMDIR')) }, { errors: [], warnings: [] });

    const before = await seenBy('second', study);
    assert.deepEqual(
      before.labels.map(({ state, decision, statements }) => [state, decision, statements.map(({ reader }) => reader)]),
      [['agreed', 'present', ['token:second']]],
    );
    assert.deepEqual(
      before.assessments.map(({ findings }) => findings.map(({ isCurrent }) => isCurrent)),
      [[false], [false], [true], []],
      'the earlier ones are marked',
    );
    assert.equal((await service.store.readings.find(study))?.isDisagreed, false);

    await service.stop();
    service = await startTestService(pacs.orthanc, options);
    const administration = administrationOf(service.store, openAuditLog(service.store.audit, silentLog));
    for (const name of tokens.keys())
      tokens.set(name, (await administration.addToken({ name, roles: [name === 'ward' ? 'viewer' : 'reader'] }, { actor: 'test' })).token);
    await eventually('the same state in a new index', async () => assert.deepEqual(await seenBy('second', study), before), {
      timeoutMs: 60_000,
    });
    assert.equal((await service.store.readings.find(study))?.isDisagreed, false);

    // Afterwards the reader may assess again, and withdraw again.
    assert.equal((await give('first', study, 'absent')).status, 201);
    assert.equal((await seenBy('first', study)).labels[0]?.state, 'disagreed');
    assert.equal((await withdraw('first', study)).status, 201);
    assert.equal((await seenBy('second', study)).labels[0]?.state, 'agreed');
  });

  test('what another reader decided in the same browser is refused, not stored under the name of who is logged in now', async () => {
    const study = await reportedStudy('other reader');
    for (const response of [
      await give('first', study, 'absent', { reader: 'token:second' }),
      await ask('first', `/api/studies/${study}/assessments/withdrawals`, { findings: ['pneumonia'], reader: 'token:second' }),
    ]) {
      assert.equal(response.status, 409);
      assert.equal(((await response.json()) as { readonly code: string }).code, 'reader-changed');
    }
    assert.equal((await seenBy('ward', study)).assessments.length, 0);
    assert.equal((await give('first', study, 'absent', { reader: 'token:first' })).status, 201);
  });

  test('usability 1: only what one has assessed can be withdrawn', async () => {
    const study = await reportedStudy('withdrawn refused');
    await give('first', study, 'present');
    for (const [who, findings, sentence] of [
      ['second', ['pneumonia'], /expected findings that you have assessed, found Pneumonia/],
      ['first', ['covid-19'], /expected findings that you have assessed, found/],
      ['first', ['plague'], /"plague"/],
      ['first', [], /findings/],
      ['first', ['pneumonia', 'pneumonia'], /expected each finding once/],
    ] as const) {
      const reply = await withdraw(who, study, [...findings]);
      assert.equal(reply.status, 400, findings.join());
      assert.match(((await reply.json()) as { error: string }).error, sentence);
    }
    assert.equal((await withdraw('ward', study)).status, 403);
    assert.equal((await seenBy('first', study)).labels[0]?.decision, 'present');
  });

  test("usability 3: another reader's assessment is hidden from API and viewer until one's own is given", async () => {
    const study = await reportedStudy('blind');
    const given = (await (await give('first', study, 'present')).json()) as { readonly sopInstanceUID: string };
    const [{ seriesInstanceUID } = { seriesInstanceUID: '' }] = await service.store.assessments.ofStudy(study);
    const seriesSeenBy = async (who: string, path: string): Promise<readonly string[]> => {
      const reply = await ask(who, `/dicom-web${path}`);
      if (reply.status !== 200) return [`HTTP ${reply.status}`];
      const items = (await reply.json()) as readonly Readonly<Record<string, { Value?: string[] }>>[];
      return items.map((one) => one['0020000E']?.Value?.[0] ?? '');
    };
    const paths = [
      `/studies/${study}/series`,
      `/studies/${study}/metadata`,
      `/studies/${study}/instances`,
      `/series?StudyInstanceUID=${study}`,
    ];

    const blind = await seenBy('second', study);
    assert.deepEqual([blind.assessments, blind.labels, blind.othersHidden], [[], [], true]);
    for (const path of paths) {
      const seen = await seriesSeenBy('second', path);
      assert.ok(seen.length > 0 && !seen.includes(seriesInstanceUID), path);
      assert.ok((await seriesSeenBy('first', path)).includes(seriesInstanceUID), `${path}: their own`);
      assert.ok((await seriesSeenBy('ward', path)).includes(seriesInstanceUID), `${path}: those who do not read see it`);
    }
    for (const path of ['/metadata', '', `/instances/${given.sopInstanceUID}`])
      assert.deepEqual(await seriesSeenBy('second', `/studies/${study}/series/${seriesInstanceUID}${path}`), ['HTTP 404'], path);
    assert.deepEqual(await seriesSeenBy('second', `/studies/${study}`), ['HTTP 403'], 'not as part of the whole study either');
    assert.equal((await seenBy('chief', study)).othersHidden, true, 'nobody disagrees: those who adjudicate read blind, too');

    await give('second', study, 'absent');
    const open = await seenBy('second', study);
    assert.deepEqual([open.assessments.length, open.labels[0]?.state, open.othersHidden], [2, 'disagreed', false]);
    assert.ok((await seriesSeenBy('second', paths[0]!)).includes(seriesInstanceUID));
    const adjudicating = await seenBy('chief', study);
    assert.deepEqual([adjudicating.assessments.length, adjudicating.othersHidden, adjudicating.mayAdjudicate], [2, false, true]);
    assert.equal((await seenBy('first', study)).mayAdjudicate, false);

    assert.equal((await withdraw('second', study)).status, 201);
    assert.equal((await seenBy('second', study)).othersHidden, true, 'whoever withdraws is blind again');
  });

  test('a comment is in the document and nowhere else', async () => {
    const study = await reportedStudy('comment');
    const comment = 'Retrocardiac, seen on the lateral view only: Zwerchfellkuppe frei.';
    const reply = await give('first', study, 'present', { findings: [{ name: 'mass', decision: 'present', comment }] });
    assert.equal(reply.status, 201);
    assert.equal((await seenBy('first', study)).assessments[0]?.findings[0]?.comment, comment);
    const [row] = await service.store.assessments.ofStudy(study);
    assert.ok(row && !JSON.stringify(row).includes('Retrocardiac'));
    const audited = JSON.stringify(await service.store.audit.list({ limit: 1000 }));
    assert.ok(audited.includes('assessment.give') && !audited.includes('Retrocardiac'));
    assert.equal(
      (await give('first', study, 'present', { findings: [{ name: 'mass', decision: 'present', comment: 'a\u0000' }] })).status,
      400,
    );
  });
});
