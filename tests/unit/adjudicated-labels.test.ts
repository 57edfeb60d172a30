import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consensusLabels, consensusOrigin, type LabelStatement } from '../../src/assessments/adjudicated-labels.js';

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

/** Statements, in any order, and the label that results. */
const cases: readonly (readonly [what: string, statements: readonly LabelStatement[], expected: string])[] = [
  ['one reader', [says('a', 'present', 1)], 'agreed present'],
  ['two readers agree', [says('a', 'present', 1), says('b', 'present', 2)], 'agreed present'],
  ['two readers disagree', [says('a', 'present', 1), says('b', 'absent', 2)], 'disagreed'],
  ['a verified statement counts as one statement', [says('a', 'present', 1), says('b', 'absent', 2, { verified: true })], 'disagreed'],
  ['a changed decision', [says('a', 'present', 1), says('a', 'absent', 2)], 'agreed absent'],
  ['a changed decision ends a disagreement', [says('a', 'present', 1), says('b', 'absent', 2), says('a', 'absent', 3)], 'agreed absent'],
  ['a reader withdraws', [says('a', 'present', 1), says('a', 'undetermined', 2)], 'undetermined'],
  ['a reader who does not decide does not disagree', [says('a', 'present', 1), says('b', 'undetermined', 2)], 'agreed present'],
  [
    'adjudicated by a reader who may verify',
    [says('a', 'present', 1), says('b', 'absent', 2), says('c', 'absent', 3, { verified: true, adjudicates: true })],
    'agreed absent',
  ],
  [
    'not adjudicated by a reader who may not verify',
    [says('a', 'present', 1), says('b', 'absent', 2), says('c', 'absent', 3, { adjudicates: true })],
    'disagreed',
  ],
  [
    'not adjudicated by a reader who does not decide',
    [says('a', 'present', 1), says('b', 'absent', 2), says('c', 'undetermined', 3, { verified: true, adjudicates: true })],
    'disagreed',
  ],
  [
    'contradicted again afterwards',
    [says('a', 'present', 1), says('c', 'absent', 3, { verified: true, adjudicates: true }), says('a', 'present', 4)],
    'disagreed',
  ],
  [
    'adjudicated twice: the later statement counts',
    [says('c', 'absent', 3, { verified: true, adjudicates: true }), says('d', 'present', 5, { verified: true, adjudicates: true })],
    'agreed present',
  ],
  [
    'without a time it is the oldest',
    [says('a', 'present', 0, { givenAt: null, source: 'orthanc-label' }), says('c', 'absent', 3, { verified: true, adjudicates: true })],
    'agreed absent',
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

test('each finding of each study has its own label', () => {
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

test('how reliable an agreed label is', () => {
  for (const [statements, expected] of [
    [[says('a', 'present', 1)], 'radiologist'],
    [[says('a', 'present', 1), says('b', 'present', 2)], 'adjudicated'],
    [[says('a', 'present', 1), says('b', 'absent', 2), says('c', 'absent', 3, { verified: true, adjudicates: true })], 'adjudicated'],
    [[says('(label in Orthanc)', 'present', 1, { source: 'orthanc-label', givenAt: null })], 'report'],
    [[says('(label in Orthanc)', 'present', 1, { source: 'orthanc-label', givenAt: null }), says('a', 'present', 2)], 'radiologist'],
    [[says('a', 'present', 1), says('b', 'undetermined', 2)], 'radiologist'],
  ] as const)
    assert.equal(consensusOrigin(consensusLabels(statements)[0]!), expected);
});
