import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mulberry32 } from '../../src/lib/seeded-random.js';
import { refreshUrgencies } from '../../src/reporting/refresh-urgencies.js';
import { configSchema } from '../../src/config/schema.js';
import { routingSchema } from '../../src/routing/rules.js';
import type { RecordedFinding } from '../../src/store/schema.js';
import { readingStateOf } from '../../src/store/readings.js';
import type { NewResult } from '../../src/store/results.js';
import type { Store } from '../../src/store/store.js';
import { compareWaiting, limitOf } from '../../src/triage/reading-order.js';
import { isFault } from '../support/fault.js';
import { openEmptyStore, storeBackends } from '../support/store.js';

const now = new Date('2026-03-01T12:00:00.000Z');
const minutes = (count: number): Date => new Date(now.getTime() + count * 60_000);
const finding = (name: string, decision: RecordedFinding['decision'], probability = 0.5): RecordedFinding => ({
  name,
  code: '1',
  scheme: 'SCT',
  meaning: name,
  probability,
  decision,
});

function result(study: string, given: Partial<NewResult> = {}): NewResult {
  return {
    resultId: `r-${study}`,
    studyInstanceUID: study,
    createdAt: now,
    outcome: 'reported',
    inputKey: 'k',
    rule: 'chest',
    triage: { urgency: 0, isSelected: true, isRecent: true },
    ...given,
  };
}

