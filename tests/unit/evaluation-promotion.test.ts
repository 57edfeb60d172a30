import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { cramersV } from '../../src/evaluation/promotion/association.js';
import { decidePromotion } from '../../src/evaluation/promotion/decide.js';
import type { GateEvidence } from '../../src/evaluation/promotion/evidence.js';
import { gateDecisionSchema, type GateDecision } from '../../src/evaluation/promotion/gate-decision.js';
import { fitLogisticRegression } from '../../src/evaluation/promotion/logistic-regression.js';
import { nameBaseline } from '../../src/evaluation/promotion/name-baseline.js';
import { promotionRulesSchema } from '../../src/evaluation/promotion/promotion-rules.js';
import { sourceReadability } from '../../src/evaluation/promotion/source-classifier.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';
import { maskedSets, flipped, gaussian, imagesOf, evaluated, permuted, train } from '../support/synthetic-hospital.js';

/** scikit-learn's and scipy's: tests/oracles/evaluation/promotion.py. */
const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/evaluation/promotion.json'), 'utf8')) as {
  readonly regression: { rows: number[][]; yTrue: number[]; classes: number; penalty: number; probabilities: number[][] }[];
  readonly cramer: { ones: number[]; others: number[]; v: number }[];
};

const rules = promotionRulesSchema.parse({ resamples: 300 });
const failedOf = ({ criteria }: GateDecision): readonly string[] =>
  criteria.filter(({ counts, passed }) => counts && !passed).map(({ name }) => name);

/** Champion and test set of one hospital; the network trained on `labels` is the challenger. */
function retraining(
  seed: number,
  labelsOf: (images: ReturnType<typeof imagesOf>) => ReturnType<typeof permuted> | undefined = () => undefined,
  { trainPatients = 500, testPatients = 400 } = {},
): GateDecision {
  const test = imagesOf({ patients: testPatients, seed: 1000 + seed });
  const champion = train(imagesOf({ patients: trainPatients, seed: 2000 + seed }));
  const labelled = imagesOf({ patients: trainPatients, seed: 3000 + seed });
  const challenger = train(labelled, labelsOf(labelled));
  return decidePromotion(
    {
      testSet: 'locked',
      kind: 'xray',
      champion: evaluated('aaaaaaaaaaaa', test, champion),
      challenger: evaluated('bbbbbbbbbbbb', test, challenger),
      masked: maskedSets(test, challenger),
    },
    rules,
  );
}

test('labels of other patients: refused with each of twenty seeds', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const decision = retraining(seed, (images) => permuted(images, seed));
    assert.equal(decision.decision, 'refused', `seed ${seed}`);
    assert.ok(failedOf(decision).includes('auroc-not-worse'), `seed ${seed}: ${failedOf(decision).join()}`);
  }
});

test('four labels of ten inverted: refused with each of twenty seeds', () => {
  for (let seed = 1; seed <= 20; seed++)
    assert.equal(retraining(seed, (images) => flipped(images, 0.4, seed)).decision, 'refused', `seed ${seed}`);
});

test('every label inverted: refused with each of twenty seeds', () => {
  for (let seed = 1; seed <= 20; seed++)
    assert.equal(retraining(seed, (images) => flipped(images, 1, seed)).decision, 'refused', `seed ${seed}`);
});

/**
 * docs/reference/gate.md states the rates over more runs: 50 of 100 and 34 of 40. The seeds are fixed, so
 * that these counts are the same on every machine but for rounding: a different count is a different gate.
 */
for (const { testPatients, trainPatients, expected } of [
  { testPatients: 400, trainPatients: 500, expected: 7 },
  { testPatients: 1000, trainPatients: 1500, expected: 17 },
]) {
  test(`an equal challenger, trained on as many other patients, is promoted at the stated rate: ${testPatients} test patients`, () => {
    const decisions = Array.from({ length: 20 }, (_, seed) => retraining(100 + seed, undefined, { testPatients, trainPatients }));
    const promoted = decisions.filter(({ decision }) => decision === 'promoted').length;
    assert.ok(
      Math.abs(promoted - expected) <= 1,
      `${promoted} of ${decisions.length}: ${JSON.stringify(decisions.map(failedOf).filter((one) => one.length > 0))}`,
    );
  });
}

