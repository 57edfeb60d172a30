import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { compareSets } from '../../src/evaluation/comparison/compare-sets.js';
import { delongComparison } from '../../src/evaluation/metrics/delong.js';
import type { Truth } from '../../src/evaluation/metrics/estimate.js';
import { mcnemarPValue, type DiscordantPairs } from '../../src/evaluation/metrics/mcnemar.js';
import { normalQuantile } from '../../src/evaluation/metrics/normal.js';
import type { ScoredSet } from '../../src/evaluation/report/scored-set.js';

/** What MLstatkit, statsmodels and scikit-learn find: tests/oracles/evaluation/comparison.py. */
const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/evaluation/comparison.json'), 'utf8')) as {
  readonly cases: readonly {
    readonly yTrue: readonly (0 | 1)[];
    readonly first: readonly number[];
    readonly second: readonly number[];
    readonly thresholds: readonly [number, number];
    readonly auroc: readonly [number, number];
    readonly delong: { readonly z: number; readonly pValue: number };
    readonly sensitivity: readonly [number, number];
    readonly specificity: readonly [number, number];
    readonly mcnemar: Readonly<Record<'sensitivity' | 'specificity', { readonly pValue: number }>>;
  }[];
  readonly mcnemar: readonly (DiscordantPairs & { readonly pValue: number })[];
};

function near(found: number | null, expected: number, what: string, tolerance = 1e-9): void {
  assert.ok(found !== null && Math.abs(found - expected) <= tolerance, `${what}: ${found}, expected ${expected}`);
}

interface Scores {
  readonly name?: string;
  readonly yTrue: readonly Truth[];
  readonly yScore: readonly number[];
  readonly threshold?: number;
  readonly patientOf?: (image: number) => string;
}

function setOf({ name = 'effusion', yTrue, yScore, threshold = 0.5, patientOf = (image) => `p${image}` }: Scores): ScoredSet {
  const images = yTrue.map((truth, image) => {
    return { id: `${image}`, patient: patientOf(image), source: '', view: '', yTrue: [truth], yScore: [yScore[image]!] };
  });
  return { objective: 'several', classes: [name], thresholds: [threshold], images };
}

test("McNemar's exact test is statsmodels', also for many pairs", () => {
  for (const { pValue, ...pairs } of golden.mcnemar) near(mcnemarPValue(pairs), pValue, JSON.stringify(pairs));
});

for (const [number, one] of golden.cases.entries()) {
  test(`two models on the same images: DeLong, McNemar and the rates are those of MLstatkit, statsmodels and scikit-learn, set ${number + 1}`, () => {
    const comparison = compareSets(
      setOf({ yTrue: one.yTrue, yScore: one.first, threshold: one.thresholds[0] }),
      setOf({ yTrue: one.yTrue, yScore: one.second, threshold: one.thresholds[1] }),
      { resamples: 200 },
    );
    const { auroc, sensitivity, specificity, n, positives } = comparison.findings[0]!;
    assert.deepEqual([n, positives], [one.yTrue.length, one.yTrue.filter((truth) => truth === 1).length]);
    near(auroc.first.value, one.auroc[0], 'AUROC of the first');
    near(auroc.second.value, one.auroc[1], 'AUROC of the second');
    near(auroc.pValue, one.delong.pValue, 'p of DeLong', 1e-6);
    // MLstatkit gives z: difference, standard error and interval follow.
    const { standardError, difference } = delongComparison(one.yTrue, one.first, one.second)!;
    near(Math.abs(difference / standardError), Math.abs(one.delong.z), 'z of DeLong', 1e-6);
    const half = (normalQuantile(0.975) * (one.auroc[1] - one.auroc[0])) / Math.abs(one.delong.z);
    near(auroc.difference.interval![1] - auroc.difference.interval![0], 2 * Math.abs(half), 'width of the interval', 1e-6);
    for (const [name, figure] of [['sensitivity', sensitivity] as const, ['specificity', specificity] as const]) {
      near(figure.first.value, one[name][0], `${name} of the first`);
      near(figure.second.value, one[name][1], `${name} of the second`);
      near(figure.pValue, one.mcnemar[name].pValue, `p of McNemar, ${name}`);
      near(figure.difference.value, one[name][1] - one[name][0], `difference of ${name}`);
      const [low, high] = figure.difference.interval!;
      assert.ok(low <= figure.difference.value! && figure.difference.value! <= high && high - low < 0.6, `${name}: ${low} to ${high}`);
    }
  });
}

test('the interval of an AUROC difference counts patients where a patient has several images', () => {
  const [one] = golden.cases;
  const { yTrue, first, second } = one!;
  const twice = <T>(values: readonly T[]): readonly T[] => values.flatMap((value) => [value, value]);
  const patientOf = (image: number): string => `p${image >> 1}`;
  const compared = (values: (of: readonly number[]) => readonly number[], truths: readonly Truth[], patients?: (image: number) => string) =>
    compareSets(
      setOf({ yTrue: truths, yScore: values(first), ...(patients ? { patientOf: patients } : {}) }),
      setOf({ yTrue: truths, yScore: values(second), ...(patients ? { patientOf: patients } : {}) }),
    ).findings[0]!.auroc.difference;
  const width = ({ interval }: { readonly interval: readonly [number, number] | null }): number => interval![1] - interval![0];
  const single = width(compared((values) => values, yTrue));
  const asIndependent = width(compared(twice, twice(yTrue)));
  const byPatient = width(compared(twice, twice(yTrue), patientOf));
  assert.ok(asIndependent < 0.8 * single, `repeated images taken for independent ones: ${asIndependent} of ${single}`);
  assert.ok(Math.abs(byPatient / single - 1) < 0.15, `by patient: ${byPatient} of ${single}`);
});

test('only images that both scored count, only findings that both report are compared, and an undefined figure says why', () => {
  const first = setOf({ yTrue: [1, 0, null, 1], yScore: [0.9, 0.2, 0.3, 0.4] });
  const second = setOf({ yTrue: [1, 0, 1, 1], yScore: [0.8, 0.6, 0.7, 0.9] });
  const shuffled = { ...second, images: [3, 2, 1].map((image) => second.images[image]!) };
  const comparison = compareSets(first, shuffled, { resamples: 10 });
  assert.equal(comparison.n, 3);
  const { n, positives, sensitivity, auroc } = comparison.findings[0]!;
  // The image without a label of the first is left out.
  assert.deepEqual([n, positives], [2, 1]);
  assert.deepEqual([sensitivity.first.value, sensitivity.second.value], [0, 1]);
  assert.equal(auroc.difference.value, null);
  assert.match(auroc.difference.why!, /fewer than two images of a class/);
  const other = compareSets(first, setOf({ name: 'nodule', yTrue: [1, 0, 1, 1], yScore: [0.8, 0.6, 0.7, 0.9] }));
  assert.deepEqual([other.findings, other.onlyFirst, other.onlySecond], [[], ['effusion'], ['nodule']]);
});
