import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { searchRate, SmoothedLoss, suggestRates } from '../../src/training/lr-finder.js';
import { layerGroupRates, oneCycle, type OneCycleVersion } from '../../src/training/schedule.js';

interface Cycle {
  readonly batches: number;
  readonly maximum: number;
  readonly values: readonly (readonly [number, number])[];
}

/** tests/oracles/training/golden.py, with fastai 1.0.61 and functions of fastai 2.8. */
const golden = JSON.parse(readFileSync(new URL('../../../tests/fixtures/training/golden.json', import.meta.url), 'utf8')) as {
  readonly oneCycleV1: readonly Cycle[];
  readonly oneCycleV2: readonly Cycle[];
  readonly lrFind: readonly number[];
  readonly smoothing: { readonly values: readonly number[]; readonly smooth: readonly number[] };
  readonly slices: readonly {
    readonly groups: number;
    readonly start: number | null;
    readonly stop: number;
    readonly rates: readonly number[];
  }[];
  readonly suggestions: Readonly<
    Record<string, { readonly losses: readonly number[]; readonly steepest: number; readonly lowest: number; readonly valley: number }>
  >;
};

function close(found: number, expected: number, message: string, relative = 1e-9): void {
  assert.ok(Math.abs(found - expected) <= relative * Math.abs(expected) + 1e-15, `${message}: expected ${expected}, found ${found}`);
}

/** fastai v2 keeps its percentages as float32. */
const relativeOf: Readonly<Record<OneCycleVersion, number>> = { 1: 1e-9, 2: 2e-6 };

describe('one-cycle beside fastai', () => {
  for (const [version, cycles] of [
    [1, golden.oneCycleV1],
    [2, golden.oneCycleV2],
  ] as const) {
    for (const { batches, maximum, values } of cycles) {
      test(`version ${version}, ${batches} batches`, () => {
        for (const [step, [learningRate, momentum]] of values.entries()) {
          const found = oneCycle(step, batches, { maximum }, version);
          // near its end the rate is the small difference of large numbers
          assert.ok(
            Math.abs(found.learningRate - learningRate) <= relativeOf[version] * maximum,
            `rate of batch ${step}: expected ${learningRate}, found ${found.learningRate}`,
          );
          close(found.momentum, momentum, `momentum of batch ${step}`, relativeOf[version]);
        }
      });
    }
  }

  test('the numbers written down for a port', () => {
    const v1 = (step: number): number => oneCycle(step, 100, { maximum: 3e-3 }).learningRate;
    for (const [step, expected] of [
      [0, 1.2e-4],
      [1, 1.278884707e-4],
      [15, 1.56e-3],
      [29, 2.992111529e-3],
      [30, 3e-3],
      [31, 2.998489606e-3],
      [65, 1.500006e-3],
      [99, 1.522394146e-6],
      [100, 1.2e-8],
    ] as const)
      close(v1(step), expected, `batch ${step}`, 1e-9);
    const v2 = (step: number): number => oneCycle(step, 100, { maximum: 3e-3 }, 2).learningRate;
    for (const [step, expected] of [
      [1, 1.313548301e-4],
      [12, 1.469581652e-3],
      [24, 2.98864517e-3],
      [25, 3e-3],
      [99, 1.345741694e-6],
    ] as const)
      close(v2(step), expected, `version 2, batch ${step}`, 1e-9);
    [0.0004, 0.0052, 0.01, 0.0090450888, 0.0065450988, 0.0034549412, 0.00095495121].forEach((expected, step) =>
      close(oneCycle(step, 7, { maximum: 1e-2 }).learningRate, expected, `odd length, batch ${step}`, 1e-8),
    );
  });
});

test('layer groups get their rates as fastai slices them', () => {
  for (const { groups, start, stop, rates } of golden.slices) {
    const found = layerGroupRates(groups, stop, start ?? undefined);
    assert.equal(found.length, rates.length);
    found.forEach((rate, group) => close(rate, rates[group]!, `group ${group} of ${groups}`));
  }
});

describe('the search for a rate beside fastai', () => {
  test('rates', () => {
    golden.lrFind.forEach((expected, index) => close(searchRate(index), expected, `batch ${index}`));
    for (const [index, expected] of [
      [1, 1.202264435e-7],
      [10, 6.309573445e-7],
      [50, 1e-3],
      [99, 8.317637711],
    ] as const)
      close(searchRate(index), expected, `batch ${index}`, 1e-9);
  });

  test('smoothing', () => {
    const smoothed = SmoothedLoss.begin();
    golden.smoothing.values.forEach((value, index) => close(smoothed.add(value), golden.smoothing.smooth[index]!, `value ${index}`));
  });

  for (const [name, { losses, steepest, lowest, valley }] of Object.entries(golden.suggestions)) {
    test(`suggestions: ${name}`, () => {
      const found = suggestRates(losses.map((loss, index) => ({ loss, learningRate: searchRate(index) })));
      close(found!.steepest, steepest, 'steepest');
      close(found!.lowest, lowest, 'lowest');
      close(found!.valley, valley, 'valley');
    });
  }

  test('a search that ended at once suggests nothing', () => {
    assert.equal(suggestRates(Array.from({ length: 16 }, (_, index) => ({ loss: 1, learningRate: searchRate(index) }))), undefined);
  });
});
