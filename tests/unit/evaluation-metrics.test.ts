import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { mahalanobisDistance } from '../../src/evaluation/gate.js';
import { distancesOfLeftOut, fitFeatureGate, fitFeatureGateOfSources, inverse, ledoitWolf } from '../../src/evaluation/feature-gate.js';
import { aurocScore, rocCurve } from '../../src/evaluation/metrics/auroc.js';
import { brierLoss, expectedCalibrationError, reliabilityTable } from '../../src/evaluation/metrics/calibration.js';
import { accuracyScore, balancedAccuracyScore, confusionMatrix, majorityRate } from '../../src/evaluation/metrics/confusion.js';
import { delongComparison, delongEstimate, midranks } from '../../src/evaluation/metrics/delong.js';
import { imageLoss, logLoss } from '../../src/evaluation/metrics/losses.js';
import { normalCdf, normalQuantile } from '../../src/evaluation/metrics/normal.js';
import { bootstrapValues, patientBootstrap, percentileInterval } from '../../src/evaluation/metrics/patient-bootstrap.js';
import { mulberry32, shuffled } from '../../src/lib/seeded-random.js';
import { fitSoftmaxTemperature, fitTemperature } from '../../src/evaluation/metrics/temperature.js';
import { wilsonEstimate } from '../../src/evaluation/metrics/wilson.js';
import { findingProbabilities } from '../../src/evaluation/probability.js';

/** What scikit-learn, scipy and statsmodels say: tests/oracles/evaluation/metrics.py. */
interface Binary {
  readonly yTrue: (0 | 1)[];
  readonly yScore: number[];
  readonly other: number[];
  readonly weights: number[];
  readonly roc: readonly [number[], number[], (number | 'Infinity')[]];
  readonly calibrationCurve: readonly [number[], number[]];
  readonly ranks: number[];
  readonly delong: {
    readonly first: number;
    readonly second: number;
    readonly firstInterval: [number, number];
    readonly standardError: number;
    readonly pValue: number;
  };
  readonly confusion: number[][];
  readonly logits: number[];
  readonly [figure: string]: unknown;
}

const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/evaluation/metrics.json'), 'utf8')) as {
  readonly normal: [number, number][];
  readonly quantiles: [number, number][];
  readonly wilson: [number, number, number, [number, number]][];
  readonly binary: Binary[];
  readonly oneOfMany: {
    readonly yTrue: number[];
    readonly logits: number[][];
    readonly yScore: number[][];
    readonly confusion: number[][];
    readonly [figure: string]: unknown;
  };
  readonly covariance: {
    readonly values: number[][];
    readonly features: number;
    readonly mean: number[];
    readonly covariance: number[][];
    readonly precision: number[][];
    readonly shrinkage: number;
  };
};

function near(found: number | null | undefined, expected: unknown, what: string, tolerance = 1e-9): void {
  assert.ok(
    typeof found === 'number' && Math.abs(found - (expected as number)) <= tolerance * Math.max(1, Math.abs(expected as number)),
    `${what}: ${found}, expected ${String(expected)}`,
  );
}

test("the normal distribution and its quantiles are scipy's", () => {
  for (const [x, expected] of golden.normal) near(normalCdf(x) / expected, 1, `cdf(${x})`, 2e-7);
  for (const [q, expected] of golden.quantiles) near(normalQuantile(q), expected, `quantile(${q})`, 1e-6);
  assert.throws(() => normalQuantile(1), RangeError);
});

test("Wilson's interval is statsmodels', and 19 of 23 is 63 to 93 %", () => {
  for (const [successes, trials, confidence, [low, high]] of golden.wilson) {
    const { interval } = wilsonEstimate(successes, trials, confidence);
    near(interval![0], low, 'low', 1e-6);
    near(interval![1], high, 'high', 1e-6);
  }
  assert.deepEqual(
    wilsonEstimate(19, 23).interval!.map((one) => Math.round(one * 100)),
    [63, 93],
  );
  assert.deepEqual(wilsonEstimate(0, 0), { value: null, interval: null, why: 'nothing to count' });
});

