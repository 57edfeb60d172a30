import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedCalibrationError, reliabilityTable } from '../../src/evaluation/metrics/calibration.js';
import { withServedThresholds } from '../../src/evaluation/operating-points.js';
import { decidePromotion } from '../../src/evaluation/promotion/decide.js';
import type { GateEvidence } from '../../src/evaluation/promotion/evidence.js';
import type { Criterion, GateDecision } from '../../src/evaluation/promotion/gate-decision.js';
import { promotionRulesSchema } from '../../src/evaluation/promotion/promotion-rules.js';
import type { OutputRule } from '../../src/evaluation/rules.js';
import { evaluated, imagesOf, maskedSets, train } from '../support/synthetic-hospital.js';

const images = imagesOf({ patients: 300, seed: 301 });
const score = train(imagesOf({ patients: 500, seed: 302 }));
const own = evaluated('bbbbbbbbbbbb', images, score);
const evidence: GateEvidence = {
  testSet: 'locked',
  kind: 'xray',
  champion: evaluated('aaaaaaaaaaaa', images, score),
  challenger: own,
  masked: maskedSets(images, score),
};

function decide(rules: object, changes: Partial<GateEvidence> = {}): GateDecision {
  return decidePromotion({ ...evidence, ...changes }, promotionRulesSchema.parse({ resamples: 300, ...rules }));
}

function criterion(decision: GateDecision, name: string): Criterion {
  const found = decision.criteria.find((one) => one.name === name);
  assert.ok(found, `${name} is missing`);
  return found;
}

/** Between the point estimate and the unfavourable end of the interval: the point passes such a bound, the interval does not. */
function between(figure: number, end: number): number {
  return (figure + end) / 2;
}

test('D7: every bound applies to the unfavourable end of the interval, not to the point estimate', () => {
  const usual = decide({});
  const lower = (name: string): number => between(criterion(usual, name).figure!, criterion(usual, name).interval![0]);
  const upper = (name: string): number => between(criterion(usual, name).figure!, criterion(usual, name).interval![1]);
  for (const [name, rules] of [
    ['lungs-matter', { shortcuts: { lungsMatter: lower('lungs-matter') } }],
    ['lungs-tell-more', { shortcuts: { lungsTellMore: lower('lungs-tell-more') } }],
    ['above-view', { shortcuts: { aboveView: lower('above-view') } }],
    ['borders-do-not-matter', { shortcuts: { bordersDoNot: Math.max(0, upper('borders-do-not-matter')) } }],
    ['calibrated', { calibration: { ece: upper('calibrated') } }],
  ] as const) {
    const { passed, figure, interval, bound, comparison } = criterion(decide(rules), name);
    const pointPasses = comparison === 'at-least' ? figure! >= bound! : figure! <= bound!;
    assert.ok(pointPasses && !passed, `${name}: ${figure} (${interval?.join(' to ')}), bound ${bound}, passed ${passed}`);
  }
  const first = decide({ first: { auroc: 0 } }, { champion: null });
  const { figure, interval } = criterion(first, 'auroc-of-first');
  assert.equal(criterion(decide({ first: { auroc: between(figure!, interval![0]) } }, { champion: null }), 'auroc-of-first').passed, false);
});

test('D7: the source may not be told more easily at the upper end of the interval', () => {
  // Features of the champion say nothing about the source, those of the challenger say it nearly always.
  const lungs = { ...evidence.champion!, embeddings: images.map(({ features }) => features.slice(0, 8)) };
  const { passed, interval, counts } = criterion(decide({}, { champion: lungs }), 'source-not-easier');
  assert.ok(counts && !passed && interval![0] > 0.2);
  assert.equal(criterion(decide({}), 'source-not-easier').passed, true);
});

test('D7: a criterion that cannot be computed counts as failed', () => {
  for (const [name, changes] of [
    ['source-not-easier', { challenger: { ...own, embeddings: undefined } }],
    ['source-not-easier', { champion: { ...evidence.champion!, embeddings: undefined } }],
    ['lungs-matter', { masked: null }],
    ['best-version-available', { bestMissing: [{ version: 'cccccccccccc', why: 'the file is missing' }] }],
  ] as const) {
    const decision = decide({}, changes);
    const { passed, counts, words } = criterion(decision, name);
    assert.ok(!passed && counts && decision.decision === 'refused', words);
  }
  const noLabels = { ...own, set: { ...own.set, images: own.set.images.map((image) => ({ ...image, yTrue: [null] })) } };
  const decision = decide({ minPatients: 5 }, { champion: null, challenger: noLabels, masked: null, kind: 'ct' });
  assert.deepEqual(
    [criterion(decision, 'calibrated'), criterion(decision, 'enough-patients')].map(({ passed, counts }) => passed || !counts),
    [false, false],
  );
});