test('the champion itself is never refused as worse than itself', () => {
  const images = imagesOf({ patients: 300, seed: 8 });
  const score = train(imagesOf({ patients: 500, seed: 9 }));
  const decision = decidePromotion(
    {
      testSet: 'locked',
      kind: 'xray',
      champion: evaluated('aaaaaaaaaaaa', images, score),
      challenger: evaluated('bbbbbbbbbbbb', images, score),
      masked: maskedSets(images, score),
    },
    rules,
  );
  assert.equal(decision.decision, 'promoted', decision.why);
  for (const { name, figure } of decision.criteria) if (name.endsWith('-not-worse')) assert.equal(figure, 0);
});

test('a better challenger is promoted: the champion had seen little', () => {
  let promoted = 0;
  for (let seed = 0; seed < 20; seed++) {
    const test = imagesOf({ patients: 400, seed: 5000 + seed });
    const champion = train(imagesOf({ patients: 40, seed: 6000 + seed }));
    const challenger = train(imagesOf({ patients: 800, seed: 7000 + seed }));
    if (
      decidePromotion(
        {
          testSet: 'locked',
          kind: 'xray',
          champion: evaluated('a', test, champion),
          challenger: evaluated('b', test, challenger),
          masked: maskedSets(test, challenger),
        },
        rules,
      ).decision === 'promoted'
    )
      promoted++;
  }
  assert.ok(Math.abs(promoted - 14) <= 1, `${promoted} of 20`);
});

test('a network that reads the border is refused however high its AUROC', () => {
  const confounded = { confounding: 0.97 };
  const test = imagesOf({ patients: 400, seed: 51, ...confounded });
  const score = train(imagesOf({ patients: 600, seed: 52, ...confounded }), undefined, true);
  const decision = decidePromotion(
    { testSet: 'locked', kind: 'xray', champion: null, challenger: evaluated('b', test, score), masked: maskedSets(test, score) },
    rules,
  );
  const auroc = decision.criteria.find(({ name }) => name === 'auroc-of-first')!;
  assert.ok(auroc.passed && auroc.figure! > 0.85, String(auroc.figure));
  const failed = failedOf(decision);
  for (const name of ['lungs-matter', 'lungs-tell-more', 'borders-do-not-matter'])
    assert.ok(failed.includes(name), `${name}: ${failed.join()}`);
  assert.match(decision.criteria.find(({ name }) => name === 'above-source')!.words, /cannot tell disease from source/);
});

test('the first model: significantly better than chance, calibrated, with a shortcut audit', () => {
  const test = imagesOf({ patients: 600, seed: 61, effect: 1.2 });
  const score = train(imagesOf({ patients: 500, seed: 62, effect: 1.2 }));
  const evidence: GateEvidence = {
    testSet: 'locked',
    kind: 'xray',
    champion: null,
    challenger: evaluated('b', test, score),
    masked: maskedSets(test, score),
  };
  const decision = gateDecisionSchema.parse(decidePromotion(evidence, rules));
  assert.equal(decision.decision, 'promoted', decision.why);
  assert.equal(decision.champion, null);
  assert.deepEqual(decidePromotion(evidence, rules), decision);
  assert.deepEqual(failedOf(decidePromotion({ ...evidence, masked: null }, rules)), ['lungs-matter']);
  assert.equal(decidePromotion({ ...evidence, masked: null, kind: 'ct' }, rules).decision, 'promoted');
  const guess = decidePromotion({ ...evidence, challenger: evaluated('b', test, () => 0.4), masked: maskedSets(test, () => 0.4) }, rules);
  assert.ok(failedOf(guess).includes('auroc-of-first') && failedOf(guess).includes('lungs-matter'));
});

