import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activationBox, activationMapOf } from '../../src/evaluation/activation-box.js';
import { assessImage, assessStudy } from '../../src/evaluation/decide-findings.js';
import { gateOf, mahalanobisDistance } from '../../src/evaluation/gate.js';
import { decideByThresholds, probabilityOf } from '../../src/evaluation/probability.js';
import type { Rules } from '../../src/evaluation/rules.js';

const rules = {
  outputs: [
    { kind: 'finding', name: 'pneumonia', temperature: 2, absentBelow: 0.3, presentFrom: 0.7 },
    { kind: 'gate', name: 'frontal-chest', temperature: 1, acceptFrom: 0.6 },
  ],
  gate: { mean: Float32Array.of(1, 2), precision: Float32Array.of(2, 0.5, 0.5, 1), maxDistance: 3 },
} satisfies Rules;

test('probability is the sigmoid of the logit over the temperature', () => {
  assert.equal(probabilityOf(0, { temperature: 3 }), 0.5);
  assert.ok(Math.abs(probabilityOf(2, { temperature: 2 }) - 0.7310585786300049) < 1e-15);
  assert.equal(probabilityOf(-1e6, { temperature: 1 }), 0);
  assert.equal(probabilityOf(1e6, { temperature: 1 }), 1);
});

test('a threshold belongs to what lies above it', () => {
  const limits = { absentBelow: 0.3, presentFrom: 0.7 };
  assert.deepEqual(
    [0.1, 0.3, 0.5, 0.7, 0.9].map((probability) => decideByThresholds(probability, limits)),
    ['absent', 'undetermined', 'undetermined', 'present', 'present'],
  );
  assert.equal(decideByThresholds(NaN, limits), 'undetermined');
});

test('Mahalanobis distance, against the formula written out', () => {
  // e − m = (2, −1): 2·4 + 2·0.5·(−2) + 1·1 = 7
  assert.ok(Math.abs(mahalanobisDistance(Float32Array.of(3, 1), rules.gate) - Math.sqrt(7)) < 1e-12);
  assert.equal(mahalanobisDistance(rules.gate.mean, rules.gate), 0);
  assert.throws(() => mahalanobisDistance(Float32Array.of(1), rules.gate), RangeError);
});

test('the gate accepts only what passes both tests, and says which one failed', () => {
  const logits = (gate: number): Float32Array => Float32Array.of(0, gate);
  assert.equal(gateOf(logits(3), Float32Array.of(1, 2), rules).accepted, true);
  assert.equal(gateOf(logits(3), Float32Array.of(1, 2), rules).reason, undefined);
  assert.match(
    gateOf(logits(0), Float32Array.of(1, 2), rules).reason!,
    /^it does not look like frontal-chest \(50\.0 %, needed 60\.0 %\)$/,
  );
  assert.match(
    gateOf(logits(3), Float32Array.of(9, 2), rules).reason!,
    /^it is unlike the training images \(distance 11\.3, allowed 3\.0\)$/,
  );
  assert.match(gateOf(logits(0), Float32Array.of(9, 2), rules).reason!, /; /);
  assert.equal(gateOf(logits(NaN), Float32Array.of(1, 2), rules).accepted, false);
  assert.equal(gateOf(logits(3), Float32Array.of(NaN, 2), rules).accepted, false);
});

test('a network without a gate output is gated by distance alone', () => {
  const alone: Rules = { ...rules, outputs: rules.outputs.slice(0, 1) };
  assert.deepEqual(gateOf(Float32Array.of(0), Float32Array.of(1, 2), alone), { accepted: true, gateProbability: null, distance: 0 });
});

test('one picture of a batch is read with its own logits and its own embedding', () => {
  const scores = { logits: Float32Array.of(9, 9, 4, 3), embedding: Float32Array.of(99, 99, 1, 2) };
  const { gate, findings } = assessImage(scores, 1, rules);
  assert.equal(gate.accepted, true);
  assert.equal(findings.length, 1);
  assert.deepEqual(
    { ...findings[0]!, probability: undefined },
    { name: 'pneumonia', output: 0, logit: 4, probability: undefined, decision: 'present' },
  );
});

/** Logit that gives this probability at temperature 2. */
const logit = (probability: number): number => 2 * Math.log(probability / (1 - probability));

function slices(...entries: readonly (readonly [number, boolean])[]) {
  return {
    logits: Float32Array.from(entries.flatMap(([probability, accepted]) => [logit(probability), accepted ? 5 : -5])),
    embedding: Float32Array.from(entries.flatMap(() => [1, 2])),
  };
}

test('a study is the mean of the highest slices among those accepted', () => {
  const study = { ...rules, study: { slices: 6, combine: 'mean-of-top', top: 2 } } as const;
  const { accepted, findings } = assessStudy(slices([0.1, true], [0.9, true], [0.99, false], [0.7, true], [0.2, true]), study);
  assert.equal(accepted, true);
  assert.deepEqual(findings[0]!.slices, [1, 3]);
  assert.ok(Math.abs(findings[0]!.probability - 0.8) < 1e-6);
  assert.equal(findings[0]!.decision, 'present');
});

test('a study with fewer slices than `top` uses those that it has', () => {
  const study = { ...rules, study: { slices: 16, combine: 'mean-of-top', top: 4 } } as const;
  const { findings } = assessStudy(slices([0.4, true], [0.6, true]), study);
  assert.ok(Math.abs(findings[0]!.probability - 0.5) < 1e-6);
});

test('a study of which most slices are refused is refused, with the reason', () => {
  const refused = assessStudy(slices([0.9, true], [0.9, false], [0.9, false]), rules);
  assert.equal(refused.accepted, false);
  assert.deepEqual(refused.findings, []);
  assert.match(refused.reason!, /^only 1 of 3 slices are what the network was made for; of the first refused: it does not look like/);
  assert.equal(assessStudy(slices([0.9, true], [0.9, false]), rules).accepted, true);
  assert.equal(assessStudy(slices(), rules).accepted, false);
});

test('the box lies around the connected region of the maximum, and of nothing else', () => {
  const map = Float32Array.from([0.0, 0.0, 0.0, 0.0, 0.8, 0.0, 0.6, 0.0, 0.0, 0.8, 0.0, 0.0, 1.0, 0.4, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0]);
  assert.deepEqual(activationBox(map, 5, 4), { left: 1 / 5, top: 1 / 4, right: 3 / 5, bottom: 4 / 4 });
});

test('a map of nothing has no box; a map of one value is all box', () => {
  assert.equal(activationBox(new Float32Array(12), 4, 3), undefined);
  assert.equal(activationBox(new Float32Array(12).fill(NaN), 4, 3), undefined);
  assert.deepEqual(activationBox(new Float32Array(12).fill(2), 4, 3), { left: 0, top: 0, right: 1, bottom: 1 });
  assert.throws(() => activationBox(new Float32Array(11), 4, 3), RangeError);
});

test('a map is found by picture and output', () => {
  const prediction = {
    activationMaps: Float32Array.from({ length: 2 * 3 * 4 }, (_, index) => index),
    outputs: 3,
    mapHeight: 2,
    mapWidth: 2,
  };
  assert.deepEqual([...activationMapOf(prediction, 1, 2)], [20, 21, 22, 23]);
});
