import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrateLocally, type LocalCalibrationSet } from '../../src/evaluation/local-calibration.js';
import type { Truth } from '../../src/evaluation/metrics/estimate.js';
import { findingProbabilities } from '../../src/evaluation/probability.js';
import type { FindingRule, OutputRule } from '../../src/evaluation/rules.js';
import { keyedRandom } from '../../src/lib/seeded-random.js';

const published = (name: string): FindingRule => ({
  kind: 'finding',
  name,
  temperature: 1,
  absentBelow: 0.5,
  presentFrom: 0.5,
  publishedThreshold: 0.12,
  calibratedHere: false,
});
const ignored: OutputRule = { kind: 'ignored', name: 'fracture' };

/** Logits three times too steep and shifted: p = sigmoid(logit / 3 + 1). The third finding has labels of 12 patients only. */
function labelledSet(count: number): LocalCalibrationSet {
  const draws = keyedRandom('local calibration', `${count}`);
  const rows = Array.from({ length: count }, (_, image) => {
    const logits = [0, 1, 2].map(() => 12 * (draws.next() - 0.5) - 2);
    const yTrue = logits.map((logit, finding): Truth => {
      if (finding === 2 && image >= 12) return null;
      return draws.next() < 1 / (1 + Math.exp(-(logit / 3 + 1))) ? 1 : 0;
    });
    return { logits, yTrue, patient: `p${image}` };
  });
  return { logits: rows.map((row) => row.logits), yTrue: rows.map((row) => row.yTrue), patients: rows.map((row) => row.patient) };
}

test('findings with enough labels are calibrated here, the others stay the publisher’s and are counted', () => {
  const outputs = [published('effusion'), ignored, published('edema'), published('nodule')];
  const set = labelledSet(1_500);
  const found = calibrateLocally({ outputs, objective: 'several' }, set);
  assert.deepEqual(found.calibrated, ['effusion', 'edema']);
  assert.equal(found.notCalibrated.length, 1);
  assert.equal(found.notCalibrated[0]!.name, 'nodule');
  assert.equal(found.notCalibrated[0]!.present + found.notCalibrated[0]!.absent, 12);
  assert.deepEqual([found.outputs[1], found.outputs[3]], [ignored, outputs[3]]);
  const effusion = found.outputs[0] as FindingRule;
  assert.deepEqual([effusion.calibratedHere, effusion.publishedThreshold], [true, 0.12]);
  assert.ok(Math.abs(effusion.temperature - 3) < 0.4 && Math.abs(effusion.bias! - 1) < 0.3, `${effusion.temperature}, ${effusion.bias}`);
  assert.ok(effusion.absentBelow < effusion.presentFrom && effusion.presentFrom >= 0.5);
  // Served is the calibrated probability, no longer that around the publisher's operating point.
  const [calibrated] = findingProbabilities([0, 0, 0, 0], { outputs: found.outputs, objective: 'several' });
  assert.ok(Math.abs(calibrated! - 0.73) < 0.05, `${calibrated}`);
  const [before] = findingProbabilities([0, 0, 0, 0], { outputs, objective: 'several' });
  assert.ok(Math.abs(before! - (1 - 0.5 / (2 * 0.88))) < 1e-9, `${before}`);
});

test('images of one patient count once, and a larger minimum leaves more to the publisher', () => {
  const set = labelledSet(60);
  const outputs = [published('effusion'), published('edema'), published('nodule')];
  const onePatient = { ...set, patients: set.patients.map(() => 'p') };
  assert.deepEqual(calibrateLocally({ outputs }, onePatient).calibrated, []);
  assert.ok(calibrateLocally({ outputs }, set, 10).calibrated.length > 0);
  assert.deepEqual(calibrateLocally({ outputs }, set, 50).calibrated, []);
});

test('one-of-many: as a whole or not at all', () => {
  const draws = keyedRandom('local calibration', 'one of many');
  const rows = Array.from({ length: 300 }, (_, image) => {
    const logits = [0, 1, 2].map(() => 8 * (draws.next() - 0.5));
    const weights = logits.map((logit) => Math.exp(logit / 4));
    let left = draws.next() * weights.reduce((sum, one) => sum + one, 0);
    const chosen = weights.findIndex((weight) => (left -= weight) < 0);
    return { logits, yTrue: logits.map((_logit, index): Truth => (index === chosen ? 1 : 0)), patient: `p${image}` };
  });
  const set = { logits: rows.map((row) => row.logits), yTrue: rows.map((row) => row.yTrue), patients: rows.map((row) => row.patient) };
  const outputs = ['normal', 'pneumonia', 'tuberculosis'].map(published);
  const found = calibrateLocally({ outputs, objective: 'one-of-many' }, set);
  assert.deepEqual(found.calibrated, ['normal', 'pneumonia', 'tuberculosis']);
  const temperatures = found.outputs.map((one) => (one as FindingRule).temperature);
  assert.ok(Math.abs(temperatures[0]! - 4) < 1 && new Set(temperatures).size === 1, `${temperatures}`);
  assert.deepEqual(calibrateLocally({ outputs, objective: 'one-of-many' }, set, 150).calibrated, []);
  assert.deepEqual(calibrateLocally({ outputs: [...outputs, ignored], objective: 'one-of-many' }, set).calibrated, []);
});
