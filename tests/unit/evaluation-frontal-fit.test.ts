import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitFrontalRule, linearProbability, type FrontalExample } from '../../src/evaluation/frontal-fit.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';

function examplesOf(source: string, chest: boolean, count: number, centre: number, decides = chest): readonly FrontalExample[] {
  const uniform = mulberry32(source.length + count);
  return Array.from({ length: count }, () => ({
    source,
    chest,
    decides,
    features: [centre + uniform() - 0.5, uniform(), uniform()],
  }));
}

const others = examplesOf('laterals', false, 100, 0);
const refusedOf = (source: readonly FrontalExample[], rule: ReturnType<typeof fitFrontalRule>): number =>
  source.filter(({ features }) => linearProbability(features, rule) < rule.acceptFrom).length / source.length;

test('the worst deciding source sets the threshold; one that does not decide, such as children, does not', () => {
  const [near, far, children] = [
    examplesOf('north', true, 200, 3),
    examplesOf('portable', true, 100, 1.4),
    examplesOf('children', true, 100, 0.9, false),
  ];
  const rule = fitFrontalRule([...near, ...far, ...children, ...others], 0.02);
  assert.equal(refusedOf(near, rule), 0);
  assert.ok(refusedOf(far, rule) <= 0.03 && refusedOf(far, rule) > 0);
  assert.ok(refusedOf(children, rule) > 0.1);
  assert.ok(refusedOf(others, rule) > 0.95);
});

test('a large source does not outweigh a small one', () => {
  const rule = fitFrontalRule([...examplesOf('large', true, 2000, 3), ...examplesOf('small', true, 40, 1.2), ...others], 0.05);
  assert.ok(refusedOf(examplesOf('small', true, 40, 1.2), rule) <= 0.05);
});

test('chests alone, or nothing else, cannot be told apart', () => {
  assert.throws(() => fitFrontalRule(others), /expected chests and other pictures, found 0 and 100/);
  assert.throws(() => fitFrontalRule(examplesOf('a', true, 5, 1)), RangeError);
});