for (const backend of storeBackends()) {
  describe(`the reading state of studies, on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    before(async () => void (store = await openEmptyStore(backend)));
    after(async () => {
      await store?.close();
      await backend.stop();
    });
    const stateOf = async (study: string, at = now) => {
      const row = (await store.readings.find(study))!;
      return { state: readingStateOf(row, at), waits: row.waits, reader: row.reader };
    };

    test('a study that is analysed again with another model version neither starts nor ceases to wait', async () => {
      const again = (study: string, given: Partial<NewResult> = {}) =>
        store.results.recordResult(result(study, { resultId: `again-${study}`, isReanalysis: true, ...given }));
      const present = { findings: [finding('pneumothorax', 'present')] };
      // Read, with another decision now.
      await store.results.recordResult(result('1.9.1', { findings: [finding('pneumothorax', 'absent')] }));
      await store.readings.markRead('1.9.1', 'anna', now);
      await again('1.9.1', present);
      assert.deepEqual(await stateOf('1.9.1'), { state: 'read', waits: true, reader: 'anna' });
      // Waits: only its urgency is new.
      await store.results.recordResult(result('1.9.2'));
      await again('1.9.2', { ...present, triage: { urgency: 7, isSelected: true, isRecent: false } });
      const { waits, waitingSince, urgency } = (await store.readings.find('1.9.2'))!;
      assert.deepEqual([waits, waitingSince, urgency], [true, now, 7]);
      // Of the archive: it does not begin to wait.
      await store.results.recordResult(result('1.9.3', { triage: { urgency: 1, isSelected: true, isRecent: false } }));
      await again('1.9.3', { triage: { urgency: 9, isSelected: true, isRecent: true } });
      assert.equal((await store.readings.find('1.9.3'))!.waits, false);
      assert.equal((await store.results.currentResult('1.9.3'))!.isReanalysis, true);
      // It had failed: there was no report that anybody could have read or been told of.
      await store.results.recordResult(
        result('1.9.4', { outcome: 'failed', code: 'pixels-unreadable', triage: { urgency: 0, isSelected: true, isRecent: false } }),
      );
      await again('1.9.4', present);
      assert.equal((await store.readings.find('1.9.4'))!.waits, true);
      assert.equal((await store.results.currentResult('1.9.4'))!.isReanalysis, false);
      // Otherwise a changed decision has to be read.
      await store.results.recordResult(result('1.9.1', { resultId: 'third', findings: [finding('pneumothorax', 'absent')] }));
      assert.equal((await stateOf('1.9.1')).state, 'unread');
      for (const study of ['1.9.1', '1.9.2', '1.9.3', '1.9.4']) await store.studies.forget(study);
    });

    test('the order in SQL is that of compareWaiting; pages of any size give every study once, also while studies are read', async () => {
      const random = mulberry32(20);
      const limit = limitOf(now, 240);
      const waiting = Array.from({ length: 120 }, (_, number) => ({
        studyInstanceUID: `1.2.${number}`,
        urgency: Math.floor(random() * 4) * 0.5,
        // Some of them at the limit itself, and at the same moment as others.
        waitingSince: minutes(-60 * Math.floor(random() * 8)),
      }));
      for (const { studyInstanceUID, urgency, waitingSince } of waiting)
        await store.results.recordResult(
          result(studyInstanceUID, { createdAt: waitingSince, triage: { urgency, isSelected: true, isRecent: true } }),
        );
      for (const [number, triage] of [
        { urgency: 900, isSelected: false, isRecent: true },
        { urgency: 900, isSelected: true, isRecent: false },
      ].entries())
        await store.results.recordResult(result(`1.3.${number}`, { triage, createdAt: minutes(number) }));
      await store.results.recordResult(result('1.3.2', { createdAt: minutes(2) }));
      await store.readings.markRead('1.3.2', 'dr', now);
      const expected = [
        ...waiting.sort((one, other) => compareWaiting(one, other, limit)).map((one) => one.studyInstanceUID),
        '1.3.2',
        '1.3.1',
        '1.3.0',
      ];
      const overdue = waiting.filter(({ waitingSince }) => waitingSince <= limit).length;
      for (const size of [1, 7, overdue, 120, 500]) {
        const shown: string[] = [];
        let next: string | undefined;
        do {
          const page = await store.worklist.page({ order: 'urgency', overdueSince: limit, now, limit: size, after: next });
          assert.ok(page.rows.length <= size);
          shown.push(...page.rows.map(({ studyInstanceUID }) => studyInstanceUID));
          next = page.next;
        } while (next !== undefined);
        assert.deepEqual(shown, expected, `pages of ${size}`);
      }
      // A study that crosses the limit between two pages is shown once: the pages share the limit of the first.
      const first = await store.worklist.page({ order: 'urgency', overdueSince: limit, limit: 60 });
      const second = await store.worklist.page({ order: 'urgency', overdueSince: minutes(0), limit: 500, after: first.next });
      assert.deepEqual(
        [...first.rows, ...second.rows].map(({ studyInstanceUID }) => studyInstanceUID),
        expected,
      );
      await assert.rejects(store.worklist.page({ order: 'priority', after: first.next }), isFault('request-invalid'));
      const filtered = await store.worklist.page({ order: 'urgency', reading: 'read' });
      assert.deepEqual(
        filtered.rows.map(({ studyInstanceUID }) => studyInstanceUID),
        ['1.3.2'],
      );
      assert.equal((await store.worklist.page({ order: 'priority', reading: 'unread', limit: 500 })).rows.length, 120);
    });

    test('a claim excludes others until it runs out, is released, or is taken over', async () => {
      await store.results.recordResult(result('2.1'));
      const claim = (reader: string, at: Date, takeOver = false) =>
        store.readings.claim('2.1', reader, { now: at, until: new Date(at.getTime() + 30 * 60_000), takeOver });
      assert.equal((await claim('ann', now))?.isDone, true);
      assert.deepEqual(await stateOf('2.1'), { state: 'being-read', waits: true, reader: 'ann' });
      assert.equal((await claim('ben', minutes(1)))?.isDone, false);
      assert.equal((await store.readings.release('2.1', 'ben', minutes(1)))?.isDone, false);
      assert.deepEqual(await stateOf('2.1', minutes(29)), { state: 'being-read', waits: true, reader: 'ann' });
      // By itself.
      assert.equal((await stateOf('2.1', minutes(30))).state, 'unread');
      assert.equal(await store.readings.countClaimed(minutes(29)), 1);
      assert.equal(await store.readings.countClaimed(minutes(30)), 0);
      assert.equal((await store.worklist.page({ reading: 'being-read', now: minutes(29) })).rows.length, 1);
      assert.equal((await store.worklist.page({ reading: 'being-read', now: minutes(31) })).rows.length, 0);
      const taken = await claim('ben', minutes(5), true);
      assert.deepEqual([taken?.isDone, taken?.takenFrom, taken?.row.reader], [true, 'ann', 'ben']);
      assert.equal((await store.readings.release('2.1', 'ben', minutes(6)))?.isDone, true);
      assert.deepEqual(await stateOf('2.1', minutes(6)), { state: 'unread', waits: true, reader: null });
      assert.equal((await store.readings.release('2.1', 'ann', minutes(6)))?.isDone, true);
      assert.equal(await store.readings.claim('no.such', 'ann', { now, until: minutes(1) }), undefined);
    });

    test('of many who claim at once, one gets the study', async () => {
      await store.results.recordResult(result('2.2'));
      const claims = await Promise.all(
        Array.from({ length: 8 }, (_, number) => store.readings.claim('2.2', `reader-${number}`, { now, until: minutes(30) })),
      );
      const [winner, ...others] = claims.filter((one) => one!.isDone);
      assert.equal(others.length, 0);
      assert.equal((await stateOf('2.2')).reader, winner!.row.reader);
    });

    test('read and unread; an assessment says that a study was read; each is a change of the worklist', async () => {
      await store.results.recordResult(result('2.3'));
      const seen = new Set<string>();
      const hasChanged = async (): Promise<boolean> => seen.size < seen.add(await store.worklist.newest()).size;
      await hasChanged();
      assert.equal((await store.readings.markRead('2.3', 'ann', now))?.isDone, true);
      assert.ok(await hasChanged());
      assert.deepEqual(await stateOf('2.3'), { state: 'read', waits: true, reader: 'ann' });
      assert.equal((await store.readings.claim('2.3', 'ben', { now, until: minutes(1), takeOver: true }))?.isDone, false);
      assert.equal((await store.readings.markRead('2.3', 'ben', minutes(1)))?.row.reader, 'ann');
      assert.ok(!(await hasChanged()));
      assert.equal((await store.readings.markUnread('2.3', minutes(2)))?.isDone, true);
      assert.ok(await hasChanged());
      assert.deepEqual((await store.readings.find('2.3'))?.waitingSince, minutes(2));
      await store.readings.claim('2.3', 'ben', { now, until: minutes(30) });
      await hasChanged();
      await store.assessments.record({
        sopInstanceUID: '2.3.1',
        seriesInstanceUID: '2.3.2',
        studyInstanceUID: '2.3',
        kind: 'assessment',
        reader: 'cat',
        verified: false,
        adjudicates: false,
        origin: 'page',
        givenAt: minutes(3),
        findings: [],
        withdrawn: [],
        predecessors: [],
      });
      assert.ok(await hasChanged());
      assert.deepEqual(await stateOf('2.3'), { state: 'read', waits: true, reader: 'cat' });
      assert.deepEqual((await store.readings.find('2.3'))?.readAt, minutes(3));
    });

    test('an assessment that is known before the result marks it as read', async () => {
      await store.assessments.record({
        sopInstanceUID: '2.4.1',
        seriesInstanceUID: '2.4.2',
        studyInstanceUID: '2.4',
        kind: 'verified-report',
        reader: 'cat',
        verified: true,
        adjudicates: false,
        origin: 'document',
        givenAt: minutes(3),
        findings: [],
        withdrawn: [],
        predecessors: [],
      });
      await store.results.restoreResult(result('2.4'));
      assert.deepEqual(await stateOf('2.4'), { state: 'read', waits: true, reader: 'cat' });
    });

    test('a new result: a read study waits again only if the decision on a finding changed; a claim stays', async () => {
      const next = async (number: number, findings: readonly RecordedFinding[]): Promise<void> =>
        void (await store.results.recordResult(result('2.5', { resultId: `r-2.5-${number}`, findings })));
      await next(0, [finding('mass', 'present', 0.9), finding('edema', 'absent')]);
      await store.readings.markRead('2.5', 'ann', now);
      await next(1, [finding('mass', 'present', 0.7)]);
      assert.deepEqual(await stateOf('2.5'), { state: 'read', waits: true, reader: 'ann' });
      await next(2, [finding('mass', 'present', 0.7), finding('edema', 'undetermined')]);
      assert.deepEqual(await stateOf('2.5'), { state: 'unread', waits: true, reader: null });
      assert.ok((await store.readings.find('2.5'))!.waitingSince > now, 'it waits from now on');
      await store.readings.claim('2.5', 'ben', { now, until: minutes(30) });
      await next(3, []);
      assert.equal((await stateOf('2.5')).state, 'being-read');
      // The result that was current before comes back.
      await store.readings.markRead('2.5', 'ben', now);
      await next(2, [finding('mass', 'present', 0.7), finding('edema', 'undetermined')]);
      assert.equal((await stateOf('2.5')).state, 'unread');
    });

    test('a study that is not selected any more does not wait; one that is selected later waits from then on', async () => {
      await store.results.recordResult(result('2.6'));
      const other = { outcome: 'skipped' as const, code: 'no-rule', triage: { urgency: 0, isSelected: false, isRecent: true } };
      await store.results.recordResult(result('2.6', { resultId: 'r-2.6-1', ...other }));
      assert.equal((await stateOf('2.6')).waits, false);
      await store.results.recordResult(result('2.6', { resultId: 'r-2.6-2' }));
      assert.equal((await stateOf('2.6')).waits, true);
      assert.ok((await store.readings.find('2.6'))!.waitingSince > now);
    });

    test('a study waits since its arrival; one that is forgotten leaves no reading state', async () => {
      await store.studies.seen({ studyInstanceUID: '2.7', orthancId: 'o', at: minutes(-90) });
      await store.results.recordResult(result('2.7'));
      assert.deepEqual((await store.readings.find('2.7'))?.waitingSince, minutes(-90));
      await store.studies.forget('2.7');
      assert.equal(await store.readings.find('2.7'), undefined);
    });

    test('other weights, or a finding that is switched off, give the waiting studies another urgency', async () => {
      await store.results.recordResult(
        result('2.8', {
          findings: [finding('mass', 'present'), finding('edema', 'present')],
          priority: 2,
          triage: { urgency: 7, ageGroup: 4, encounterClass: 'inpatient', isSelected: true, isRecent: true },
        }),
      );
      await store.results.recordResult(result('2.9', { findings: [finding('mass', 'present')] }));
      await store.readings.markRead('2.9', 'ann', now);
      const { triage } = configSchema.parse({
        triage: { weights: { mass: 100 }, otherFindings: 400, rulePriority: 3, age: { from80: 1 }, inpatient: { weight: 20 } },
      });
      const routing = routingSchema.parse({
        rules: [{ name: 'chest', when: { modality: 'CR' }, action: 'analyse', findingsOff: ['edema'] }],
      });
      assert.ok((await refreshUrgencies(store.readings, { triage, routing })) >= 1);
      assert.equal((await store.readings.find('2.8'))?.urgency, 50 + 6 + 1 + 20);
      assert.equal((await store.readings.find('2.9'))?.urgency, 0);
      assert.equal(await refreshUrgencies(store.readings, { triage, routing }), 0);
    });
  });
}
