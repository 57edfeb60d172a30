import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { calibratedOutputs } from '../../src/evaluation/calibrated-outputs.js';
import { chooseScaling, chooseSoftmaxScaling } from '../../src/evaluation/choose-calibration.js';
import { expectedCalibrationError, reliabilityTable } from '../../src/evaluation/metrics/calibration.js';
import { fitPlatt, fitSoftmaxScaling, type Platt } from '../../src/evaluation/metrics/platt.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';
import { fitTemperature } from '../../src/evaluation/metrics/temperature.js';
import { findingProbabilities, probabilityOf } from '../../src/evaluation/probability.js';
import { modelFileSchema } from '../../src/registry/model-file.js';
import { twoFindingModel } from '../support/two-finding-model.js';

/** scikit-learn's and scipy's: tests/oracles/evaluation/calibration.py. */
const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/evaluation/calibration.json'), 'utf8')) as {
  readonly platt: { yTrue: (0 | 1)[]; logits: number[]; slope: number; bias: number }[];
  readonly many: { yTrue: number[]; logits: number[][]; slope: number; biases: number[] };
};
const near = (found: number | undefined, expected: number, what: string, tolerance = 1e-4): void =>
  assert.ok(Math.abs((found ?? NaN) - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${what}: ${found}, expected ${expected}`);

test("temperature and bias are scikit-learn's, of one of many scipy's minimum", () => {
  for (const { yTrue, logits, slope, bias } of golden.platt) {
    const found = fitPlatt(yTrue, logits)!;
    near(1 / found.temperature, slope, 'slope');
    near(found.bias, bias, 'bias');
  }
  const { yTrue, logits, slope, biases } = golden.many;
  const found = fitSoftmaxScaling(yTrue, logits)!;
  near(1 / found.temperature, slope, 'slope');
  biases.forEach((bias, k) => near(found.biases[k], bias, `bias ${k}`));
});

test('nothing to fit: alike, unknown, or the wrong way round', () => {
  assert.equal(fitPlatt([1, 1, null], [1, 2, 3]), null);
  assert.equal(fitPlatt([1, 1, 1, 0, 0, 0], [-3, -2, -1, 1, 2, 3]), null);
  assert.deepEqual(fitPlatt([1, 0, 1, 0, null], [2, -1, 0.2, 0.5, 1000]), fitPlatt([1, 0, 1, 0], [2, -1, 0.2, 0.5]));
  assert.equal(
    fitSoftmaxScaling(
      [1, 1],
      [
        [1, 2],
        [0, 1],
      ],
    ),
    null,
  );
});

/** A network that was trained where the finding was commoner than here. */
function shifted(seed: number, n: number, shift: number): { readonly yTrue: (0 | 1)[]; readonly logits: number[] } {
  const uniform = mulberry32(seed);
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const yTrue = Array.from({ length: n }, (): 0 | 1 => (uniform() < 0.3 ? 1 : 0));
  return { yTrue, logits: yTrue.map((truth) => 3 * (truth - 0.5) + 1.5 * gaussian() + shift) };
}

test('a shifted base rate is corrected by a bias, which a temperature cannot do; where nothing is shifted the bias does no harm', () => {
  const figures = { temperature: 0, chosen: 0, temperatureLoss: 0, chosenLoss: 0 };
  for (let seed = 1; seed <= 20; seed++) {
    for (const shift of [0, 3]) {
      const fitted = shifted(seed, 120, shift);
      const fresh = shifted(seed + 1000, 2000, shift);
      const alone: Platt = { temperature: fitTemperature(fitted.yTrue, fitted.logits)!, bias: 0 };
      const chosen = chooseScaling(fitted.yTrue, fitted.logits);
      const predicted = (scaling: Platt): readonly number[] => fresh.logits.map((logit) => probabilityOf(logit, scaling));
      const loss = (scores: readonly number[]): number =>
        scores.reduce((sum, score, i) => sum - Math.log(fresh.yTrue[i] === 1 ? score : 1 - score), 0) / scores.length;
      const ece = (scores: readonly number[]): number => expectedCalibrationError(reliabilityTable(fresh.yTrue, scores))!;
      if (shift === 3) {
        figures.temperature += ece(predicted(alone)) / 20;
        figures.chosen += ece(predicted(chosen)) / 20;
        assert.ok(loss(predicted(chosen)) < loss(predicted(alone)), `seed ${seed}`);
      } else {
        figures.temperatureLoss += loss(predicted(alone)) / 20;
        figures.chosenLoss += loss(predicted(chosen)) / 20;
      }
    }
  }
  assert.ok(figures.temperature > 0.2 && figures.chosen < 0.06, JSON.stringify(figures));
  assert.ok(figures.chosenLoss < figures.temperatureLoss + 0.01, JSON.stringify(figures));
});

test('few images of a side, or no better on images it was not fitted on: the temperature alone', () => {
  const few = shifted(3, 200, 3);
  const nine = few.yTrue.map((truth, i) => (truth === 1 && few.yTrue.slice(0, i).filter((one) => one === 1).length >= 9 ? null : truth));
  assert.deepEqual(chooseScaling(nine, few.logits), { temperature: fitTemperature(nine, few.logits), bias: 0 });
  assert.deepEqual(chooseScaling([1, null], [2, 1]), { temperature: 1, bias: 0 });
  assert.deepEqual(
    chooseSoftmaxScaling(
      [0, 0, 1],
      [
        [1, 0],
        [2, 0],
        [0, 1],
      ],
      2,
    ).biases,
    [0, 0],
  );
});

test('model.json holds a bias where there is one, and reads files that were made before', () => {
  const { yTrue, logits } = golden.platt[1]!;
  const [rule] = calibratedOutputs({
    objective: 'several',
    classes: ['pneumonia'],
    logits: logits.map((logit) => [logit]),
    yTrue: yTrue.map((truth) => [truth]),
  });
  near(rule!.bias, golden.platt[1]!.bias, 'bias');
  near(
    findingProbabilities([1.5], { outputs: [rule!], objective: 'several' })[0],
    1 / (1 + Math.exp(-(golden.platt[1]!.slope * 1.5 + golden.platt[1]!.bias))),
    'probability',
  );
  const { many } = golden;
  const rules = calibratedOutputs({
    objective: 'one-of-many',
    classes: ['a', 'b', 'c'],
    logits: many.logits,
    yTrue: many.yTrue.map((truth) => [0, 1, 2].map((k): 0 | 1 => (k === truth ? 1 : 0))),
  });
  const scores = findingProbabilities(many.logits[0]!, { outputs: rules, objective: 'one-of-many' });
  const parts = many.logits[0]!.map((logit, k) => Math.exp(many.slope * logit + many.biases[k]!));
  scores.forEach((score, k) => near(score, parts[k]! / parts.reduce((sum, part) => sum + part, 0), `class ${k}`));
  const old = JSON.parse(readFileSync(join(twoFindingModel, 'model.json'), 'utf8')) as {
    networks: { xray: { outputs: { bias?: number }[] } };
  };
  const parsed = modelFileSchema.parse(old);
  assert.deepEqual(parsed.networks.xray!.outputs, old.networks.xray.outputs);
});
