import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { chooseSoftmaxScaling } from '../../src/evaluation/choose-calibration.js';
import { calibratedOutputs } from '../../src/evaluation/calibrated-outputs.js';
import { evaluateSet } from '../../src/evaluation/report/evaluate-set.js';
import { evaluationReportSchema } from '../../src/evaluation/report/evaluation-report.js';
import type { ScoredSet } from '../../src/evaluation/report/scored-set.js';

const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/evaluation/metrics.json'), 'utf8')) as {
  readonly oneOfMany: {
    yTrue: number[];
    yScore: number[][];
    logits: number[][];
    accuracy: number;
    balancedAccuracy: number;
    confusion: number[][];
    auroc: number[];
    brier: number;
    ece: number;
    temperature: number;
  };
  readonly several: {
    yTrue: number[][];
    yScore: number[][];
    accuracy: number;
    balancedAccuracy: number;
    confusion: number[][][];
    auroc: number[];
    brier: number;
  };
};
const near = (found: number | null, expected: number, what: string, tolerance = 1e-9): void =>
  assert.ok(found !== null && Math.abs(found - expected) < tolerance, `${what}: ${found}, expected ${expected}`);
const quick = { resamples: 100, seed: 1 };

const many: ScoredSet = {
  objective: 'one-of-many',
  classes: ['a', 'b', 'c', 'd'],
  thresholds: [0.5, 0.5, 0.5, 0.5],
  images: golden.oneOfMany.yTrue.map((truth, i) => ({
    id: `image-${i}`,
    patient: `patient-${i >> 1}`,
    source: i % 5 === 0 ? 'x' : 'y',
    view: '',
    yTrue: [0, 1, 2, 3].map((k) => (k === truth ? 1 : 0)),
    yScore: golden.oneOfMany.yScore[i]!,
    ...(i % 50 === 0 ? { refusal: 'unlike' } : {}),
  })),
};
const several: ScoredSet = {
  objective: 'several',
  classes: ['p', 'q', 'r'],
  thresholds: [0.5, 0.5, 0.5],
  images: golden.several.yTrue.map((row, i) => ({
    id: `i${i}`,
    patient: `p${i}`,
    source: `s${i % 2}`,
    view: i % 3 ? 'PA' : 'AP',
    yTrue: row.map((one) => (one < 0 ? null : one) as 0 | 1 | null),
    yScore: golden.several.yScore[i]!,
  })),
};

test("one of many: the shape that checks rely on, with scikit-learn's figures", () => {
  const report = evaluationReportSchema.parse(evaluateSet(many, quick));
  assert.deepEqual([report.n, report.patients, report.classes], [250, 125, ['a', 'b', 'c', 'd']]);
  near(report.accuracy, golden.oneOfMany.accuracy, 'accuracy');
  near(report.balancedAccuracy, golden.oneOfMany.balancedAccuracy, 'balanced accuracy');
  near(report.ece, golden.oneOfMany.ece, 'ECE');
  near(report.brier, golden.oneOfMany.brier, 'Brier');
  assert.deepEqual(report.confusion, golden.oneOfMany.confusion);
  report.classes.forEach((name, k) => near(report.auroc[name]!.value, golden.oneOfMany.auroc[k]!, name));
  const [low, high] = report.accuracyInterval!;
  assert.ok(low < report.accuracy! && report.accuracy! < high && high - low < 0.15);
  assert.ok(report.majorityRate! > 0.5);
  assert.deepEqual(report.refused, { n: 5, share: 0.02 });
  assert.deepEqual(
    report.bySource.map(({ name, n }) => [name, n]),
    [
      ['y', 200],
      ['x', 50],
    ],
  );
  assert.deepEqual(
    report.byView.map(({ name, n }) => [name, n]),
    [['unknown', 250]],
  );
  assert.ok(report.topLosses.length === 12 && report.topLosses.every(({ loss }, i) => i === 0 || loss <= report.topLosses[i - 1]!.loss));
  assert.deepEqual(evaluateSet(many, quick), evaluateSet(many, quick));
});

test("several findings: unknown labels are masked, figures are scikit-learn's", () => {
  const report = evaluationReportSchema.parse(evaluateSet(several, quick));
  near(report.accuracy, golden.several.accuracy, 'accuracy');
  near(report.balancedAccuracy, golden.several.balancedAccuracy, 'balanced accuracy');
  near(report.brier, golden.several.brier, 'Brier');
  assert.deepEqual(report.confusion, golden.several.confusion);
  report.classes.forEach((name, k) => near(report.auroc[name]!.value, golden.several.auroc[k]!, name));
  for (const name of report.classes) {
    const { n, confusion, sensitivity, specificity } = report.perClass[name]!;
    assert.ok(n < 120 && n > 70);
    near(sensitivity.value, confusion[1]![1]! / (confusion[1]![0]! + confusion[1]![1]!), 'sensitivity');
    near(specificity.value, confusion[0]![0]! / (confusion[0]![0]! + confusion[0]![1]!), 'specificity');
  }
});

