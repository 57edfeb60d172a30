import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { batchesOf, classWeights, objectiveOf, type TrainingItem } from '../../src/training/epoch-plan.js';
import { drawLossCurves, drawRateSearch } from '../../src/training/curves.js';
import { searchRate, suggestRates } from '../../src/training/lr-finder.js';
import { fastaiRecipe, recipeSchema } from '../../src/training/recipe.js';
import type { LogEntry } from '../../src/training/training-log.js';
import { batchTargets } from '../../src/training/batch-targets.js';
import { validationFigures } from '../../src/training/validation-figures.js';

const item = (source: string, ...truth: (0 | 1 | null)[]): TrainingItem => ({ source, truth });
/** North holds 80 of the first class and 5 of the second, south 15 of the second alone. */
const items = [
  ...Array.from({ length: 80 }, () => item('north', 1, 0)),
  ...Array.from({ length: 5 }, () => item('north', 0, 1)),
  ...Array.from({ length: 15 }, () => item('south', 0, 1)),
];

describe('the batches of an epoch', () => {
  const plain = { seed: 1, batch: 16, balance: 'none' } as const;

  test('every image once, the rest that fills no batch left out, another rest each epoch', () => {
    const [first, second] = [batchesOf(items, plain, 0), batchesOf(items, plain, 1)];
    for (const batches of [first, second]) {
      assert.equal(batches.length, 6);
      assert.ok(batches.every((batch) => batch.length === 16));
      assert.equal(new Set(batches.flat()).size, 96);
    }
    assert.notDeepEqual(first, second);
    assert.deepEqual(batchesOf(items, plain, 0), first);
    assert.notDeepEqual(batchesOf(items, { ...plain, seed: 2 }, 0), first);
    assert.deepEqual(
      batchesOf(items.slice(0, 5), plain, 0).map((batch) => batch.length),
      [5],
      'a set smaller than a batch is one batch',
    );
  });

  test('sampling draws each class, or each class of each source, as often as every other', () => {
    const share = (balance: 'class-sampling' | 'source-sampling', of: (one: TrainingItem) => boolean): number => {
      const drawn = Array.from({ length: 30 }, (_, epoch) => batchesOf(items, { ...plain, balance }, epoch)).flat(2);
      return drawn.filter((index) => of(items[index]!)).length / drawn.length;
    };
    assert.ok(Math.abs(share('class-sampling', ({ truth }) => truth[1] === 1) - 1 / 2) < 0.01);
    assert.ok(Math.abs(share('source-sampling', ({ source, truth }) => source === 'north' && truth[1] === 1) - 1 / 3) < 0.01);
    assert.ok(Math.abs(share('source-sampling', ({ source }) => source === 'south') - 1 / 3) < 0.01);
  });

  test('no image is drawn more often than allowed; its pool leaves its turns to the others', () => {
    const drawn = batchesOf(items, { ...plain, batch: 10, balance: 'source-sampling', maxDraws: 2 }, 0).flat();
    const times = items.map((_, index) => drawn.filter((one) => one === index).length);
    assert.equal(drawn.length, 100);
    // 5 and 15 images twice; 60 of the other 80
    assert.deepEqual([times.slice(80, 85), times.slice(85)], [new Array(5).fill(2), new Array(15).fill(2)]);
    assert.equal(
      times.slice(0, 80).reduce((sum, one) => sum + one, 0),
      60,
    );
    assert.ok(times.every((one) => one <= 2));
  });
});