test('too few patients, a lost class, wrong probabilities: refused, with the reason', () => {
  const few = imagesOf({ patients: 25, seed: 71 });
  const score = train(imagesOf({ patients: 500, seed: 72 }));
  const small = decidePromotion(
    {
      testSet: 'locked',
      kind: 'xray',
      champion: evaluated('a', few, score),
      challenger: evaluated('b', few, score),
      masked: maskedSets(few, score),
    },
    rules,
  );
  assert.equal(small.decision, 'refused');
  assert.match(small.why, /only \d+ patients on one side of pneumonia; 20 are needed/);

  const test = imagesOf({ patients: 300, seed: 73 });
  const champion = evaluated('a', test, score);
  const wider = {
    ...champion,
    set: {
      ...champion.set,
      classes: ['pneumonia', 'covid-19'],
      thresholds: [0.5, 0.5],
      images: champion.set.images.map((image) => ({ ...image, yTrue: [...image.yTrue, 0 as const], yScore: [...image.yScore, 0.1] })),
    },
  };
  const lost = decidePromotion(
    { testSet: 'locked', kind: 'xray', champion: wider, challenger: evaluated('b', test, score), masked: maskedSets(test, score) },
    rules,
  );
  assert.deepEqual(failedOf(lost), ['keeps-classes']);
  assert.match(lost.why, /no longer reports covid-19/);

  // the same order of images, probabilities pushed to the ends: AUROC sees nothing
  const overconfident = (image: Parameters<typeof score>[0]): number =>
    1 / (1 + Math.exp(-8 * Math.log(score(image) / (1 - score(image)))));
  const decision = decidePromotion(
    { testSet: 'locked', kind: 'xray', champion, challenger: evaluated('b', test, overconfident), masked: maskedSets(test, overconfident) },
    rules,
  );
  assert.deepEqual(failedOf(decision), ['calibrated']);

  assert.throws(
    () =>
      decidePromotion(
        { testSet: 'locked', kind: 'xray', champion: evaluated('a', test.slice(1), score), challenger: champion, masked: null },
        rules,
      ),
    /expected \d+ images, found/,
  );
  assert.throws(
    () =>
      decidePromotion(
        { testSet: 'locked', kind: 'xray', champion: evaluated('a', [...test].reverse(), score), challenger: champion, masked: null },
        rules,
      ),
    /at index 0/,
  );
});

test('a challenger that is worse in one hospital only is refused for it', () => {
  const test = imagesOf({ patients: 500, seed: 81 });
  const score = train(imagesOf({ patients: 500, seed: 82 }));
  const uniform = mulberry32(83);
  const blind = new Map(test.filter(({ source }) => source === 'south').map((image) => [image.id, 0.4 + 0.05 * gaussian(uniform)]));
  const partly = (image: Parameters<typeof score>[0]): number => Math.min(1, Math.max(0, blind.get(image.id) ?? score(image)));
  const wide = promotionRulesSchema.parse({ resamples: 300, notWorse: { auroc: 1, sensitivity: 1, specificity: 1 } });
  const decision = decidePromotion(
    {
      testSet: 'locked',
      kind: 'xray',
      champion: evaluated('a', test, score),
      challenger: evaluated('b', test, partly),
      masked: maskedSets(test, partly),
    },
    wide,
  );
  assert.ok(
    decision.criteria.some(({ name, passed, words }) => name === 'auroc-not-worse-in-source' && !passed && /source south/.test(words)),
    decision.why,
  );
});

test("softmax regression is scikit-learn's", () => {
  for (const { rows, yTrue, classes, penalty, probabilities } of golden.regression) {
    const model = fitLogisticRegression(rows, yTrue, classes, penalty);
    probabilities.forEach((row, i) =>
      model.probabilities(rows[i]!).forEach((p, k) => assert.ok(Math.abs(p - row[k]!) < 1e-4, `${p}, expected ${row[k]}`)),
    );
  }
});

test("Cramér's V is scipy's", () => {
  for (const { ones, others, v } of golden.cramer) assert.ok(Math.abs(cramersV(ones.map(String), others.map(String))! - v) < 1e-9);
  assert.equal(cramersV(['a', 'a'], ['x', 'y']), null);
});

test('the source can be read off features that hold it, not off others', () => {
  const images = imagesOf({ patients: 300, seed: 91 });
  const read = (features: (image: (typeof images)[number]) => readonly number[]) =>
    sourceReadability(
      images.map(features),
      images.map(({ source }) => source),
      images.map(({ patient }) => patient),
    )!;
  assert.ok(read(({ features }) => features).auroc > 0.95);
  const lungs = read(({ features }) => features.slice(0, 8));
  assert.ok(lungs.auroc > 0.4 && lungs.auroc < 0.6, String(lungs.auroc));
  assert.equal(
    sourceReadability(
      images.map(({ features }) => features),
      images.map(() => 'one'),
      images.map(({ patient }) => patient),
    ),
    null,
  );
});

test('AUROC of the view position alone, computed from other patients', () => {
  assert.equal(nameBaseline(['PA', 'PA'], ['a', 'b'], [1, 0])(), null);
  const views = ['AP', 'AP', 'AP', 'PA', 'PA', 'PA'];
  const patients = ['a', 'b', 'c', 'd', 'e', 'f'];
  assert.equal(nameBaseline(views, patients, [1, 1, 1, 0, 0, 0])(), 1);
  // a patient's own label does not count
  assert.ok(nameBaseline(['AP', 'AP', 'PA', 'PA'], ['a', 'a', 'b', 'b'], [1, 1, 0, 0])()! <= 0.5);
  assert.equal(nameBaseline(views, patients, [1, null, 1, 0, null, 0])(), 1);
});