for (const [number, one] of golden.binary.entries()) {
  test(`figures of two classes are scikit-learn's, set ${number + 1}`, () => {
    const { yTrue, yScore } = one;
    near(aurocScore(yTrue, yScore), one['auroc'], 'AUROC');
    near(aurocScore(yTrue, yScore, Int32Array.from(one.weights)), one['weightedAuroc'], 'weighted AUROC');
    const [fpr, tpr, thresholds] = one.roc;
    const curve = rocCurve(yTrue, yScore);
    assert.equal(curve.length, fpr.length);
    curve.forEach((point, i) => {
      near(point.falsePositiveRate, fpr[i], 'FPR');
      near(point.truePositiveRate, tpr[i], 'TPR');
      assert.equal(point.threshold, thresholds[i] === 'Infinity' ? Infinity : thresholds[i]);
    });
    near(brierLoss(yTrue, yScore), one['brier'], 'Brier');
    near(yScore.reduce((sum, score, i) => sum + logLoss(yTrue[i]!, score), 0) / yScore.length, one['logLoss'], 'log loss');
    const table = reliabilityTable(yTrue, yScore);
    near(expectedCalibrationError(table), one['ece'], 'ECE');
    const [observed, predicted] = one.calibrationCurve;
    const filled = reliabilityTable(
      yTrue,
      yScore.map((score) => Math.min(score + 1e-5, 1)),
    ).filter(({ count }) => count > 0);
    assert.equal(filled.length, observed.length);
    filled.forEach((bin, i) => (near(bin.observed, observed[i], 'observed'), near(bin.meanScore, predicted[i], 'predicted')));
    const called = yScore.map((score) => Number(score >= 0.5));
    const matrix = confusionMatrix(yTrue, called, 2);
    assert.deepEqual(matrix, one.confusion);
    near(accuracyScore(matrix), one['accuracy'], 'accuracy');
    near(balancedAccuracyScore(matrix), one['balancedAccuracy'], 'balanced accuracy');
    assert.deepEqual([...midranks(yScore)], one.ranks);
    const { delong } = one;
    near(delongEstimate(yTrue, yScore).value, delong.first, 'DeLong AUROC');
    near(delongEstimate(yTrue, yScore).interval![0], delong.firstInterval[0], 'DeLong low', 1e-6);
    near(delongEstimate(yTrue, yScore).interval![1], delong.firstInterval[1], 'DeLong high', 1e-6);
    const comparison = delongComparison(yTrue, yScore, one.other)!;
    near(comparison.difference, delong.second - delong.first, 'DeLong difference');
    near(comparison.standardError, delong.standardError, 'DeLong standard error');
    near(comparison.pValue, delong.pValue, 'DeLong p', 1e-6);
    near(fitTemperature(yTrue, one.logits), one['temperature'], 'temperature', 1e-5);
  });
}

test("figures of one of many are scikit-learn's", () => {
  const { yTrue, logits, yScore, confusion, ...figures } = golden.oneOfMany;
  const called = yScore.map((row) => row.indexOf(Math.max(...row)));
  const matrix = confusionMatrix(yTrue, called, 4);
  assert.deepEqual(matrix, confusion);
  near(accuracyScore(matrix), figures['accuracy'], 'accuracy');
  near(balancedAccuracyScore(matrix), figures['balancedAccuracy'], 'balanced accuracy');
  near(majorityRate(matrix), Math.max(...[0, 1, 2, 3].map((k) => yTrue.filter((one) => one === k).length)) / yTrue.length, 'majority');
  near(fitSoftmaxTemperature(yTrue, logits), figures['temperature'], 'temperature', 1e-5);
  const rules = [0, 1, 2, 3].map((k) => ({ kind: 'finding' as const, name: String(k), temperature: 1, absentBelow: 0, presentFrom: 1 }));
  logits.forEach((row, i) =>
    findingProbabilities(row, { outputs: rules, objective: 'one-of-many' }).forEach((p, k) => near(p, yScore[i]![k], 'softmax')),
  );
  const losses = yScore.map(
    (row, i) =>
      imageLoss(
        'one-of-many',
        row.map((_, k) => (k === yTrue[i] ? 1 : 0)),
        row,
      )!,
  );
  near(losses.reduce((sum, loss) => sum + loss, 0) / losses.length, figures['logLoss'], 'log loss');
});

test('AUROC is the share of pairs in the right order, ties half: pair by pair', () => {
  const uniform = mulberry32(1);
  for (let round = 0; round < 50; round++) {
    const yTrue = Array.from({ length: 25 }, (): 0 | 1 => (uniform() < 0.4 ? 1 : 0));
    const yScore = yTrue.map((truth) => Math.round((uniform() + truth * 0.3) * 8) / 8);
    const weights = Int32Array.from(yTrue, () => Math.floor(uniform() * 3));
    let right = 0;
    let pairs = 0;
    for (const [i, a] of yTrue.entries()) {
      for (const [j, b] of yTrue.entries()) {
        if (a !== 1 || b !== 0) continue;
        const weight = weights[i]! * weights[j]!;
        pairs += weight;
        right += weight * (yScore[i]! > yScore[j]! ? 1 : yScore[i] === yScore[j] ? 0.5 : 0);
      }
    }
    const found = aurocScore(yTrue, yScore, weights);
    if (pairs === 0) assert.equal(found, null);
    else near(found, right / pairs, 'pairs');
  }
});

