import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreementOf } from '../../src/evaluation/report/agreement.js';

const opinionsOf = (champion: number, challenger: number) => {
  const opinion = (probability: number) => ({
    probability,
    decision: probability >= 0.5 ? 'present' : probability < 0.3 ? 'absent' : 'undetermined',
  });
  return { champion: opinion(champion), challenger: opinion(challenger) };
};

test("two versions beside each other: Cohen's example, 20 and 15 of 50 agreed", () => {
  const opinions = [
    ...Array.from({ length: 20 }, () => opinionsOf(0.9, 0.8)),
    ...Array.from({ length: 5 }, () => opinionsOf(0.9, 0.1)),
    ...Array.from({ length: 10 }, () => opinionsOf(0.1, 0.9)),
    ...Array.from({ length: 15 }, () => opinionsOf(0.1, 0.2)),
  ];
  const found = agreementOf(opinions)!;
  // textbook: observed 0.7, expected 0.5, kappa 0.4
  assert.ok(Math.abs(found.kappa! - 0.4) < 1e-12);
  assert.deepEqual([found.n, found.same, found.opposite, found.presentChampion, found.presentChallenger], [50, 35, 15, 25, 30]);
  assert.ok(Math.abs(found.meanShift - (20 * -0.1 + 5 * -0.8 + 10 * 0.8 + 15 * 0.1) / 50) < 1e-12);
  assert.ok(Math.abs(found.meanDifference - (20 * 0.1 + 5 * 0.8 + 10 * 0.8 + 15 * 0.1) / 50) < 1e-12);
});

test('nothing to compare, and nothing to tell apart', () => {
  assert.equal(agreementOf([]), null);
  assert.equal(agreementOf([opinionsOf(0.9, 0.9), opinionsOf(0.8, 0.7)])!.kappa, null);
  assert.deepEqual([agreementOf([opinionsOf(0.9, 0.4)])!.same, agreementOf([opinionsOf(0.9, 0.4)])!.opposite], [0, 0]);
});
