import { Fault } from '../errors.js';
import type { InputBatch, Prediction } from './engine.js';

/** A wrong shape is a bug of the caller, not a fault. */
export function checkInput({ data, batch, channels, height, width }: InputBatch, expected: number): void {
  if (channels !== expected) throw new RangeError(`the network takes [batch, ${expected}, height, width], found ${channels} channels`);
  if (batch < 1 || data.length !== batch * channels * height * width) {
    throw new RangeError(`expected ${batch} × ${channels} × ${height} × ${width} values, found ${data.length}`);
  }
}

/** Scores that are not numbers would pass every comparison downstream as "not above the threshold". */
export function checkPrediction(prediction: Prediction): Prediction {
  if (prediction.logits.every(Number.isFinite) && prediction.embedding.every(Number.isFinite)) return prediction;
  throw new Fault('engine-failed', 'the network yields values that are not finite', {}, { retryable: false });
}
