import { seededFractions } from '../lib/seeded-random.js';

/**
 * What a dropout layer multiplies its input by in training: 0 for the part `rate` of the values, 1 / (1 − rate) for
 * the others, so that the expectation stays (`torch.nn.Dropout`). A function of its arguments alone, so that every
 * engine, and a run that was interrupted, drops the same values.
 *
 * @param step of the trainer, from 0
 * @param count values of the layer's output, batch × features
 */
export function dropoutMask(seed: number, layer: string, step: number, count: number, rate: number): Float32Array {
  const kept = 1 / (1 - rate);
  return Float32Array.from(seededFractions(`dropout ${seed} ${layer} ${step}`, count), (fraction) => (fraction >= rate ? kept : 0));
}
