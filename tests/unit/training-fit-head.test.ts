import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { aurocScore } from '../../src/evaluation/metrics/auroc.js';
import type { Truth } from '../../src/evaluation/metrics/estimate.js';
import { keyedRandom } from '../../src/lib/seeded-random.js';
import { fitHead, type LabelledEmbeddings, type LinearHeadLayer } from '../../src/training/fit-head.js';

interface Coefficients {
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** scikit-learn's coefficients: tests/oracles/training/frozen_head.py. */
const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/training/frozen-head.json'), 'utf8')) as {
  readonly embeddings: readonly (readonly number[])[];
  readonly several: readonly (readonly (0 | 1)[])[];
  readonly many: readonly number[];
  readonly penalty: number;
  readonly fitSeveral: readonly Coefficients[];
  readonly fitMany: Coefficients;
};

const features = golden.embeddings[0]!.length;
const embeddings = Float32Array.from(golden.embeddings.flat());
const none: LabelledEmbeddings = { embeddings: new Float32Array(0), truths: [] };

function assertCoefficients({ weights, bias }: LinearHeadLayer, expected: Coefficients): void {
  expected.weights.flat().forEach((value, index) => {
    assert.ok(Math.abs(weights[index]! - value) < 2e-3 * Math.max(1, Math.abs(value)), `weight ${index}: ${weights[index]} for ${value}`);
  });
  expected.bias.forEach((value, index) => {
    assert.ok(Math.abs(bias[index]! - value) < 1e-2 * Math.max(1, Math.abs(value)), `bias ${index}: ${bias[index]} for ${value}`);
  });
}

test("a head on frozen features has scikit-learn's coefficients, of several findings and of one of many", () => {
  const several = fitHead({
    features,
    outputs: 2,
    objective: 'several',
    train: { embeddings, truths: golden.several },
    validation: none,
    penalties: [golden.penalty],
  });
  assertCoefficients(several, {
    weights: golden.fitSeveral.flatMap((one) => one.weights),
    bias: golden.fitSeveral.flatMap((one) => one.bias),
  });
  const many = fitHead({
    features,
    outputs: 3,
    objective: 'one-of-many',
    train: { embeddings, truths: golden.many.map((chosen) => [0, 1, 2].map((output): Truth => (output === chosen ? 1 : 0))) },
    validation: none,
    penalties: [golden.penalty],
  });
  assertCoefficients(many, golden.fitMany);
});

/** Two of forty features tell the finding; `share` of the images have it. */
function labelled(name: string, count: number, share = 0.5): LabelledEmbeddings & { readonly yTrue: readonly (0 | 1)[] } {
  const draws = keyedRandom('head', name);
  const yTrue = Array.from({ length: count }, (): 0 | 1 => (draws.next() < share ? 1 : 0));
  const values = yTrue.flatMap((truth) =>
    Array.from({ length: 40 }, (_, feature) => draws.uniform(-1, 1) + (feature < 2 ? 0.5 * truth : 0)),
  );
  return { yTrue, truths: yTrue.map((truth) => [truth]), embeddings: Float32Array.from(values) };
}

function aurocOf({ weights, bias }: LinearHeadLayer, set: ReturnType<typeof labelled>): number {
  const scores = set.yTrue.map((_, image) =>
    weights.reduce((sum, weight, feature) => sum + weight * set.embeddings[image * 40 + feature]!, bias[0]!),
  );
  return aurocScore(set.yTrue, scores)!;
}

test('with few labels the head stays near the one that the network has, with many it follows them', () => {
  const test = labelled('test', 2_000);
  // The publisher's head: right about one of the two features.
  const start: LinearHeadLayer = {
    weights: Float32Array.from({ length: 40 }, (_, feature) => (feature === 0 ? 3 : 0)),
    bias: Float32Array.of(0),
  };
  const request = { features: 40, outputs: 1, objective: 'several' as const, start };
  const few = fitHead({ ...request, train: labelled('few', 12), validation: labelled('few more', 12) });
  const many = fitHead({ ...request, train: labelled('many', 1_500), validation: labelled('many more', 300) });
  const scratch = fitHead({ ...request, start: undefined, train: labelled('few', 12), validation: labelled('few more', 12) });
  assert.ok(aurocOf(few, test) > aurocOf(scratch, test) + 0.02, `${aurocOf(few, test)} beside ${aurocOf(scratch, test)} from scratch`);
  assert.ok(aurocOf(many, test) > aurocOf(start, test) + 0.05, `${aurocOf(many, test)} after ${aurocOf(start, test)}`);
});

test('a finding of 3 % of the images is learned, images without a label count for nothing, and without any label nothing is fitted', () => {
  const rare = labelled('rare', 1_000, 0.03);
  const head = fitHead({ features: 40, outputs: 1, objective: 'several', train: rare, validation: labelled('rare more', 300, 0.03) });
  assert.ok(aurocOf(head, labelled('test', 1_000)) > 0.65);
  const noise = labelled('noise', 200);
  const together = {
    embeddings: Float32Array.from([...rare.embeddings, ...noise.embeddings]),
    truths: [...rare.truths, ...noise.truths.map(() => [null])],
  };
  const same = fitHead({ features: 40, outputs: 1, objective: 'several', train: together, validation: none, penalties: [0.1] });
  const alone = fitHead({ features: 40, outputs: 1, objective: 'several', train: rare, validation: none, penalties: [0.1] });
  assert.ok(Math.abs(aurocOf(same, labelled('test', 1_000)) - aurocOf(alone, labelled('test', 1_000))) < 0.02);
  assert.throws(
    () =>
      fitHead({
        features: 40,
        outputs: 1,
        objective: 'several',
        train: { ...noise, truths: noise.truths.map(() => [null]) },
        validation: none,
      }),
    /expected labels among the training images/,
  );
});