test('a slice of one class is not defined rather than wrong, and a label that goes with the source is named', () => {
  const apart: ScoredSet = {
    ...several,
    classes: ['p'],
    thresholds: [0.5],
    images: several.images.map((image, i) => ({
      ...image,
      source: i < 60 ? 'sick' : 'well',
      yTrue: [i < 60 ? 1 : 0],
      yScore: [i < 60 ? 0.9 : 0.1],
    })),
  };
  const report = evaluateSet(apart, quick);
  assert.equal(report.accuracy, 1);
  for (const { perClass, balancedAccuracy } of report.bySource) {
    assert.deepEqual(perClass['p']!.auroc, { value: null, interval: null, why: 'one class only' });
    assert.equal(balancedAccuracy, null);
  }
  assert.equal(report.bySource[0]!.perClass['p']!.specificity.value, null);
  assert.ok(
    report.warnings.some((line) => /cannot tell disease from source/.test(line)),
    report.warnings.join('\n'),
  );
  // sixty of sixty is not certainty
  assert.ok(report.perClass['p']!.sensitivity.interval![0] > 0.9 && report.perClass['p']!.sensitivity.interval![0] < 1);
  const healthy = evaluateSet({ ...apart, images: apart.images.slice(60) }, quick);
  assert.deepEqual([healthy.auroc['p']!.value, healthy.perClass['p']!.sensitivity.value, healthy.perClass['p']!.roc], [null, null, []]);
  assert.ok(healthy.warnings.some((line) => /every labelled image is negative/.test(line)));
});

test('always answering the commoner class is unmasked', () => {
  const lazy: ScoredSet = {
    ...several,
    classes: ['p'],
    thresholds: [0.5],
    images: several.images.map((image, i) => ({ ...image, yTrue: [i % 5 === 0 ? 0 : 1], yScore: [0.8] })),
  };
  const report = evaluateSet(lazy, quick);
  near(report.accuracy, 0.8, 'accuracy');
  near(report.majorityRate, 0.8, 'majority');
  near(report.balancedAccuracy, 0.5, 'balanced');
  near(report.auroc['p']!.value, 0.5, 'AUROC');
  assert.ok(report.warnings.some((line) => /no better than always giving the commoner answer/.test(line)));
});

test('sets that do not fit are refused with the image at fault', () => {
  const change = (image: Partial<ScoredSet['images'][number]>, set = several): ScoredSet => ({
    ...set,
    images: [{ ...set.images[0]!, ...image }],
  });
  assert.throws(() => evaluateSet({ ...several, images: [] }), /expected images, found none/);
  assert.throws(() => evaluateSet({ ...several, thresholds: [] }), /a threshold for each of 3 classes/);
  assert.throws(() => evaluateSet(change({ yScore: [0.1, NaN, 0.2] })), /image i0: expected scores from 0 to 1, found NaN/);
  assert.throws(() => evaluateSet(change({ yTrue: [1] })), /image i0: expected 3 truths/);
  assert.throws(() => evaluateSet(change({ yTrue: [1, 1, 0, 0] }, many)), /exactly one class, found 2/);
});

test('reading rules from the calibration split', () => {
  const { yTrue, logits } = golden.oneOfMany;
  const oneHot = yTrue.map((truth) => [0, 1, 2, 3].map((k) => (k === truth ? 1 : 0) as 0 | 1));
  const rules = calibratedOutputs({ objective: 'one-of-many', classes: ['a', 'b', 'c', 'd'], logits, yTrue: oneHot });
  const { temperature, biases } = chooseSoftmaxScaling(yTrue, logits, 4);
  for (const [k, { absentBelow, presentFrom, ...scaling }] of rules.entries()) {
    near(scaling.temperature, temperature, 'temperature', 1e-4);
    near(scaling.bias ?? 0, biases[k]!, 'bias', 1e-4);
    assert.ok(presentFrom >= 0.5 && presentFrom <= 0.95 && absentBelow <= presentFrom - 0.1 + 1e-9 && absentBelow >= 0.02);
  }
  const alone = calibratedOutputs({ objective: 'several', classes: ['x'], logits: [[1], [2]], yTrue: [[1], [null]] });
  assert.deepEqual(alone, [{ kind: 'finding', name: 'x', temperature: 1, absentBelow: 0.4, presentFrom: 0.5 }]);
});
