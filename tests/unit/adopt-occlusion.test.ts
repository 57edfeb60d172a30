import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InputBatch, Prediction, Predictor } from '../../src/engine/engine.js';
import { occlusionMaps, occlusionWindows } from '../../src/engine/foreign/occlusion.js';

const side = 28;

/** Two scores: the sum of the picture within a place, and one that does not depend on it. */
function watcher(place: { readonly row: number; readonly column: number }, passes: { count: number }): Predictor {
  return {
    predict: async ({ data, batch, height, width }: InputBatch): Promise<Prediction> => {
      passes.count += batch;
      const logits = new Float32Array(2 * batch).fill(1);
      for (let image = 0; image < batch; image++) {
        let sum = 0;
        for (let y = place.row; y < place.row + 4; y++)
          for (let x = place.column; x < place.column + 4; x++) sum += data[image * height * width + y * width + x]!;
        logits[2 * image] = sum;
      }
      return {
        batch,
        logits,
        outputs: 2,
        embedding: new Float32Array(0),
        features: 0,
        activationMaps: new Float32Array(0),
        mapHeight: 0,
        mapWidth: 0,
      };
    },
    release: async () => undefined,
  };
}

test('an occlusion map is where the score falls, in units of the score, with 49 forward passes for a picture', async () => {
  const data = new Float32Array(side * side);
  for (let y = 8; y < 12; y++) for (let x = 20; x < 24; x++) data[y * side + x] = 1;
  const input = { data, batch: 1, channels: 1, height: side, width: side };
  const passes = { count: 0 };
  const predictor = watcher({ row: 8, column: 20 }, passes);
  const uncovered = await predictor.predict(input);
  passes.count = 0;
  const { activationMaps, mapHeight, mapWidth } = await occlusionMaps(predictor, input, uncovered);
  assert.deepEqual([mapHeight, mapWidth, passes.count], [occlusionWindows, occlusionWindows, 49]);
  const [first, second] = [activationMaps.subarray(0, 49), activationMaps.subarray(49)];
  // the only window that covers the 16 bright pixels
  const mean = 16 / (side * side);
  assert.ok(Math.abs(first[2 * 7 + 5]! - 16 * (1 - mean)) < 1e-4);
  assert.equal(first.filter((value) => value > 0).length, 1);
  assert.ok(second.every((value) => value === 0));
  assert.equal(data[8 * side + 20], 1, 'the picture stays as it was');
});