describe('weights and targets', () => {
  test('class weights as scikit-learn balances them, and as pos_weight', () => {
    // compute_class_weight('balanced', classes=[0, 1], y=[0] * 80 + [1] * 20)
    assert.deepEqual(classWeights(items, 'one-of-many'), [0.625, 2.5]);
    assert.deepEqual(classWeights(items, 'several'), [20 / 80, 80 / 20]);
    assert.deepEqual(classWeights([item('a', 1, 0), item('a', 1, 0)], 'one-of-many'), [1, 1]);
    assert.deepEqual(objectiveOf(items, 'several', { balance: 'class-weights', labelSmoothing: 0 }), {
      kind: 'several',
      classWeights: [0.25, 4],
    });
    assert.deepEqual(objectiveOf(items, 'one-of-many', { balance: 'none', labelSmoothing: 0.1 }), {
      kind: 'one-of-many',
      labelSmoothing: 0.1,
    });
  });

  test('what is not known has no weight', () => {
    const { targets, weights } = batchTargets([item('a', 1, null), item('a', 0, 1)], 'several', 0);
    assert.deepEqual(
      [[...targets], [...weights!]],
      [
        [1, 0, 0, 1],
        [1, 0, 1, 1],
      ],
    );
    assert.deepEqual([...batchTargets([item('a', 1, 0)], 'several', 0.02).targets], [Math.fround(0.99), Math.fround(0.01)]);
    assert.equal(batchTargets([item('a', 1, 0)], 'one-of-many', 0).weights, undefined);
  });

  test('of a picture without lungs every finding is at even odds, the guard is not', () => {
    const [with3, without3] = [item('a', 1, 0, 1), item('a', 1, null, 1)];
    const { targets, weights } = batchTargets([with3, without3], 'several', 0, { lungless: [false, true], guardOutput: 2 });
    assert.deepEqual(
      [[...targets], [...weights!]],
      [
        [1, 0, 1, 0.5, 0.5, 1],
        [1, 1, 1, 1, 0, 1],
      ],
    );
    assert.deepEqual([...batchTargets([item('a', 1, 0, 0, 0)], 'one-of-many', 0, { lungless: [true] }).targets], [0.25, 0.25, 0.25, 0.25]);
  });

  test('validation figures by hand', () => {
    const one = validationFigures([item('a', 1, 0), item('a', 0, 1)], Float32Array.of(0, 0, 3, 1), 'one-of-many');
    assert.ok(Math.abs(one.loss - (Math.log(2) + Math.log(1 + Math.exp(2))) / 2) < 1e-6);
    assert.equal(one.accuracy, 0.5);
    const several = validationFigures([item('a', 1, null), item('a', 0, 1)], Float32Array.of(2, 50, -1, -800), 'several');
    assert.ok(Math.abs(several.loss - (Math.log(1 + Math.exp(-2)) + Math.log(1 + Math.exp(-1)) + 800) / 3) < 1e-4);
    assert.equal(several.accuracy, 2 / 3);
  });
});

test('recipes: fastai’s is valid, a misspelt setting is refused', () => {
  assert.deepEqual(recipeSchema.parse(fastaiRecipe), fastaiRecipe);
  assert.equal(recipeSchema.safeParse({ ...fastaiRecipe, weigthDecay: 1 }).success, false);
  assert.equal(recipeSchema.safeParse({ ...fastaiRecipe, stages: [] }).success, false);
});

test('curves are pictures, also of a run that has hardly begun', async () => {
  const steps = Array.from(
    { length: 30 },
    (_, batch): LogEntry => ({
      kind: 'step',
      stage: 0,
      epoch: 0,
      batch,
      loss: 1,
      smoothedLoss: 1 / (batch + 1),
      gradientNorm: 1,
      learningRate: 1,
      momentum: 1,
    }),
  );
  const epoch: LogEntry = {
    kind: 'epoch',
    stage: 0,
    epoch: 0,
    trainLoss: 1,
    validationLoss: 0.4,
    validationAccuracy: 1,
    seconds: 1,
    imagesPerSecond: 1,
  };
  const found = Array.from({ length: 60 }, (_, index) => ({ learningRate: searchRate(index), loss: 2 - index / 100 }));
  const [full, empty] = [await drawLossCurves([...steps, epoch]), await drawLossCurves([])];
  for (const png of [full, empty, await drawRateSearch(found, suggestRates(found)), await drawRateSearch([], undefined)]) {
    const { format, width, height } = await sharp(png).metadata();
    assert.deepEqual([format, width, height], ['png', 900, 480]);
  }
  // blue: the training curve; orange: validation
  const { data, info } = await sharp(full).raw().toBuffer({ resolveWithObject: true });
  const holds = (r: number, g: number, b: number): boolean =>
    Array.from({ length: info.width * info.height }, (_, i) => i * info.channels).some(
      (at) => data[at] === r && data[at + 1] === g && data[at + 2] === b,
    );
  assert.ok(holds(0x15, 0x65, 0xc0) && holds(0xef, 0x6c, 0x00));
});
