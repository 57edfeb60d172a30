import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { indexResult } from '../../src/reporting/index-result.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import type { NewResult } from '../../src/store/results.js';
import type { Store } from '../../src/store/store.js';
import type { AssessmentRow } from '../../src/store/assessments.js';
import { consensusLabels } from '../../src/assessments/adjudicated-labels.js';
import type { StudyResult } from '../../src/reporting/ports.js';
import { openEmptyStore, storeBackends } from '../support/store.js';

const result = (resultId: string, studyInstanceUID: string, more: Partial<NewResult> = {}): NewResult => ({
  resultId,
  studyInstanceUID,
  outcome: 'reported',
  inputKey: resultId,
  ...more,
});

const report = (
  sopInstanceUID: string,
  reader: string,
  decision: 'present' | 'absent',
  more: Partial<AssessmentRow> = {},
): AssessmentRow => ({
  sopInstanceUID,
  seriesInstanceUID: `${sopInstanceUID}.1`,
  studyInstanceUID: '2.25.25',
  kind: 'verified-report',
  reader,
  verified: true,
  adjudicates: false,
  origin: 'document',
  givenAt: new Date('2026-03-01T08:00:00Z'),
  findings: [{ name: 'pneumonia', code: '233604007', scheme: 'SCT', meaning: 'Pneumonia', decision }],
  withdrawn: [],
  predecessors: [],
  ...more,
});