test('the bootstrap draws patients, not images: resample by resample, the slow way', () => {
  const patients = ['a', 'a', 'b', 'c', 'c', 'c', 'd', 'e', 'f', 'g', 'h', 'h'];
  const yTrue: (0 | 1)[] = [1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1];
  const yScore = [0.9, 0.8, 0.3, 0.7, 0.4, 0.2, 0.5, 0.6, 0.1, 0.35, 0.8, 0.45];
  const names = [...new Set(patients)];
  const uniform = mulberry32(5);
  const slow = Array.from({ length: 200 }, () => {
    const drawn = names.map(() => names[Math.floor(uniform() * names.length)]!);
    const images = drawn.flatMap((name) => patients.flatMap((patient, image) => (patient === name ? [image] : [])));
    return aurocScore(
      images.map((image) => yTrue[image]!),
      images.map((image) => yScore[image]!),
    );
  });
  const fast = bootstrapValues(patients, (weights) => aurocScore(yTrue, yScore, weights), { resamples: 200, seed: 5 });
  slow.forEach((value, i) => (value === null ? assert.equal(fast[i], null) : near(fast[i], value, `resample ${i}`)));
  const { value, interval } = patientBootstrap(patients, (weights) => aurocScore(yTrue, yScore, weights), { resamples: 200, seed: 5 });
  near(value, aurocScore(yTrue, yScore), 'value');
  assert.deepEqual(
    interval,
    percentileInterval(
      slow.filter((one) => one !== null),
      0.95,
    ),
  );
  assert.deepEqual(
    patientBootstrap(patients, (weights) => aurocScore(yTrue, yScore, weights), { resamples: 200, seed: 5 }),
    { value, interval },
  );
});

test('a 95 % interval holds the truth about 95 times of 100, also where each patient has several alike images', () => {
  const uniform = mulberry32(11);
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const truth = normalCdf(1.2 / Math.SQRT2 / Math.sqrt(1));
  let held = 0;
  const rounds = 200;
  for (let round = 0; round < rounds; round++) {
    const patients: string[] = [];
    const yTrue: (0 | 1)[] = [];
    const yScore: number[] = [];
    for (let patient = 0; patient < 80; patient++) {
      const label = patient % 2 === 0 ? 1 : 0;
      const own = gaussian();
      for (let image = 0; image < 3; image++) {
        patients.push(`p${patient}`);
        yTrue.push(label);
        // images of one patient are alike: as independent images they would count three times
        yScore.push(label * 1.2 + own + 1e-6 * uniform());
      }
    }
    const { interval } = patientBootstrap(patients, (weights) => aurocScore(yTrue, yScore, weights), { resamples: 200, seed: round });
    if (interval![0] <= truth && truth <= interval![1]) held++;
  }
  assert.ok(held >= rounds * 0.89 && held <= rounds, `${held} of ${rounds}`);
});

test('a figure that is not defined is null or empty', () => {
  assert.equal(aurocScore([1, 1], [0.2, 0.9]), null);
  assert.deepEqual(rocCurve([0, 0], [0.2, 0.9]), []);
  assert.deepEqual(delongEstimate([0, 0], [0.2, 0.9]), { value: null, interval: null, why: 'one class only' });
  assert.equal(delongEstimate([0, 0, 1], [0.2, 0.9, 0.4]).interval, null);
  assert.equal(delongComparison([1], [0.5], [0.6]), null);
  assert.equal(delongComparison([1, 1, 0, 0], [4, 3, 2, 1], [8, 7, 6, 5])!.pValue, 1);
  assert.equal(
    balancedAccuracyScore([
      [3, 1],
      [0, 0],
    ]),
    null,
  );
  assert.equal(
    accuracyScore([
      [0, 0],
      [0, 0],
    ]),
    null,
  );
  assert.equal(
    majorityRate([
      [0, 0],
      [0, 0],
    ]),
    null,
  );
  assert.equal(fitTemperature([1, 1, null], [2, 3, 4]), null);
  assert.equal(
    fitSoftmaxTemperature(
      [2, 2],
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
    ),
    null,
  );
  assert.equal(expectedCalibrationError(reliabilityTable([], [])), null);
  assert.equal(brierLoss([], []), null);
  assert.equal(imageLoss('several', [null, null], [0.1, 0.2]), null);
  const oneSided = patientBootstrap(['a', 'b', 'b'], (weights) => (weights[0]! > 0 && weights[1]! > 0 ? 1 : null), { resamples: 100 });
  assert.equal(oneSided.interval, null);
});

