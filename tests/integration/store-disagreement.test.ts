import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { consensusLabels } from '../../src/assessments/adjudicated-labels.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';
import type { AssessmentRow } from '../../src/store/assessments.js';
import type { Store } from '../../src/store/store.js';
import { openEmptyStore, storeBackends } from '../support/store.js';

const findings = ['pneumonia', 'mass'] as const;
const decisions = ['present', 'absent', 'undetermined'] as const;
const studies = 40;
const steps = 7;

for (const backend of storeBackends()) {
  describe(`usability 2: disagreement and withdrawal in the index, on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    before(async () => void (store = await openEmptyStore(backend)));
    after(async () => {
      await store?.close();
      await backend.stop();
    });

    const noted = async (study: string): Promise<boolean | undefined> => (await store.readings.find(study))?.isDisagreed;
    const derived = async (study: string): Promise<boolean> =>
      consensusLabels(await store.labels.ofStudy(study)).some(({ state }) => state === 'disagreed');

    test('the column agrees with the labels after every one of 280 random assessments, withdrawals and adjudications', async () => {
      const random = mulberry32(18);
      const pick = <One>(of: readonly One[]): One => of[Math.floor(random() * of.length)]!;
      let disagreed = 0;
      let withdrawn = 0;
      for (let n = 0; n < studies; n++) {
        const study = `2.25.${n + 1}`;
        await store.results.recordResult({ resultId: `r${n}`, studyInstanceUID: study, outcome: 'reported', inputKey: 'k' });
        const given: AssessmentRow[] = [];
        for (let step = 0; step < steps; step++) {
          const reader = pick(['ann', 'ben', 'eve']);
          const finding = pick(findings);
          const own = given.filter((one) => one.reader === reader);
          const isWithdrawal = own.length > 0 && random() < 0.3;
          const adjudicates = !isWithdrawal && random() < 0.2;
          const about = { name: finding, code: '1', scheme: 'SCT', meaning: finding };
          // Times may be equal, absent or run backwards, as clocks and documents of other systems do.
          const minute = pick([step, step, step, 0, 9]);
          const row: AssessmentRow = {
            sopInstanceUID: `${study}.${step}`,
            seriesInstanceUID: `${study}.${step}.1`,
            studyInstanceUID: study,
            kind: 'assessment',
            reader,
            verified: adjudicates,
            adjudicates,
            origin: 'page',
            givenAt: random() < 0.1 ? null : new Date(Date.UTC(2026, 0, 1, 8, minute)),
            findings: isWithdrawal ? [] : [{ ...about, decision: pick(decisions) }],
            withdrawn: isWithdrawal ? [about] : [],
            predecessors: own.slice(-1).map((one) => one.sopInstanceUID),
          };
          assert.equal(await store.assessments.record(row), true);
          given.push(row);
          assert.equal(await noted(study), await derived(study), `${study}, step ${step}`);
          if (await derived(study)) disagreed++;
          if (isWithdrawal) withdrawn++;
        }
        // What the PACS no longer has does not count.
        await store.assessments.prune(
          study,
          given.slice(0, 3).map((one) => one.sopInstanceUID),
        );
        assert.equal(await noted(study), await derived(study), `${study}, pruned`);
      }
      assert.ok(disagreed > 30 && withdrawn > 20, `${disagreed} disagreements and ${withdrawn} withdrawals were seen`);
    });

    test('an assessment that is indexed while the PACS is read stays: only known ones are removed', async () => {
      const study = '2.25.900';
      const row: AssessmentRow = {
        sopInstanceUID: '2.25.901',
        seriesInstanceUID: '2.25.902',
        studyInstanceUID: study,
        kind: 'assessment',
        reader: 'ann',
        verified: false,
        adjudicates: false,
        origin: 'page',
        givenAt: new Date(),
        findings: [],
        withdrawn: [],
        predecessors: [],
      };
      await store.assessments.record(row);
      assert.equal(await store.assessments.prune(study, [], []), 0);
      assert.equal(await store.assessments.prune(study, [], [row.sopInstanceUID]), 1);
    });

    test('usability 10: pages by the time of the result, both ways, contain each study once; filters by time and modality', async () => {
      for (let n = 0; n < 25; n++)
        await store.results.recordResult({
          resultId: `d${n}`,
          studyInstanceUID: `2.26.${n + 10}`,
          outcome: 'reported',
          inputKey: 'k',
          createdAt: new Date(Date.UTC(2026, 1, 1, 0, n % 5)),
          triage: { urgency: n, isSelected: true, isRecent: true, modalities: [n % 2 === 0 ? 'DX' : 'CT'] },
        });
      for (const direction of ['ascending', 'descending'] as const) {
        const rows = [];
        for (let after: string | undefined; ; ) {
          const page = await store.worklist.page({ order: 'time', direction, studyPrefix: '2.26.', limit: 4, ...(after ? { after } : {}) });
          rows.push(...page.rows);
          if (!page.next) break;
          after = page.next;
        }
        assert.equal(new Set(rows.map(({ studyInstanceUID }) => studyInstanceUID)).size, 25, direction);
        assert.equal(rows.length, 25);
        const times = rows.map(({ createdAt }) => createdAt.getTime());
        const sorted = [...times].sort((a, b) => a - b);
        assert.deepEqual(times, direction === 'ascending' ? sorted : sorted.reverse());
      }
      const within = { since: new Date(Date.UTC(2026, 1, 1, 0, 1)), until: new Date(Date.UTC(2026, 1, 1, 0, 3)), studyPrefix: '2.26.' };
      for (const order of ['time', 'urgency', 'priority'] as const) {
        assert.equal((await store.worklist.page({ ...within, order })).rows.length, 10, order);
        const { rows } = await store.worklist.page({ ...within, order, modality: 'CT' });
        assert.ok(rows.length > 0 && rows.every(({ reading }) => reading.modalities.join() === 'CT'), order);
      }
      await assert.rejects(store.worklist.page({ order: 'time', after: 'x' }), /page mark/);
    });
  });
}