test('D7: the challenger is compared with the best version so far too, and the sentence names it', () => {
  const blurred = evaluated('bbbbbbbbbbbb', images, (image) => 0.5 + (score(image) - 0.5) * (image.id.endsWith('0') ? -0.3 : 1));
  const decision = decide(
    {},
    { champion: { ...blurred, version: 'aaaaaaaaaaaa' }, challenger: blurred, best: [{ ...own, version: 'dddddddddddd' }] },
  );
  assert.equal(criterion(decision, 'auroc-not-worse').passed, true);
  const best = criterion(decision, 'auroc-not-worse-than-best');
  assert.equal(best.passed, false);
  assert.match(best.words, /significantly lower than that of the best version so far \(dddddddddddd\)/);
  for (const name of ['sensitivity-not-worse-than-best', 'specificity-not-worse-than-best']) criterion(decision, name);
});

test('D7: sensitivity and specificity are those at the served thresholds, of one-of-many networks too', () => {
  const set = { ...own.set, objective: 'one-of-many' as const, classes: ['pneumonia', 'normal'], thresholds: [0.9, 0.9] };
  const both = (yScore: number) => [yScore, 1 - yScore];
  const wide = (sets: typeof own.set): typeof own.set => ({
    ...set,
    images: sets.images.map((image) => ({
      ...image,
      yTrue: [image.yTrue[0]!, image.yTrue[0] === 1 ? 0 : 1],
      yScore: both(image.yScore[0]!),
    })),
  });
  const low = { ...own, set: { ...wide(own.set), thresholds: [0.3, 0.3] } };
  const high = { ...own, set: wide(own.set) };
  const decision = decide({}, { champion: low, challenger: high, masked: null, kind: 'ct' });
  assert.equal(criterion(decision, 'auroc-not-worse').figure, 0);
  assert.ok(criterion(decision, 'sensitivity-not-worse').figure! < -0.2, 'a higher threshold loses sensitivity');
});

test("D7: the hospital's thresholds replace the model's, and absent never begins above present", () => {
  const outputs: OutputRule[] = [
    { kind: 'finding', name: 'pneumonia', temperature: 1, absentBelow: 0.4, presentFrom: 0.6 },
    { kind: 'gate', name: 'a chest', temperature: 1, acceptFrom: 0.5 },
  ];
  const served = (override: object | undefined) => withServedThresholds({ outputs }, () => override).outputs;
  assert.deepEqual(served(undefined), outputs);
  assert.deepEqual(served({ presentFrom: 0.2 })[0], { ...outputs[0], presentFrom: 0.2, absentBelow: 0.2 });
  assert.deepEqual(served({ absentBelow: 0.1 })[0], { ...outputs[0], absentBelow: 0.1 });
  assert.deepEqual(served({ presentFrom: 0.2 })[1], outputs[1]);
});

test('a source with too few patients is shown and does not count', () => {
  const few = images.map((image, index) => (index < 6 ? { ...image, source: 'small clinic' } : image));
  const decision = decide(
    {},
    { champion: evaluated('a', few, score), challenger: evaluated('b', few, score), masked: maskedSets(few, score) },
  );
  const group = decision.criteria.find(({ name, words }) => name === 'auroc-not-worse-in-source' && words.includes('small clinic'))!;
  assert.deepEqual([group.figure, group.counts], [null, false]);
  assert.equal(decision.decision, 'promoted', decision.why);
});

test('the interval of the calibration error is corrected for its bias', () => {
  const { figure, interval } = criterion(decide({}), 'calibrated');
  const { yTrue, yScore } = {
    yTrue: own.set.images.map((image) => image.yTrue[0] as 0 | 1),
    yScore: own.set.images.map((image) => image.yScore[0]!),
  };
  assert.ok(Math.abs(figure! - expectedCalibrationError(reliabilityTable(yTrue, yScore))!) < 1e-12);
  // Resampling raises the error: the percentile interval would lie above the figure by nearly its whole width.
  assert.ok(interval![0] < figure! && (interval![0] + interval![1]) / 2 < figure!, JSON.stringify({ figure, interval }));
});
