import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applies, emptyState, expectedResult, stateAfter, type ExpectedStudy } from '../soak/archive-model.js';
import { violationsOf } from '../soak/check-archive.js';
import { applicable, planEvents } from '../soak/plan-events.js';
import { shorten } from '../soak/shorten.js';

const faults = ['service killed', 'Orthanc killed', 'disk full'];

test('a seed determines the events, and each can take place', () => {
  const events = planEvents('17', 1_000, faults);
  assert.deepEqual(planEvents('17', 1_000, faults), events);
  assert.notDeepEqual(planEvents('18', 1_000, faults), events);
  let state = emptyState;
  for (const { event } of events) {
    if (event.kind === 'fault') continue;
    assert.ok(applies(event, state), JSON.stringify(event));
    state = stateAfter(event, state);
  }
  assert.equal(events.at(-1)?.isQuietPoint, true);
  assert.deepEqual(applicable(events), events);
});

test('1,000 events contain every kind, and no archive grows for ever', () => {
  const kinds = new Set(planEvents('19', 1_000, faults).map(({ event }) => (event.kind === 'fault' ? event.fault : event.kind)));
  assert.equal(kinds.size, 24 + faults.length, [...kinds].join());
  let state = emptyState;
  for (const { event } of planEvents('20', 1_000, []))
    if (event.kind !== 'fault') {
      state = stateAfter(event, state);
      assert.ok(state.archive.size < 25);
    }
});

test('a list that fails is shortened to the events that matter', async () => {
  const events = planEvents('21', 80, faults);
  const merged = events.find(({ event }) => event.kind === 'study merged')!;
  const shortest = await shorten(events, async (candidate) => candidate.some((one) => one.number === merged.number), 1_000);
  // The two studies, and what they came from.
  assert.ok(shortest.length >= 3 && shortest.length <= 6, `${shortest.length}`);
  assert.ok(shortest.includes(merged) || shortest.at(-1)?.number === merged.number);
  assert.deepEqual(applicable(shortest), shortest);
  assert.equal(shortest.at(-1)?.isQuietPoint, true);
});

test('the model: merge, move, anonymise, restore', () => {
  const image = (number: number) => ({ number, kind: 'frontal' as const, picture: number % 4, series: 'frontal' });
  let state = emptyState;
  const apply = (event: Parameters<typeof stateAfter>[0]): void => void (state = stateAfter(event, state));
  apply({ kind: 'study arrives', study: 'a', images: [image(1)] });
  apply({ kind: 'study arrives', study: 'b', images: [image(2)] });
  apply({ kind: 'assessment given', study: 'a', assessment: { reader: 'r', decision: 'absent' } });
  apply({ kind: 'PACS backed up' });
  apply({ kind: 'study anonymised', study: 'a', copy: 'c', keepSource: true });
  assert.deepEqual(state.archive.get('c')?.assessments, []);
  assert.equal(applies({ kind: 'study merged', study: 'c', into: 'a' }, state), false, 'their images have the same numbers');
  apply({ kind: 'study merged', study: 'a', into: 'b' });
  assert.deepEqual([...state.archive.keys()], ['b', 'c']);
  const merged = state.archive.get('b')!;
  assert.deepEqual(expectedResult(merged), { outcome: 'reported', pictures: [2, 1] });
  assert.equal(merged.assessments.length, 1);
  apply({ kind: 'study moved', study: 'b', into: 'd' });
  apply({ kind: 'study deleted', study: 'd' });
  assert.equal(applies({ kind: 'deleted study sent again', study: 'd', images: [] }, state), false, 'Orthanc chose its UIDs');
  apply({ kind: 'PACS restored' });
  assert.deepEqual([...state.archive.keys()], ['a', 'b']);
});

test('the oracle names what the index has of a study that is gone, a job that is left, and a study that came back', () => {
  const empty = {
    studies: [],
    results: [],
    labels: [],
    assessments: [],
    jobs: [],
    cursors: [],
    newestStudyChange: 0,
    auditFlaw: undefined,
  };
  const expectation = {
    archive: new Map<string, ExpectedStudy>(),
    uidOf: (name: string) => name as never,
    predictions: new Map(),
    mayHaveLateDocuments: new Set<string>(),
  };
  assert.deepEqual(violationsOf({ pacs: new Map(), index: empty }, expectation), []);
  const wrong = violationsOf(
    {
      pacs: new Map([['2.25.9', { images: [], documents: { all: [], current: [], heatMaps: [] }, readers: [] }]]) as never,
      index: {
        ...empty,
        labels: [{ study: '2.25.1', finding: 'pneumonia', decision: 'absent', reader: 'r' }],
        jobs: [{ queue: 'report', state: 'failed', key: '2.25.1', reason: null }],
        auditFlaw: 'entry 4: changed',
      },
    },
    expectation,
  );
  assert.equal(wrong.length, 4, wrong.join('\n'));
});
