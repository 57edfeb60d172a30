import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitFeatureGate } from '../../src/evaluation/feature-gate.js';
import { mahalanobisDistance } from '../../src/evaluation/gate.js';
import { fitRobustFeatureGate, minGuardImages, type GroupedEmbedding } from '../../src/evaluation/robust-feature-gate.js';
import { keyedRandom } from '../../src/lib/seeded-random.js';

const features = 24;

/** Correlated normal embeddings; `shift` moves some of the features. */
function cloud(name: string, count: number, shift = 0): readonly Float32Array[] {
  const draws = keyedRandom('guard', name);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - draws.next())) * Math.cos(2 * Math.PI * draws.next());
  return Array.from({ length: count }, () => {
    const common = normal();
    return Float32Array.from({ length: features }, (_, feature) => 1 + 0.5 * common + normal() + (feature % 3 === 0 ? shift : 0));
  });
}

const grouped = (rows: readonly Float32Array[], name: string): readonly GroupedEmbedding[] =>
  rows.map((embedding, index) => ({ group: `${name} ${index >> 1}`, embedding }));

const passed = (
  rows: readonly Float32Array[],
  rule: Parameters<typeof mahalanobisDistance>[1] & { readonly maxDistance: number },
): number => rows.filter((row) => mahalanobisDistance(row, rule) <= rule.maxDistance).length / rows.length;

test('of unlabelled images, of which a tenth is something else, the guard refuses what is else and passes what is alike', () => {
  const chests = cloud('chests', 360);
  const hands = cloud('hands', 40, 6);
  const { rule, fitted, outliers } = fitRobustFeatureGate([...grouped(chests, 'chest'), ...grouped(hands, 'hand')]);
  assert.equal(fitted + outliers, 400);
  assert.ok(outliers >= 40 && outliers <= 52, `${outliers} outliers`);
  assert.ok(passed(cloud('new chests', 500), rule) > 0.96);
  assert.equal(passed(cloud('new hands', 200, 6), rule), 0);
  // The fit for training images takes all for what the network was made for, so that its limit lets hands through.
  const all = [...chests, ...hands].map((row, index) => ({ row, heldOut: index % 4 === 3 }));
  const flat = (heldOut: boolean): Float32Array => Float32Array.from(all.flatMap((one) => (one.heldOut === heldOut ? [...one.row] : [])));
  assert.ok(passed(cloud('new hands', 200, 6), fitFeatureGate(flat(false), flat(true), features)) > 0.5);
});

test('clean images: the limit is that of the fit for training images, within a tenth', () => {
  const rows = cloud('clean', 400);
  const { rule, outliers } = fitRobustFeatureGate(grouped(rows, 'chest'));
  assert.ok(outliers <= 12, `${outliers} outliers`);
  const all = rows.map((row, index) => ({ row, heldOut: (index >> 1) % 4 === 3 }));
  const flat = (heldOut: boolean): Float32Array => Float32Array.from(all.flatMap((one) => (one.heldOut === heldOut ? [...one.row] : [])));
  const plain = fitFeatureGate(flat(false), flat(true), features);
  assert.ok(Math.abs(rule.maxDistance / plain.maxDistance - 1) < 0.15, `${rule.maxDistance} and ${plain.maxDistance}`);
});

test('more features than images: the shrunk covariance still has an inverse', () => {
  const draws = keyedRandom('guard', 'wide');
  const rows = Array.from({ length: 120 }, () => Float32Array.from({ length: 300 }, () => draws.next()));
  const { rule, outliers } = fitRobustFeatureGate(rows.map((embedding, index) => ({ group: `${index}`, embedding })));
  assert.ok(outliers <= 4, `${outliers} outliers`);
  assert.ok(passed(rows, rule) > 0.95, `${passed(rows, rule)} passed`);
});

test('too few images are refused with the number that is needed', () => {
  assert.throws(
    () => fitRobustFeatureGate(grouped(cloud('few', minGuardImages - 1), 'chest')),
    /expected at least 100 embeddings, found 99/,
  );
});
