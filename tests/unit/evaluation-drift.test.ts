import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { agreementOfReaders, pOfNoFall } from '../../src/evaluation/drift/agreement-fall.js';
import { chiSquaredOfNames, chiSquaredTail } from '../../src/evaluation/drift/chi-squared.js';
import { holmAdjusted } from '../../src/evaluation/drift/holm.js';
import {
  expectedStabilityIndex,
  kolmogorovSmirnov,
  nameStabilityIndex,
  populationStabilityIndex,
  referenceBins,
} from '../../src/evaluation/drift/drift.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';

/** numpy's and scipy's: tests/oracles/evaluation/promotion.py. */
const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/evaluation/promotion.json'), 'utf8')) as {
  readonly ks: { one: number[]; other: number[]; statistic: number; pValue: number }[];
  readonly psi: { then: number[]; now: number[]; edges: number[]; psi: number }[];
};
const near = (found: number | null | undefined, expected: number, what: string, tolerance = 1e-9): void =>
  assert.ok(typeof found === 'number' && Math.abs(found - expected) <= tolerance, `${what}: ${found}, expected ${expected}`);

test("Kolmogorov–Smirnov is scipy's, and the slow way over all values", () => {
  for (const { one, other, statistic, pValue } of golden.ks) {
    const found = kolmogorovSmirnov(one, other)!;
    near(found.statistic, statistic, 'statistic');
    near(found.pValue, pValue, 'p');
    const below = (values: readonly number[], at: number): number => values.filter((value) => value <= at).length / values.length;
    near(found.statistic, Math.max(...[...one, ...other].map((at) => Math.abs(below(one, at) - below(other, at)))), 'slow');
  }
  assert.equal(kolmogorovSmirnov([], [1]), null);
  assert.deepEqual(kolmogorovSmirnov([1, 2, 3], [1, 2, 3]), { statistic: 0, pValue: 1 });
});

test("the stability index is that of numpy's bins", () => {
  for (const { then, now, edges, psi } of golden.psi) {
    const reference = referenceBins(then);
    reference.edges.forEach((edge, i) => near(edge, edges[i]!, 'edge'));
    near(populationStabilityIndex(reference, now), psi, 'PSI');
    near(populationStabilityIndex(reference, then), 0, 'of itself');
  }
  assert.ok(golden.psi[1]!.psi > 0.25);
});

test('by chance alone the index is about what is expected of it', () => {
  const uniform = mulberry32(4);
  const reference = referenceBins(Array.from({ length: 2000 }, uniform));
  const found = Array.from({ length: 200 }, () => populationStabilityIndex(reference, Array.from({ length: 200 }, uniform))!);
  const mean = found.reduce((sum, one) => sum + one, 0) / found.length;
  const expected = expectedStabilityIndex(reference, 200);
  assert.ok(mean > expected * 0.8 && mean < expected * 1.3, `${mean}, expected ${expected}`);
});

test('names, values that are all alike, and nothing', () => {
  near(nameStabilityIndex({ PA: 50, AP: 50 }, { PA: 50, AP: 50 }), 0, 'same');
  near(nameStabilityIndex({ PA: 80, AP: 20 }, { PA: 20, AP: 80 }), 2 * 0.6 * Math.log(4), 'turned');
  assert.ok(nameStabilityIndex({ PA: 100 }, { PA: 90, L: 10 })! > 0.5);
  assert.equal(nameStabilityIndex({ PA: 1 }, {}), null);
  const flat = referenceBins([3, 3, 3]);
  assert.deepEqual(flat.edges, []);
  near(populationStabilityIndex(flat, [1, 9]), 0, 'one bin');
  assert.equal(populationStabilityIndex(flat, []), null);
  assert.throws(() => referenceBins([]), RangeError);
});

/** scipy's and statsmodels': tests/oracles/evaluation/drift.py. */
const tests = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/evaluation/drift.json'), 'utf8')) as {
  readonly tail: { x: number; k: number; p: number }[];
  readonly contingency: { one: number[]; other: number[]; statistic: number; pValue: number; dof: number }[];
  readonly holm: { raw: number[]; adjusted: number[] };
  readonly fall: { lately: [number, number]; before: [number, number]; pValue: number; interval: [number, number] }[];
};

test("chi-squared of names is scipy's", () => {
  for (const { x, k, p } of tests.tail) near(chiSquaredTail(x, k), p, `tail of ${x}, ${k}`, 1e-12 + p * 1e-9);
  const counts = (values: readonly number[]): Record<string, number> =>
    Object.fromEntries(values.map((value, index) => [`n${index}`, value]));
  for (const { one, other, statistic, pValue, dof } of tests.contingency) {
    const found = chiSquaredOfNames(counts(one), counts(other))!;
    near(found.statistic, statistic, 'statistic');
    near(found.pValue, pValue, 'p', 1e-12 + pValue * 1e-9);
    assert.equal(found.degreesOfFreedom, dof);
  }
});

test('rare names count together, and a single strange file decides nothing', () => {
  assert.equal(chiSquaredOfNames({ a: 100 }, { a: 99, odd: 1 }), null);
  assert.equal(chiSquaredOfNames({ a: 10 }, {}), null);
  const many = chiSquaredOfNames({ a: 100, b: 3, c: 3, d: 3 }, { a: 100, b: 3, c: 3, d: 3 })!;
  assert.deepEqual([many.degreesOfFreedom, many.pValue], [1, 1]);
  assert.ok(chiSquaredOfNames({ GE: 100 }, { PHILIPS: 100 })!.pValue < 1e-20);
});

test("p values of many tests are Holm's, a fall of agreement is statsmodels' test", () => {
  holmAdjusted(tests.holm.raw).forEach((found, index) => near(found, tests.holm.adjusted[index]!, 'adjusted'));
  for (const { lately, before, pValue, interval } of tests.fall) {
    const now = agreementOfReaders(...lately);
    near(pOfNoFall(now, agreementOfReaders(...before)), pValue, 'p', 1e-9 + pValue * 1e-6);
    interval.forEach((end, index) => near(now.interval![index], end, 'Wilson', 1e-6));
  }
  assert.equal(pOfNoFall(agreementOfReaders(0, 0), agreementOfReaders(1, 2)), null);
  assert.equal(pOfNoFall(agreementOfReaders(5, 5), agreementOfReaders(9, 9)), 1);
});