test('a bin belongs to what lies in it, 1 to the last', () => {
  const table = reliabilityTable([1, 0, 1], [1, 0, 1 / 15]);
  assert.deepEqual(
    table.map(({ count }) => count),
    [1, 1, ...new Array<number>(12).fill(0), 1],
  );
  assert.deepEqual([table[2]!.meanScore, table[2]!.observed], [null, null]);
});

test('masked labels: only the known ones count', () => {
  near(imageLoss('several', [1, null, 0], [0.8, 0.1, 0.3]), (-Math.log(0.8) - Math.log(0.7)) / 2, 'loss');
  near(fitTemperature([1, 0, 1, 0, null], [2, -1, 0.2, 0.5, 1000]), fitTemperature([1, 0, 1, 0], [2, -1, 0.2, 0.5]), 'temperature');
});

test("shrunk covariance and its inverse are scikit-learn's LedoitWolf", () => {
  const { values, features, mean, covariance, precision, shrinkage } = golden.covariance;
  const found = ledoitWolf(values.flat(), features);
  near(found.shrinkage, shrinkage, 'shrinkage');
  [...found.mean].forEach((value, i) => near(value, mean[i], 'mean'));
  [...found.covariance].forEach((value, i) => near(value, covariance.flat()[i], 'covariance'));
  [...inverse(found.covariance, features)].forEach((value, i) => near(value, precision.flat()[i], 'precision'));
  const gate = fitFeatureGate(Float32Array.from(values.flat()), Float32Array.from(values.slice(0, 5).flat()), features);
  assert.ok(gate.maxDistance > 0 && gate.maxDistance < 10);
  assert.throws(() => fitFeatureGate(new Float32Array(6), new Float32Array(6), 6), RangeError);
  assert.throws(() => fitFeatureGate(new Float32Array(60), new Float32Array(6), 6), /embeddings that vary/);
});

test('shuffling keeps everything and follows the seed', () => {
  const values = Array.from({ length: 50 }, (_, i) => i);
  assert.deepEqual(shuffled(values, mulberry32(3)), shuffled(values, mulberry32(3)));
  assert.notDeepEqual(shuffled(values, mulberry32(3)), values);
  assert.deepEqual(
    shuffled(values, mulberry32(3)).sort((a, b) => a - b),
    values,
  );
});

test('the feature gate of several sources keeps 97 % of a hospital that it was not fitted on; of one source it is as before', () => {
  const uniform = mulberry32(29);
  const features = 6;
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const hospital = (count: number, shift: number): number[] =>
    Array.from({ length: count * features }, (_, i) => normal() + (i % features === 0 ? shift : 0));
  const shifts = [0, 0.5, 1, 4];
  const training = {
    values: Float32Array.from(shifts.flatMap((shift) => hospital(200, shift))),
    sources: shifts.flatMap((shift) => Array.from({ length: 200 }, () => `hospital ${shift}`)),
  };
  const heldOut = Float32Array.from(shifts.slice(0, 3).flatMap((shift) => hospital(50, shift)));
  const refused = (maxDistance: number, gate: Parameters<typeof mahalanobisDistance>[1]): number => {
    const far = Float32Array.from(hospital(400, 4));
    return (
      Array.from({ length: 400 }, (_, i) => mahalanobisDistance(far.subarray(i * features, (i + 1) * features), gate)).filter(
        (one) => one > maxDistance,
      ).length / 400
    );
  };
  const known = { values: training.values.subarray(0, 600 * features), sources: training.sources.slice(0, 600) };
  const without = fitFeatureGate(known.values, heldOut, features);
  assert.ok(refused(without.maxDistance, without) > 0.2, 'a limit from patients of the same hospitals refuses the fourth');
  const own = distancesOfLeftOut(training, features).find(({ source }) => source === 'hospital 4')!;
  assert.equal(own.distances.length, 200);
  const gate = fitFeatureGateOfSources(training, heldOut, features);
  assert.ok(own.distances.filter((distance) => distance > gate.maxDistance).length <= 6, 'at most 3 % of it, fitted without it');
  assert.ok(refused(gate.maxDistance, without) < 0.06);
  const far = Float32Array.from({ length: features }, () => 40);
  assert.ok(mahalanobisDistance(far, gate) > gate.maxDistance, 'what is far from all is still refused');
  const single = { values: known.values, sources: known.sources.map(() => 'one') };
  assert.equal(fitFeatureGateOfSources(single, heldOut, features).maxDistance, without.maxDistance);
});
