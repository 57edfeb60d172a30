import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consensusLabels, type LabelStatement } from '../../src/assessments/adjudicated-labels.js';

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 24, 12, minute));
function says(reader: string, decision: LabelStatement['decision'], minute: number, more: Partial<LabelStatement> = {}): LabelStatement {
  return {
    studyInstanceUID: '1.2',
    finding: 'pneumonia',
    reader,
    decision,
    source: 'page',
    verified: false,
    adjudicates: false,
    givenAt: at(minute),
    ...more,
  };
}

/** What is said, in any order, and what comes of it. */
const cases: readonly (readonly [what: string, statements: readonly LabelStatement[], expected: string])[] = [
  ['one reader', [says('a', 'present', 1)], 'settled present'],
  ['two who agree', [says('a', 'present', 1), says('b', 'present', 2)], 'settled present'],
  ['two who do not', [says('a', 'present', 1), says('b', 'absent', 2)], 'disagreed'],
  ['a verified word is one word', [says('a', 'present', 1), says('b', 'absent', 2, { verified: true })], 'disagreed'],
  ['a changed mind', [says('a', 'present', 1), says('a', 'absent', 2)], 'settled absent'],
  ['a changed mind ends a disagreement', [says('a', 'present', 1), says('b', 'absent', 2), says('a', 'absent', 3)], 'settled absent'],
  ['a reader withdraws', [says('a', 'present', 1), says('a', 'undetermined', 2)], 'undetermined'],
  ['who does not decide does not disagree', [says('a', 'present', 1), says('b', 'undetermined', 2)], 'settled present'],
  [
    'settled by one who may',
    [says('a', 'present', 1), says('b', 'absent', 2), says('c', 'absent', 3, { verified: true, adjudicates: true })],
    'settled absent',
  ],
  ['not by one who may not', [says('a', 'present', 1), says('b', 'absent', 2), says('c', 'absent', 3, { adjudicates: true })], 'disagreed'],
  [
    'not by one who does not decide',
    [says('a', 'present', 1), says('b', 'absent', 2), says('c', 'undetermined', 3, { verified: true, adjudicates: true })],
    'disagreed',
  ],
  [
    'contradicted again afterwards',
    [says('a', 'present', 1), says('c', 'absent', 3, { verified: true, adjudicates: true }), says('a', 'present', 4)],
    'disagreed',
  ],
  [
    'settled twice: the later',
    [says('c', 'absent', 3, { verified: true, adjudicates: true }), says('d', 'present', 5, { verified: true, adjudicates: true })],
    'settled present',
  ],
  [
    'without a time it is the oldest',
    [says('a', 'present', 0, { givenAt: null, source: 'orthanc-label' }), says('c', 'absent', 3, { verified: true, adjudicates: true })],
    'settled absent',
  ],
];

for (const [what, statements, expected] of cases) {
  test(what, () => {
    for (const order of [statements, [...statements].reverse()]) {
      const [joint, ...others] = consensusLabels(order);
      assert.equal(others.length, 0);
      assert.equal([joint!.state, joint!.decision].filter(Boolean).join(' '), expected);
    }
  });
}

test('studies and findings are told apart', () => {
  const joint = consensusLabels([
    says('a', 'present', 1),
    says('a', 'absent', 1, { finding: 'mass' }),
    says('b', 'absent', 1, { studyInstanceUID: '1.3' }),
  ]);
  assert.deepEqual(
    joint.map((one) => [one.studyInstanceUID, one.finding, one.decision]),
    [
      ['1.2', 'pneumonia', 'present'],
      ['1.2', 'mass', 'absent'],
      ['1.3', 'pneumonia', 'absent'],
    ],
  );
});
