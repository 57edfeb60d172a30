import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import { keyedRandom } from '../../src/lib/seeded-random.js';
import { batchesOf } from '../../src/training/epoch-plan.js';
import { retrainingRecipeOf } from '../../src/retraining/retraining-recipe.js';
import { recipeSchema, fastaiRecipe } from '../../src/training/recipe.js';
import { sampledByGroup, samplingPool, samplingSchema, type Sampled } from '../../src/training/sampling.js';
import { temporaryDirectory } from '../support/orthanc.js';

const sampling = samplingSchema.parse({
  evenly: 'source-and-view',
  groups: [
    { name: 'sick AP', share: 1, present: ['abnormal'], views: ['AP', 'AP Supine'] },
    { name: 'sick', share: 1, present: ['abnormal', 'covid-19'] },
    { name: 'well', share: 2, absent: ['abnormal'] },
  ],
});

const image = (source: string, view: string, state: 'sick' | 'well' | 'unknown'): Sampled => ({
  source,
  view,
  labels: state === 'sick' ? ['abnormal'] : [],
  absent: state === 'well' ? ['abnormal'] : [],
});

const images = [
  ...Array.from({ length: 6 }, () => image('north', 'AP', 'sick')),
  ...Array.from({ length: 90 }, () => image('north', 'PA', 'sick')),
  ...Array.from({ length: 10 }, () => image('south', 'PA', 'sick')),
  ...Array.from({ length: 300 }, () => image('north', 'PA', 'well')),
  ...Array.from({ length: 20 }, () => image('south', 'pa', 'well')),
  ...Array.from({ length: 5 }, () => image('south', 'PA', 'unknown')),
];
const pools = images.map((one) => samplingPool(sampling, one));

describe('sampling by group', () => {
  test('an image belongs to the first group whose conditions it meets, or to none', () => {
    assert.deepEqual(pools[0], { group: 'sick AP', stratum: 'north AP' });
    assert.deepEqual(samplingPool(sampling, image('north', 'ap supine', 'sick')), { group: 'sick AP', stratum: 'north AP SUPINE' });
    assert.deepEqual(pools[6], { group: 'sick', stratum: 'north PA' });
    assert.deepEqual(pools.at(-6), { group: 'well', stratum: 'south PA' });
    assert.equal(pools.at(-1), undefined);
    assert.deepEqual(samplingPool({ ...sampling, evenly: 'source' }, images[0]!), { group: 'sick AP', stratum: 'north' });
  });

  test('each batch has the shares of the groups, evenly by source and view', () => {
    const order = sampledByGroup(pools, sampling, keyedRandom('test', 1), { count: 80 });
    for (let batch = 0; batch < 5; batch++) {
      const drawn = order.slice(batch * 16, batch * 16 + 16).map((index) => pools[index]!.group);
      const count = (name: string): number => drawn.filter((one) => one === name).length;
      assert.deepEqual([count('sick AP'), count('sick'), count('well')], [4, 4, 8], `batch ${batch}`);
    }
    const well = order.filter((index) => pools[index]!.group === 'well');
    assert.equal(well.filter((index) => pools[index]!.stratum === 'south PA').length, well.length / 2);
    assert.deepEqual(sampledByGroup(pools, sampling, keyedRandom('test', 1), { count: 80 }), order);
    assert.notDeepEqual(sampledByGroup(pools, sampling, keyedRandom('test', 2), { count: 80 }), order);
  });

  test('no image is drawn more often than allowed; what is exhausted leaves its draws to the others', () => {
    const order = sampledByGroup(pools, sampling, keyedRandom('test', 1), { count: 10_000, maxDraws: 2 });
    const times = images.map((_, index) => order.filter((one) => one === index).length);
    assert.ok(times.slice(0, -5).every((one) => one === 2));
    assert.ok(times.slice(-5).every((one) => one === 0));
  });

  test('a recipe with groups draws epochImages an epoch, another draw each epoch', () => {
    const recipe = recipeSchema.parse({ ...fastaiRecipe, batch: 16, sampling, epochImages: 100, maxDraws: 3 });
    const items = images.map(({ source }, index) => ({ source, truth: [null], pool: pools[index] }));
    const [first, second] = [batchesOf(items, recipe, 0), batchesOf(items, recipe, 1)];
    assert.deepEqual(
      first.map((batch) => batch.length),
      [16, 16, 16, 16, 16, 16],
    );
    assert.notDeepEqual(first, second);
    const few = items.slice(0, 7);
    assert.deepEqual(
      [0, 1, 2].map((epoch) => batchesOf(few, { ...recipe, epochImages: 1600, maxDraws: 2 }, epoch).map((batch) => batch.length)),
      [[14], [14], [14]],
      'what may be drawn is one batch, of the same size in each epoch',
    );
    assert.throws(() => batchesOf(items.slice(-5), recipe, 0), /images of the recipe's groups \(sick AP, sick, well\), found 0/);
    assert.throws(() => samplingSchema.parse({ ...sampling, groups: [sampling.groups[0], sampling.groups[0]] }), /different names/);
  });
});

describe('the recipe of a retraining run', () => {
  test('takes sampling and weights by origin from its file, and names a wrong setting', () => {
    const folder = temporaryDirectory('recipe');
    const settings = (content: object) => {
      const recipeFile = join(folder, 'recipe.json');
      writeFileSync(recipeFile, JSON.stringify(content));
      const { retraining } = loadConfig({});
      return { retraining: { ...retraining, recipeFile } };
    };
    const originWeights = { adjudicated: 1, radiologist: 1, mined: 0.2, report: 0.1 };
    const recipe = retrainingRecipeOf(settings({ sampling, originWeights, epochImages: 640 }));
    assert.deepEqual([recipe.sampling, recipe.originWeights, recipe.epochImages], [sampling, originWeights, 640]);
    assert.deepEqual(recipe.stages, retrainingRecipeOf(loadConfig({})).stages);
    assert.throws(() => retrainingRecipeOf(settings({ sampeling: sampling })), /sampeling/);
  });
});