for (const backend of storeBackends()) {
  describe(`what follows from events in the PACS, on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    before(async () => void (store = await openEmptyStore(backend)));
    after(async () => {
      await store?.close();
      await backend.stop();
    });

    test('D13: a result that comes back is the current one again; a rebuild leaves it where it is', async () => {
      await store.results.recordResult(result('A', '2.25.13'));
      await store.results.recordResult(result('B', '2.25.13', { predecessorResultId: 'A' }));
      assert.equal(await store.results.restoreResult(result('A', '2.25.13')), false);
      assert.equal((await store.results.currentResult('2.25.13'))?.resultId, 'B');
      assert.equal(await store.results.recordResult(result('A', '2.25.13')), false);
      assert.equal((await store.results.currentResult('2.25.13'))?.resultId, 'A');
      assert.deepEqual((await store.results.ofStudy('2.25.13')).map(({ isCurrent }) => isCurrent).filter(Boolean).length, 1);
    });

    test('D6: changes of studies are read in the order of their transactions; the newest is never removed', async () => {
      const before = (await store.studyChanges.newest())?.number ?? 0;
      await Promise.all(Array.from({ length: 8 }, (_, index) => store.studyChanges.record(`2.25.60${index}`)));
      await store.results.recordResult(result('gone', '2.25.61'));
      await store.studies.forget('2.25.61');
      const changes = await store.studyChanges.after(before, 100);
      assert.equal(changes.length, 9);
      assert.equal(changes.at(-1)?.studyInstanceUID, '2.25.61');
      assert.deepEqual(await store.studyChanges.after(changes[6]!.number, 1), [changes[7]]);
      assert.deepEqual(await store.studyChanges.find(changes[0]!.number), changes[0]);
      assert.ok((await store.studyChanges.prune(new Date(Date.now() + 60_000))) >= 8);
      assert.deepEqual(await store.studyChanges.after(0, 100), [changes[8]]);
      assert.deepEqual(await store.studyChanges.newest(), changes[8]);
    });

    test('D31: the worklist says that it changed: for an older result, one that is current again, and a study that is gone', async () => {
      const seen = new Set<string>();
      const changes = async (): Promise<boolean> => {
        const now = await store.worklist.newest();
        return seen.size < seen.add(now).size;
      };
      await changes();
      await store.results.recordResult(result('D31 A', '2.25.31', { createdAt: new Date('2001-01-01') }));
      assert.ok(await changes(), 'an adopted result of an earlier time');
      await store.results.recordResult(result('D31 B', '2.25.31'));
      assert.ok(await changes(), 'another result');
      assert.ok(!(await changes()), 'nothing');
      await store.results.recordResult(result('D31 A', '2.25.31'));
      assert.ok(await changes(), 'the first one again');
      await store.studies.forget('2.25.31');
      assert.ok(await changes(), 'the study is gone');
    });

    test('D6: a study that is gone leaves nothing in worklist, labels, assessments, deliveries', async () => {
      const uid = '2.25.6';
      await store.studies.seen({ studyInstanceUID: uid, orthancId: 'o6', at: new Date() });
      await store.results.recordResult(result('D6', uid));
      await store.deliveries.plan('D6', [{ destination: 'PACS2', kind: 'modality' }]);
      await store.assessments.record(report('2.25.61', 'Reader', 'present', { studyInstanceUID: uid }));
      assert.equal(await store.studies.forget(uid), true);
      assert.equal(await store.studies.find(uid), undefined);
      assert.deepEqual(await store.results.ofStudy(uid), []);
      assert.deepEqual(await store.deliveries.ofResult('D6'), []);
      assert.deepEqual(await store.labels.ofStudy(uid), []);
      assert.deepEqual(await store.assessments.ofStudy(uid), []);
      assert.equal(await store.studies.forget(uid), false, 'once more finds nothing');
    });

    test('D6: assessments on studies that were never analysed are compared with the PACS too', async () => {
      await store.assessments.record(report('2.25.62', 'Reader', 'present', { studyInstanceUID: '2.25.60' }));
      await store.studies.seen({ studyInstanceUID: '2.25.63', orthancId: 'o63', at: new Date() });
      await store.assessments.record(report('2.25.64', 'Reader', 'present', { studyInstanceUID: '2.25.63' }));
      assert.deepEqual(await store.knownStudies.withAssessmentsOnly(), [{ studyInstanceUID: '2.25.60', assessmentSeries: ['2.25.62.1'] }]);
      assert.equal(await store.studies.forget('2.25.60'), true);
      assert.deepEqual(await store.knownStudies.withAssessmentsOnly(), []);
    });

    test('D6: what is compared: studies with a result, newest first or by UID, with the series that the PACS must hold', async () => {
      for (const [n, uid] of ['2.25.601', '2.25.602'].entries()) {
        await store.studies.seen({ studyInstanceUID: uid, orthancId: `o${uid}`, at: new Date(2026, 1, 1 + n) });
        await store.results.recordResult(
          result(`known ${uid}`, uid, { documents: [{ sopInstanceUID: `${uid}.1`, seriesInstanceUID: `${uid}.2`, kind: 'text' }] }),
        );
        await store.studies.setDone(uid, `content of ${uid}`);
      }
      const newest = await store.knownStudies.newest(10);
      assert.deepEqual(
        newest.map((one) => one.studyInstanceUID),
        ['2.25.602', '2.25.601'],
      );
      assert.deepEqual(newest[0], {
        studyInstanceUID: '2.25.602',
        orthancId: 'o2.25.602',
        contentKey: 'content of 2.25.602',
        documentSeries: ['2.25.602.2'],
        assessmentSeries: [],
      });
      assert.deepEqual(
        (await store.knownStudies.page({ after: '2.25.601', limit: 10 })).map((one) => one.studyInstanceUID),
        ['2.25.602'],
      );
    });

    test('D25: a second physician amends a report: the amended one counts alone; when it is deleted the first stands again', async () => {
      await store.assessments.record(report('2.25.251', 'Physician A', 'present'));
      await store.assessments.record(
        report('2.25.252', 'Physician B', 'absent', { predecessors: ['2.25.251'], givenAt: new Date('2026-03-01T09:00:00Z') }),
      );
      const labels = async () => consensusLabels(await store.labels.ofStudy('2.25.25')).map(({ state, decision }) => ({ state, decision }));
      assert.deepEqual(await labels(), [{ state: 'agreed', decision: 'absent' }]);
      assert.deepEqual(
        consensusLabels(await store.labels.ofStudies(['2.25.25'])).map(({ state }) => state),
        ['agreed'],
      );
      assert.deepEqual(
        consensusLabels((await store.labels.statements()).filter((one) => one.studyInstanceUID === '2.25.25')).map(({ state }) => state),
        ['agreed'],
      );
      await store.assessments.prune('2.25.25', ['2.25.251']);
      assert.deepEqual(await labels(), [{ state: 'agreed', decision: 'present' }]);
    });

    test('D25: two physicians who do not follow each other still disagree', async () => {
      await store.assessments.record(report('2.25.253', 'Physician C', 'absent'));
      assert.deepEqual(
        consensusLabels(await store.labels.ofStudy('2.25.25')).map(({ state }) => state),
        ['disagreed'],
      );
    });

    test('D34: killed between statistics and result, the study is not lost for drift', async () => {
      const given = {
        resultId: 'D34',
        studyInstanceUID: '2.25.34' as StudyInstanceUID,
        createdAt: new Date(),
        outcome: 'reported',
        code: undefined,
        reason: undefined,
        rule: 'r',
        priority: 0,
        modelVersion: 'm34',
        engine: 'e',
        inputKey: 'k',
        findings: [],
        documents: [],
        destinations: [],
        timings: {},
        statistics: [{ line: 'default', modelVersion: 'm34', site: 's', network: 'xray', numbers: {}, names: {}, decisions: {} }],
      } satisfies StudyResult;
      const killed = { ...store, results: { ...store.results, recordResult: () => Promise.reject(new Error('killed')) } };
      await assert.rejects(indexResult(given, killed), /killed/);
      assert.deepEqual(
        (await store.statistics.since(new Date(0))).filter((one) => one.modelVersion === 'm34').map((one) => one.studyInstanceUID),
        ['2.25.34'],
      );
    });

    test('D33: of more rows than are compared a sample of the whole time is, and a small site is whole', async () => {
      const first = Date.parse('2026-01-01T00:00:00Z');
      for (let n = 0; n < 60; n++) {
        await store.statistics.record({
          studyInstanceUID: `2.25.33${n}`,
          modelVersion: 'm',
          predictedAt: new Date(first + n * 86_400_000),
          site: n < 55 ? 'large' : 'small',
          network: 'xray',
          numbers: {},
          names: {},
          decisions: {},
        });
      }
      const rows = await store.statistics.since(new Date(first), { limit: 20 });
      const of = (site: string) => rows.filter((one) => one.site === site);
      assert.equal(of('small').length, 5);
      assert.ok(of('large').length >= 10 && of('large').length <= 20, `${of('large').length}`);
      assert.ok(
        of('large').some((one) => one.predictedAt.getTime() < first + 27 * 86_400_000),
        'not the newest only',
      );
      assert.equal((await store.statistics.since(new Date(first))).filter((one) => one.modelVersion === 'm').length, 60);
    });
  });
}
